"""TF1's pooling of series: the largest or the mean of a few steps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nb_sepconv.checks import arguments
from nb_sepconv.layers import functional
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.pooled import AveragePooled, MaxPooled, Pooled
from nb_sepconv.tensors.tensor import of_word, tensor
from nb_sepconv.tensors.tensor_shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Config, Integers

_ARGUMENTS = """
    Args:
        pool_size: int > 0 or a tuple of one, the steps K of a window.
        strides: int > 0 or a tuple of one, the steps from one window to the next.
        padding: "valid" or "same", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default "channels_last".
        name: str. Default the class's, made unique.
        kwargs: as in ``SeparableConv1D``.

    Raises:
        ValueError: for an argument out of its range; the message names it.
"""


class _Pooling1D(Layer):
    def _is_blind(self, inputs, keywords):
        return not keywords and type(self).call is Pooled.call and self.activity_regularizer is None

    def __init__(
        self,
        pool_size: Integers,
        strides: Integers,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size: tuple[int, ...] = arguments.one_integer(pool_size, "pool_size")
        self.strides: tuple[int, ...] = arguments.one_integer(strides, "strides")
        self.padding: str = arguments.pooling_padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        return Shape(self._output_shape(input_shape))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {
            **super().get_config(),
            "strides": self.strides,
            "pool_size": self.pool_size,
            "padding": self.padding,
            "data_format": self.data_format,
        }


class MaxPooling1D(MaxPooled, _Pooling1D):
    __doc__ = f"""The largest of the steps in each window; padding never counts.
{_ARGUMENTS}
    >>> import numpy as np
    >>> MaxPooling1D(2, 2)(np.float32([[[1], [3], [2], [0]]])).tolist()
    [[[3.0], [2.0]]]
    """


class AveragePooling1D(AveragePooled, _Pooling1D):
    __doc__ = f"""The mean of the steps in each window; padding never counts.
{_ARGUMENTS}
    >>> import numpy as np
    >>> AveragePooling1D(2, 2)(np.float32([[[1], [3], [2], [0]]])).tolist()
    [[[2.0], [1.0]]]
    """


def max_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest of the steps in each window; padding never counts.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of floats.
        pool_size, strides, padding, data_format, name: as in ``MaxPooling1D``.

    Returns:
        array (N, T, C) or (N, C, T) of the type of ``inputs``.

    Raises:
        ValueError: for an argument out of its range, or when the window does not fit.

    >>> import numpy as np
    >>> max_pooling1d(np.float32([[[1], [3], [2], [0]]]), 2, 2).tolist()
    [[[3.0], [2.0]]]
    """
    given = pool_size, strides, padding, data_format
    pooled = _quickly("max_pooling1d", MaxPooled, inputs, given, name)
    return of_word(MaxPooling1D(*given, name)(inputs)) if pooled is None else pooled


def average_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of the steps in each window; padding never counts.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of floats.
        pool_size, strides, padding, data_format, name: as in ``AveragePooling1D``.

    Returns:
        array (N, T, C) or (N, C, T) of the type of ``inputs``.

    Raises:
        ValueError: for an argument out of its range, or when the window does not fit.

    >>> import numpy as np
    >>> average_pooling1d(np.float32([[[1], [3], [2], [0]]]), 2, 2).tolist()
    [[[2.0], [1.0]]]
    """
    given = pool_size, strides, padding, data_format
    pooled = _quickly("average_pooling1d", AveragePooled, inputs, given, name)
    return of_word(AveragePooling1D(*given, name)(inputs)) if pooled is None else pooled


def _quickly(function, kind, inputs, given, name):
    """The outputs of a functional call whose arguments need no closer look; None for any other."""
    pool_size, strides, padding, data_format = given
    if not (type(pool_size) is type(strides) is int and pool_size > 0 and strides > 0):
        return None
    if padding not in ("valid", "same", "VALID", "SAME") or data_format not in ("channels_last", "channels_first"):
        return None
    plain = functional.passed(function, inputs, name, axes=3)
    return None if plain is None else tensor(_bare(kind, *given).call(plain))


@lru_cache(256)
def _bare(kind, pool_size, strides, padding, data_format):
    """Pooling by these settings, without a layer."""
    pooled = kind()
    pooled.pool_size, pooled.strides = (pool_size,), (strides,)
    pooled.padding, pooled.data_format = padding.lower(), data_format
    return pooled
