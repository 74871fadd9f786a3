"""The field of a function that nobody can look into, found by asking it where NaN comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.convolution.windows import Field

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 1 << 16
_FIRST = 64


def probed(
    function: Callable[[Any], Any],
    channels: int,
    length: int,
    dtype: np.dtype[Any],
    axis: int,
    longest: int = LONGEST,
) -> Field:
    """The field of a function of series, as it is on ``length`` steps.

    NaN on all input steps from ``p`` on reaches the outputs from ``ceil((p + left - span + 1) / stride)`` on; NaN on
    all steps before ``p`` reaches those up to ``floor((p - 1 + left) / stride)``. Both are staircases in ``p``, whose
    steps are as long as the stride. NaN survives sums, products and the activations of this library, but no comparison,
    so what is found has to be checked on a seam.

    Args:
        channels, dtype: of the function's inputs.
        axis: 1 or 2, that of time.
        longest: int, the steps of the longest series to try.

    Raises:
        ValueError: there is no finite field within that.
    """
    asked = _Asked(function, channels, dtype, axis)
    stride, steps = 1, _FIRST
    while steps <= longest:
        steps += (length - steps) % stride  # "same" puts its zeros by the length modulo the stride
        found = asked.field(steps)
        if found is None:
            steps *= 2
        elif (length - steps) % found.stride == 0:
            return found
        elif stride == found.stride:
            steps *= 2
        else:
            stride = found.stride
    raise ValueError(
        f"`model` has no finite receptive field within {longest} steps, as a mean over time has none: it cannot be cut "
        f"over time. Received: {function!r}"
    )


class _Asked:
    def __init__(self, function, channels, dtype, axis):
        self._function, self._channels, self._dtype, self._axis = function, channels, dtype, axis

    def field(self, steps):
        """The field that series of so many steps show, None where they are too short to show one."""
        try:
            firsts, lasts = (_stairs(steps, partial) for partial in (self._first_hit, self._last_hit))
            outputs = len(self._hits(steps, 0, 0))
        except ValueError:  # too short for the function
            return None
        if not firsts or not lasts or firsts[0][1] <= 0 or lasts[1][1] >= outputs - 1:
            return None
        stride = firsts[1][0] - firsts[0][0]
        if stride != lasts[1][0] - lasts[0][0] or any(high[1] - low[1] != 1 for low, high in (firsts, lasts)):
            return None
        left = lasts[0][1] * stride - (lasts[0][0] - 1)  # the first p to reach t: p - 1 = t*stride - left
        span = firsts[0][0] - ((firsts[0][1] - 1) * stride - left)  # t - 1 is reached up to p - 1
        return Field(span, stride, left) if span < steps // 4 else None

    def _first_hit(self, steps, place):
        hits = np.flatnonzero(self._hits(steps, place, steps))
        return int(hits[0]) if len(hits) else -1

    def _last_hit(self, steps, place):
        hits = np.flatnonzero(self._hits(steps, 0, place))
        return int(hits[-1]) if len(hits) else -1

    def _hits(self, steps, start, stop):
        """Which output steps NaN on the input steps [start, stop) reaches."""
        shape = (1, steps, self._channels) if self._axis == 1 else (1, self._channels, steps)
        inputs = np.zeros(shape, self._dtype)
        inputs.swapaxes(1, self._axis)[:, start:stop] = np.nan
        with np.errstate(all="ignore"):
            outputs = np.asarray(self._function(inputs))
        if outputs.ndim != 3:
            raise TypeError(
                f"`model` must return an array of three axes. Received: shape {outputs.shape} for inputs {shape}"
            )
        return np.isnan(outputs).any(axis=(0, 3 - self._axis))


def _stairs(steps, hit):
    """Two rises in a row of the staircase ``hit`` from the middle on, each (place, height); None without them."""
    middle = steps // 2
    first = _rise(steps, middle, hit)
    second = first and _rise(steps, first[0], hit)
    return second and (first, second)


def _rise(steps, place, hit):
    """The first place behind ``place`` where the staircase is higher, and how high; None where it is too far."""
    before, low, high = hit(steps, place), place, place + 1
    while hit(steps, high) == before:
        low, high = high, high + 2 * (high - place)
        if high > place + steps // 4:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if hit(steps, middle) == before else (low, middle)
    return high, hit(steps, high)
