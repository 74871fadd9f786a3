"""What pooling layers compute: the largest or the mean of the steps in each window, and the gradients of these."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.layers import stages
from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.convert import widely
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array


class Windows(NamedTuple):
    """Where windows lie in a series with padding before and after it.

    ``inside[t, k]`` says whether step ``k`` of the window ``t`` is one of the series, ``counts[t]`` how many are.
    """

    steps: int
    left: int
    right: int
    inside: np.ndarray
    counts: np.ndarray


@lru_cache
def windows_of(length: int, pool_size: int, stride: int, padding: Any) -> Windows:
    """The windows over a series of some length; ``padding`` is a name, or the steps before and after.

    Raises:
        ValueError: no window fits.
    """
    steps, left, right = geometry(length, pool_size, stride, 1, padding)
    if steps <= 0:
        raise ValueError(
            f"`pool_size` must be at most the length of the inputs without padding. "
            f"Received: {pool_size} for the length {length}"
        )
    places = np.arange(steps)[:, None] * stride + np.arange(pool_size) - left
    inside = (places >= 0) & (places < length)
    return Windows(steps, left, right, inside, inside.sum(1))


class Pooled(Streamed):
    """What the pooling layers of TF1 and of Keras share.

    A subclass sets ``pool_size``, ``strides``, ``padding`` and ``data_format``, and has ``name``.
    """

    _neutral: float

    def call(self, inputs: Any) -> Array:
        """Compute the outputs."""
        return self._in_format(inputs, self.padding)

    def _in_format(self, inputs, padding):
        return self._by_step(lambda series: widely(lambda wide: self._pooled(wide, padding), series), inputs)

    def _by_step(self, function, *arrays):
        """A function of arrays (N, L, C) that gives another one, for arrays of the layer's data format."""
        if self.data_format == "channels_last":
            return function(*map(np.asarray, arrays))
        return np.ascontiguousarray(function(*(np.asarray(array).swapaxes(1, 2) for array in arrays)).swapaxes(1, 2))

    def _stage(self):
        stages.refuse_own_call(self, Pooled)
        return Stage(
            self.name,
            lambda inputs, zeros, out: written(self._in_format(inputs, zeros), out),
            *(self.pool_size[0], self.strides[0], 1, self.padding),
            channels_last=self.data_format == "channels_last",
            pads_with_zeros=False,
        )

    def value_and_pullback(self, inputs: Any) -> tuple[Any, FunctionPullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into that of the inputs.

        Args:
            inputs: array, as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``; the list of the variables' gradients is empty. The gradient
            of a maximum goes to the first of the steps that have it, as in TF.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
            ValueError: as calling the layer does.
        """
        refuse_own_gradient(self, Pooled)
        outputs, inputs = self(inputs), self._as_called(inputs)

        def gradients(d_outputs, weights, wanted):
            return {"inputs": quietly(self._by_step, self._d_series, d_outputs, inputs)} if wanted else {}

        return outputs, FunctionPullback(self, {}, inputs, outputs, gradients)

    def _windows(self, length, padding):
        return windows_of(length, self.pool_size[0], self.strides[0], padding)

    def _pooled(self, series, padding):
        where = self._windows(series.shape[1], padding)
        first, *others = self._taps(self._padded(series, where), where)
        total = first.copy()
        for tap in others:
            self._join(total, tap, out=total)
        return self._finished(total, where)

    def _taps(self, padded, where):
        """Views of a padded series: the first steps of all windows, the second ones, and so on."""
        stride = self.strides[0]
        last = (where.steps - 1) * stride + 1
        return [padded[:, tap : tap + last : stride] for tap in range(self.pool_size[0])]

    def _padded(self, series, where):
        if not where.left and not where.right:
            return series
        examples, length, channels = series.shape
        padded = np.full((examples, where.left + length + where.right, channels), self._neutral, series.dtype)
        padded[:, where.left : where.left + length] = series
        return padded

    def _finished(self, total, where):
        return total

    def _d_series(self, d_outputs, series):
        narrow, where = series.dtype, self._windows(series.shape[1], self.padding)
        wide = np.float32 if narrow.itemsize == 2 else narrow
        series, d_outputs = series.astype(wide, copy=False), d_outputs.astype(wide, copy=False)
        d_padded = np.zeros((len(series), where.left + series.shape[1] + where.right, series.shape[2]), wide)
        shares = self._shares(d_outputs, series, where)
        for d_tap, share in zip(self._taps(d_padded, where), shares, strict=True):
            d_tap += share
        return d_padded[:, where.left : where.left + series.shape[1]].astype(narrow)

    def _output_shape(self, input_shape):
        shape = list(as_shape(input_shape))
        axis = 1 if self.data_format == "channels_last" else 2
        shape[axis] = None if shape[axis] is None else self._windows(shape[axis], self.padding).steps
        return shape


class MaxPooled(Pooled):
    """The largest of the steps in each window; padding never counts."""

    _join = np.maximum
    _neutral = -np.inf

    def _shares(self, d_outputs, series, where):
        """The gradients of the windows' first steps, of the second ones, and so on: all of it goes to one of them."""
        taps = self._taps(self._padded(series, where), where)
        largest, chosen = taps[0].copy(), np.full(d_outputs.shape, -1)
        for i, tap in enumerate(taps):
            better = (chosen < 0) | (tap > largest) | (np.isnan(tap) & ~np.isnan(largest))
            better &= where.inside[:, i, None]
            np.copyto(largest, tap, where=better)
            chosen[better] = i
        return [np.where(chosen == i, d_outputs, 0) for i in range(len(taps))]


class AveragePooled(Pooled):
    """The mean of the steps in each window; padding never counts."""

    _join = np.add
    _neutral = 0

    def _finished(self, total, where):
        total /= where.counts.astype(total.dtype)[:, None]
        return total

    def _shares(self, d_outputs, series, where):
        """The same: each step has its part of it."""
        return [d_outputs / where.counts.astype(d_outputs.dtype)[:, None]] * self.pool_size[0]
