"""What `__init__.py` loads by name, for editors and type checkers."""

from nb_sepconv.train.adaptive import AdadeltaOptimizer as AdadeltaOptimizer
from nb_sepconv.train.adaptive import AdagradOptimizer as AdagradOptimizer
from nb_sepconv.train.adaptive import AdamOptimizer as AdamOptimizer
from nb_sepconv.train.adaptive import RMSPropOptimizer as RMSPropOptimizer
from nb_sepconv.train.checkpoints import CheckpointReader as CheckpointReader
from nb_sepconv.train.checkpoints import latest_checkpoint as latest_checkpoint
from nb_sepconv.train.checkpoints import list_variables as list_variables
from nb_sepconv.train.checkpoints import load_checkpoint as load_checkpoint
from nb_sepconv.train.descent import GradientDescentOptimizer as GradientDescentOptimizer
from nb_sepconv.train.descent import MomentumOptimizer as MomentumOptimizer
from nb_sepconv.train.ftrl import FtrlOptimizer as FtrlOptimizer
from nb_sepconv.train.initialization import init_from_checkpoint as init_from_checkpoint
from nb_sepconv.train.learning_rates import DecayedRate as DecayedRate
from nb_sepconv.train.learning_rates import cosine_decay as cosine_decay
from nb_sepconv.train.learning_rates import cosine_decay_restarts as cosine_decay_restarts
from nb_sepconv.train.learning_rates import exponential_decay as exponential_decay
from nb_sepconv.train.learning_rates import inverse_time_decay as inverse_time_decay
from nb_sepconv.train.learning_rates import linear_cosine_decay as linear_cosine_decay
from nb_sepconv.train.learning_rates import natural_exp_decay as natural_exp_decay
from nb_sepconv.train.learning_rates import piecewise_constant as piecewise_constant
from nb_sepconv.train.learning_rates import piecewise_constant_decay as piecewise_constant_decay
from nb_sepconv.train.learning_rates import polynomial_decay as polynomial_decay
from nb_sepconv.train.optimizer import Optimizer as Optimizer
from nb_sepconv.train.saver import Saver as Saver
from nb_sepconv.train.steps import assert_global_step as assert_global_step
from nb_sepconv.train.steps import create_global_step as create_global_step
from nb_sepconv.train.steps import get_global_step as get_global_step
from nb_sepconv.train.steps import get_or_create_global_step as get_or_create_global_step
from nb_sepconv.train.steps import global_step as global_step

__all__ = [
    "AdadeltaOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "CheckpointReader",
    "DecayedRate",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "Optimizer",
    "RMSPropOptimizer",
    "Saver",
    "assert_global_step",
    "cosine_decay",
    "cosine_decay_restarts",
    "create_global_step",
    "exponential_decay",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "init_from_checkpoint",
    "inverse_time_decay",
    "latest_checkpoint",
    "linear_cosine_decay",
    "list_variables",
    "load_checkpoint",
    "natural_exp_decay",
    "piecewise_constant",
    "piecewise_constant_decay",
    "polynomial_decay",
]
