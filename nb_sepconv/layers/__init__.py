"""TF1's layers: ``tf.layers``."""

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.layers.convolutional import SeparableConv1D, separable_conv1d
from nb_sepconv.layers.input_spec import InputSpec

__all__ = ["InputSpec", "SeparableConv1D", "separable_conv1d"]


def __getattr__(name):
    raise AttributeError(explain(__name__, name))
