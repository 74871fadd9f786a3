"""The rows that a convolution of all channels multiplies: for each output step, the numbers under its kernel."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.sizes import by_step, refuse_too_short


class Rows:
    """Where the rows of series of one shape lie.

    ``rows[n*P + v, u, k*C + c] = x_padded[n, (u*P + v)*stride + k*dilation, c]``, where the ``P`` phases ``v`` part the
    output steps so that a row's taps follow one another in memory. Rows overlap: they are a view of the inputs, or of
    one copy of them that has each step once.

    Args:
        shape: the inputs' shape, three ints.
        kernel_size: int, the taps K.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.

    Raises:
        ValueError: the kernel does not fit into the series.
    """

    channels_last: Any
    steps: int
    phases: Any

    def __init__(self, shape: Any, kernel_size: int, chosen: Any) -> None:
        self.channels_last = chosen.channels_last
        self._shape = by_step(shape, self.channels_last)
        self._taps, self._stride = kernel_size, chosen.stride
        self._dilation = chosen.dilation if kernel_size > 1 else 1
        where = geometry(self._shape[1], kernel_size, chosen.stride, chosen.dilation, chosen.padding)
        refuse_too_short(shape, self._shape[1], kernel_size, chosen, where)
        self.steps, self._left = where.output_length, where.left
        common = math.gcd(self._stride, self._dilation)
        self.phases = max(1, min(self._dilation // common, self.steps))
        self._hop = self._stride // common
        self._phase_steps = -(-self.steps // self.phases)
        self._phase_rows = (self._phase_steps - 1) * self._hop + self._taps if self.steps else 0
        self._as_they_are = self._dilation == 1 and where.left == 0 and self._phase_rows <= self._shape[1]

    def rows(self, inputs: np.ndarray) -> np.ndarray:
        """The rows (N*P, T/P, K*C) of ``inputs``, to be read only."""
        series = self._by_step(inputs)
        if self._as_they_are and self._taps == 1:
            return series[:, : self._phase_rows : self._stride]
        examples, _, channels = self._shape
        if not (self._as_they_are and _steps_follow(series)):
            series = self._rearranged(series)
        step_bytes = channels * series.itemsize
        shape = examples * self.phases, self._phase_steps, self._taps * channels
        strides = series.strides[0], self._hop * step_bytes, series.itemsize
        if series.flags.c_contiguous and series.dtype.kind == "f" and series.size and self.steps:
            rows = np.ndarray(shape, series.dtype, series, 0, strides)
            rows.flags.writeable = False
            return rows
        return as_strided(series, shape, strides, writeable=False)

    def _rearranged(self, series):
        """The copy (N*P, rows of a phase, C) with zeros around the series."""
        examples, _, channels = self._shape
        copy = np.zeros((examples, self.phases, self._phase_rows, channels), series.dtype)
        for phase in range(self.phases):
            taken, steps = self._places(phase)
            copy[:, phase, taken] = series[:, steps]
        return copy.reshape(examples * self.phases, self._phase_rows, channels)

    def _places(self, phase):
        """Which rows of a phase hold which steps of the series, as slices; the others are zeros."""
        first, dilation = phase * self._stride - self._left, self._dilation
        start = max(0, -(first // dilation))
        stop = max(start, min(self._phase_rows, -((first - self._shape[1]) // dilation)))
        begin = first + start * dilation
        return slice(start, stop), slice(begin, begin + (stop - start) * dilation, dilation)

    def joined(self, outputs: np.ndarray) -> np.ndarray:
        """The outputs of a convolution from those of its rows, (N*P, T/P, F)."""
        if self.phases == 1:
            return outputs
        filters = outputs.shape[-1]
        by_phase = outputs.reshape(self._shape[0], self.phases, self._phase_steps, filters).swapaxes(1, 2)
        joined = by_phase.reshape(self._shape[0], self._phase_steps * self.phases, filters)[:, : self.steps]
        return np.ascontiguousarray(self._by_step(joined))

    def parted(self, outputs: np.ndarray) -> np.ndarray:
        """The reverse, of the outputs' gradients or of outputs: zeros where a phase has fewer steps."""
        outputs = self._by_step(outputs)
        if self.phases == 1:
            return outputs
        examples, filters = self._shape[0], outputs.shape[-1]
        whole = np.zeros((examples, self._phase_steps * self.phases, filters), outputs.dtype)
        whole[:, : self.steps] = outputs
        by_phase = whole.reshape(examples, self._phase_steps, self.phases, filters).swapaxes(1, 2)
        return by_phase.reshape(examples * self.phases, self._phase_steps, filters)

    def d_inputs(self, d_rows: np.ndarray) -> np.ndarray:
        """The gradient of the inputs from that of the rows: the sum of all rows that hold a step, tap after tap."""
        examples, length, channels = self._shape
        wide = np.float32 if d_rows.dtype.itemsize == 2 else d_rows.dtype
        d_copy = np.zeros((examples * self.phases, self._phase_rows, channels), wide)
        if self.steps:
            last = (self._phase_steps - 1) * self._hop + 1
            with np.errstate(all="ignore"):
                for tap in range(self._taps):
                    d_copy[:, tap : tap + last : self._hop] += d_rows[..., tap * channels : (tap + 1) * channels]
        d_series = np.zeros((examples, length, channels), wide)
        for phase in range(self.phases):
            taken, steps = self._places(phase)
            d_series[:, steps] = d_copy.reshape(examples, self.phases, -1, channels)[:, phase, taken]
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(self._by_step(d_series).astype(d_rows.dtype, copy=False))

    def _by_step(self, array):
        return array if self.channels_last else array.swapaxes(1, 2)


@lru_cache
def rows_of(shape: Any, kernel_size: int, chosen: Any) -> Rows:
    """The rows of a kernel over series of a shape; see :class:`Rows`."""
    return Rows(shape, kernel_size, chosen)


def _steps_follow(series):
    """Whether the channels of a step lie side by side, and those of the next step behind them."""
    channels = series.shape[2]
    return series.strides[1] == channels * series.itemsize and (channels == 1 or series.strides[2] == series.itemsize)
