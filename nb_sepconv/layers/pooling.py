"""TF1's pooling of series: the largest or the mean of a few steps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.packed import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.layers import functional, stages
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.convert import widely
from nb_sepconv.tensors.tensor import of_word, tensor
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array, Config, Integers

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


class Pooled(Streamed):
    """What the pooling layers of TF1 and of Keras share.

    A subclass sets ``pool_size``, ``strides``, ``padding`` and ``data_format``, and has ``name``.
    """

    def call(self, inputs: Any) -> Array:
        """Compute the outputs."""
        return self._in_format(inputs, self.padding)

    def _in_format(self, inputs, padding):
        last = self.data_format == "channels_last"
        series = np.asarray(inputs) if last else np.moveaxis(np.asarray(inputs), 1, 2)
        outputs = widely(lambda wide: self._pooled(wide, padding), series)
        return outputs if last else np.ascontiguousarray(np.moveaxis(outputs, 2, 1))

    def _stage(self):
        stages.refuse_own_call(self, Pooled)
        return Stage(
            self.name,
            lambda inputs, zeros, out: written(self._in_format(inputs, zeros), out),
            *(self.pool_size[0], self.strides[0], 1, self.padding),
            channels_last=self.data_format == "channels_last",
            pads_with_zeros=False,
        )

    def _pooled(self, series, padding):
        steps, left, right = self._geometry(series.shape[1], padding)
        padded, stride = self._padded(series, left, right), self.strides[0]
        windows = [padded[:, tap : tap + (steps - 1) * stride + 1 : stride] for tap in range(self.pool_size[0])]
        total = windows[0].copy()
        for window in windows[1:]:
            self._join(total, window, out=total)
        return self._finished(total, series.shape[1], left)

    def _geometry(self, length, padding):
        plan = geometry(length, self.pool_size[0], self.strides[0], 1, padding)
        if plan.output_length <= 0:
            raise ValueError(
                f"`pool_size` must be at most the length of the inputs without padding. "
                f"Received: {self.pool_size[0]} for the length {length}"
            )
        return plan

    def _padded(self, series, left, right):
        if not left and not right:
            return series
        return np.pad(series, [(0, 0), (left, right), (0, 0)], constant_values=self._neutral)

    def _finished(self, total, length, left):
        return total

    def _output_shape(self, input_shape):
        shape = list(as_shape(input_shape))
        axis = 1 if self.data_format == "channels_last" else 2
        shape[axis] = None if shape[axis] is None else self._geometry(shape[axis], self.padding).output_length
        return shape


class MaxPooled(Pooled):
    """The largest of the steps in each window; padding never counts."""

    _join = np.maximum
    _neutral = -np.inf


class AveragePooled(Pooled):
    """The mean of the steps in each window; padding never counts."""

    _join = np.add
    _neutral = 0

    def _finished(self, total, length, left):
        starts = np.arange(total.shape[1]) * self.strides[0] - left
        counts = np.minimum(starts + self.pool_size[0], length) - np.maximum(starts, 0)
        return total / counts.astype(total.dtype)[:, None]


class _Pooling1D(Layer):
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
    >>> MaxPooling1D(2, 2)(np.float32([[[1], [3], [2], [0]]])).tolist()
    [[[3.0], [2.0]]]
    """


class AveragePooling1D(AveragePooled, _Pooling1D):
    __doc__ = f"""The mean of the steps in each window; padding never counts.
{_ARGUMENTS}
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
