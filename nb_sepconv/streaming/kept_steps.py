"""The last steps of a series, in a buffer: new ones go behind them, and those that nobody needs are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np

ROOM = 16  # steps beside those that are kept: so often the kept ones stay where they are


class KeptSteps:
    """The steps from ``first`` on of a buffer (N, steps, C), whose channels lie side by side in both data formats.

    What is written does not count until it is kept: a failure in between leaves the steps as they were.

    Args:
        examples, channels: of the series.
        dtype: of the steps.
        channels_last: bool, how steps come and how views look.
        most: int, the most steps that are kept.
    """

    __slots__ = ("_buffer", "_channels_last", "_first", "_most", "_series", "count")

    def __init__(self, examples: int, channels: int, dtype: Any, channels_last: bool, most: int) -> None:
        self._channels_last, self._most = channels_last, most
        self._first = self.count = 0
        self._use(np.empty((examples, 2 * most + ROOM, channels), dtype))

    def write(self, steps: Any, count: int) -> None:
        """Write ``count`` steps behind the kept ones: an array of the data format, or a number."""
        start = self._first + self.count
        if start + count > self._buffer.shape[1]:
            self._make_room(count)
            start = self.count
        if self._channels_last:
            self._buffer[:, start : start + count] = steps
        else:
            self._series[:, :, start : start + count] = steps

    def view(self, first: int, count: int) -> np.ndarray:
        """``count`` steps from the ``first`` kept one on, those that were written last included."""
        first += self._first
        if self._channels_last:
            return self._buffer[:, first : first + count]
        return self._series[:, :, first : first + count]

    def keep(self, first: int, count: int) -> None:
        """Keep ``count`` steps from the ``first`` one on."""
        self._first = self._first + first if count else 0
        self.count = count

    def _make_room(self, count):
        """Move the kept steps to the start, of a longer buffer where they and ``count`` more do not fit."""
        buffer = self._buffer
        if self.count + count > buffer.shape[1]:
            examples, _, channels = buffer.shape
            buffer = np.empty((examples, max(2 * self._most, self.count) + count, channels), buffer.dtype)
        buffer[:, : self.count] = self._buffer[:, self._first : self._first + self.count]
        self._first = 0
        self._use(buffer)

    def _use(self, buffer):
        self._buffer, self._series = buffer, buffer.swapaxes(1, 2)
