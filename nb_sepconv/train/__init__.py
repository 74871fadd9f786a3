"""TF1's ``tf.train``: checkpoints under their TF1 names."""

from nb_sepconv.train.checkpoints import CheckpointReader, latest_checkpoint, list_variables, load_checkpoint
from nb_sepconv.train.initialization import init_from_checkpoint
from nb_sepconv.train.saver import Saver

__all__ = [
    "CheckpointReader",
    "Saver",
    "init_from_checkpoint",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
]
