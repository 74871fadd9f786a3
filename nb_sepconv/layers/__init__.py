"""TF1's layers: ``tf.layers``."""

from typing import TYPE_CHECKING

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.layers.convolutional import SeparableConv1D, separable_conv1d
from nb_sepconv.layers.input_spec import InputSpec

__all__ = ["InputSpec", "SeparableConv1D", "separable_conv1d"]


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
