"""TF1's layers: ``tf.layers``."""

from typing import TYPE_CHECKING

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.layers.batch_normalization import batch_normalization
from nb_sepconv.layers.conv1d import Conv1D, conv1d
from nb_sepconv.layers.convolutional import SeparableConv1D, separable_conv1d
from nb_sepconv.layers.core import Dense, Dropout, Flatten, dense, dropout, flatten
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.normalization import BatchNormalization
from nb_sepconv.layers.pooling import AveragePooling1D, MaxPooling1D, average_pooling1d, max_pooling1d

__all__ = [
    "AveragePooling1D",
    "BatchNormalization",
    "Conv1D",
    "Dense",
    "Dropout",
    "Flatten",
    "InputSpec",
    "MaxPooling1D",
    "SeparableConv1D",
    "average_pooling1d",
    "batch_normalization",
    "conv1d",
    "dense",
    "dropout",
    "flatten",
    "max_pooling1d",
    "separable_conv1d",
]


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
