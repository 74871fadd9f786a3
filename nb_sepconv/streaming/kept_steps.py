"""The last steps of a series, in a buffer: new ones go behind them, and those that nobody needs are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.convolution.sizes import by_step

ROOM = 8  # steps beside those that are kept: so often the kept ones stay where they are
MOST_CALLS = 256
LONG = 32  # steps of a chunk from which on the buffer lies in memory as the chunks do


class KeptSteps:
    """Steps in a buffer that is made when the first ones are written behind those that it starts with.

    What is written does not count until it is kept: a failure in between leaves the steps as they were. A step's
    channels lie side by side, but for long chunks whose channels come first: each layout is the faster one there.

    Args:
        examples, channels: of the series.
        dtype: of the steps.
        axis: 1 or 2, that of time.
        most: int, the most steps that are kept.
        zeros: int, the first steps, which are zeros.
        steps: array of the steps behind them, or None.
    """

    __slots__ = (
        "_axis",
        "_buffer",
        "_dtype",
        "_first",
        "_length",
        "_most",
        "_other",
        "_shape",
        "_start",
        "calls",
        "count",
    )

    def __init__(self, examples: int, channels: int, dtype: Any, axis: int, most: int, zeros: int, steps: Any) -> None:
        self._shape, self._dtype, self._axis, self._most = (examples, channels), dtype, axis, most
        self._start = zeros, steps
        self._buffer: Any = None
        self._other: Any = None  # where the steps that are kept next are written, beside those of now
        self.calls: dict[int, Any] = {}  # what computes views of this buffer, by their steps
        self._first = self._length = 0
        self.count: int = zeros + (0 if steps is None else steps.shape[axis])

    def write(self, steps: np.ndarray, count: int) -> None:
        """Write ``count`` steps, an array of the data format, behind the kept ones."""
        start = self._first + self.count
        end = start + count
        if end > self._length:
            self._make_room(count)
            start, end = self.count, self.count + count
        if self._axis == 1:
            self._buffer[:, start:end] = steps
        else:
            self._buffer[:, :, start:end] = steps

    def view(self, first: int, count: int) -> np.ndarray:
        """``count`` steps from the ``first`` kept one on, those that were written last included."""
        if self._buffer is None:
            self._make_room(0)
        first += self._first
        if self._axis == 1:
            return self._buffer[:, first : first + count]
        return self._buffer[:, :, first : first + count]

    def keep(self, first: int, count: int) -> None:
        """Keep ``count`` steps from the ``first`` one on."""
        self._first = self._first + first if count else 0
        self.count = count

    def all(self) -> np.ndarray:
        """The kept steps, which lie in memory as long chunks do."""
        if self._buffer is None or self._buffer.strides[2] != self._dtype.itemsize:
            self._move_to(self._made(2 * self._most + ROOM, LONG))
        return self.view(0, self.count)

    def other(self, count: int) -> np.ndarray:
        """Room for ``count`` steps beside :meth:`all` of them, which lies in memory alike."""
        if self._other is None:
            self._other = self._made(self._length, LONG)
        return _steps(self._other, self._axis, 0, count)

    def keep_other(self, count: int) -> None:
        """Keep the ``count`` steps that were written there."""
        self._buffer, self._other = self._other, self._buffer
        self._first, self.count = 0, count

    def remember(self, count: int, call: Any) -> Any:
        """Keep what computes views of so many steps, until there are others or too many."""
        if len(self.calls) >= MOST_CALLS:
            self.calls.clear()
        self.calls[count] = call
        return call

    def _make_room(self, count):
        """Move the kept steps to the start, of a longer buffer where they and ``count`` more do not fit."""
        buffer, kept = self._buffer, self.count
        if buffer is None or kept + count > self._length:
            buffer = self._made(max(2 * self._most + ROOM, kept + self._most + count), count)
        self._move_to(buffer)

    def _move_to(self, buffer):
        kept = self.count
        if self._buffer is None:
            self._fill(buffer)
        else:
            _steps(buffer, self._axis, 0, kept)[...] = _steps(self._buffer, self._axis, self._first, self._first + kept)
        if buffer is not self._buffer:
            self.calls, self._other = {}, None
        self._buffer, self._length, self._first = buffer, buffer.shape[self._axis], 0

    def _made(self, length, count):
        examples, channels = self._shape
        if self._axis == 2 and count < LONG:
            return np.empty((examples, length, channels), self._dtype).swapaxes(1, 2)
        return np.empty(by_step((examples, length, channels), self._axis == 1), self._dtype)

    def _fill(self, buffer):
        zeros, steps = self._start
        _steps(buffer, self._axis, 0, zeros)[...] = 0
        if steps is not None:
            _steps(buffer, self._axis, zeros, self.count)[...] = steps
        self._start = None


def _steps(buffer, axis, start, stop):
    return buffer[:, start:stop] if axis == 1 else buffer[:, :, start:stop]
