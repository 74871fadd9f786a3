"""What `__init__.py` loads by name, for editors and type checkers."""

from typing import Any

import numpy as np

from nb_sepconv import activations as activations
from nb_sepconv import constraints as constraints
from nb_sepconv import initializers as initializers
from nb_sepconv import interop as interop
from nb_sepconv import keras as keras
from nb_sepconv import layers as layers
from nb_sepconv import losses as losses
from nb_sepconv import nn as nn
from nb_sepconv import ops as ops
from nb_sepconv import regularizers as regularizers
from nb_sepconv import train as train
from nb_sepconv import weights as weights
from nb_sepconv.cli.show_config import show_config as show_config
from nb_sepconv.cli.show_config import warmup as warmup
from nb_sepconv.clip_ops import clip_by_global_norm as clip_by_global_norm
from nb_sepconv.clip_ops import clip_by_norm as clip_by_norm
from nb_sepconv.clip_ops import clip_by_value as clip_by_value
from nb_sepconv.clip_ops import global_norm as global_norm
from nb_sepconv.convolution.precisions import precision as precision
from nb_sepconv.framework.graph import Graph as Graph
from nb_sepconv.framework.graph import add_to_collection as add_to_collection
from nb_sepconv.framework.graph import add_to_collections as add_to_collections
from nb_sepconv.framework.graph import get_all_collection_keys as get_all_collection_keys
from nb_sepconv.framework.graph import get_collection as get_collection
from nb_sepconv.framework.graph import get_collection_ref as get_collection_ref
from nb_sepconv.framework.graph import get_default_graph as get_default_graph
from nb_sepconv.framework.graph import reset_default_graph as reset_default_graph
from nb_sepconv.framework.graph import set_random_seed as set_random_seed
from nb_sepconv.framework.graph_keys import GraphKeys as GraphKeys
from nb_sepconv.framework.name_scope import name_scope as name_scope
from nb_sepconv.framework.template import make_template as make_template
from nb_sepconv.framework.variable_scope import AUTO_REUSE as AUTO_REUSE
from nb_sepconv.framework.variable_scope import VariableScope as VariableScope
from nb_sepconv.framework.variable_scope import get_local_variable as get_local_variable
from nb_sepconv.framework.variable_scope import get_variable as get_variable
from nb_sepconv.framework.variable_scope import get_variable_scope as get_variable_scope
from nb_sepconv.framework.variable_scope import no_regularizer as no_regularizer
from nb_sepconv.framework.variable_scope import variable_scope as variable_scope
from nb_sepconv.framework.variables import Variable as Variable
from nb_sepconv.framework.variables import VariableAggregation as VariableAggregation
from nb_sepconv.framework.variables import VariableSynchronization as VariableSynchronization
from nb_sepconv.framework.variables import global_variables as global_variables
from nb_sepconv.framework.variables import local_variables as local_variables
from nb_sepconv.framework.variables import model_variables as model_variables
from nb_sepconv.framework.variables import moving_average_variables as moving_average_variables
from nb_sepconv.framework.variables import trainable_variables as trainable_variables
from nb_sepconv.initializers import constant as constant_initializer
from nb_sepconv.initializers import glorot_normal as glorot_normal_initializer
from nb_sepconv.initializers import glorot_uniform as glorot_uniform_initializer
from nb_sepconv.initializers import ones as ones_initializer
from nb_sepconv.initializers import orthogonal as orthogonal_initializer
from nb_sepconv.initializers import random_normal as random_normal_initializer
from nb_sepconv.initializers import random_uniform as random_uniform_initializer
from nb_sepconv.initializers import truncated_normal as truncated_normal_initializer
from nb_sepconv.initializers import uniform_unit_scaling as uniform_unit_scaling_initializer
from nb_sepconv.initializers import variance_scaling as variance_scaling_initializer
from nb_sepconv.initializers import zeros as zeros_initializer
from nb_sepconv.kernels.cpu import get_num_threads as get_num_threads
from nb_sepconv.kernels.cpu import num_threads as num_threads
from nb_sepconv.kernels.cpu import set_num_threads as set_num_threads
from nb_sepconv.math_ops import abs as abs
from nb_sepconv.math_ops import reduce_mean as reduce_mean
from nb_sepconv.math_ops import reduce_sum as reduce_sum
from nb_sepconv.math_ops import square as square
from nb_sepconv.version import __version__ as __version__

float16: np.dtype[np.float16]
float32: np.dtype[np.float32]
float64: np.dtype[np.float64]
int32: np.dtype[np.int32]
int64: np.dtype[np.int64]
bfloat16: np.dtype[Any]

__all__ = [
    "AUTO_REUSE",
    "Graph",
    "GraphKeys",
    "Variable",
    "VariableAggregation",
    "VariableScope",
    "VariableSynchronization",
    "__version__",
    "activations",
    "add_to_collection",
    "add_to_collections",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "constant_initializer",
    "constraints",
    "float16",
    "float32",
    "float64",
    "get_all_collection_keys",
    "get_collection",
    "get_collection_ref",
    "get_default_graph",
    "get_local_variable",
    "get_num_threads",
    "get_variable",
    "get_variable_scope",
    "global_norm",
    "global_variables",
    "glorot_normal_initializer",
    "glorot_uniform_initializer",
    "initializers",
    "int32",
    "int64",
    "interop",
    "keras",
    "layers",
    "local_variables",
    "losses",
    "make_template",
    "model_variables",
    "moving_average_variables",
    "name_scope",
    "nn",
    "no_regularizer",
    "num_threads",
    "ones_initializer",
    "ops",
    "orthogonal_initializer",
    "precision",
    "random_normal_initializer",
    "random_uniform_initializer",
    "reduce_mean",
    "reduce_sum",
    "regularizers",
    "reset_default_graph",
    "set_num_threads",
    "set_random_seed",
    "show_config",
    "square",
    "train",
    "trainable_variables",
    "truncated_normal_initializer",
    "uniform_unit_scaling_initializer",
    "variable_scope",
    "variance_scaling_initializer",
    "warmup",
    "weights",
    "zeros_initializer",
]
