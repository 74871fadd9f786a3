"""How large the chunks of a job are: by the memory that they take, and by the work that is done twice."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.batch.cutting import StagesCut
from nb_sepconv.convolution.windows import windows

MOST_EXTRA = 0.05
TARGET_BYTES = 1 << 22
MORE_INPUTS, MORE_OUTPUTS = 3, 6
"""The chunks that are read and not yet computed, and those that are computed and not yet written."""
_TEMPORARIES = 4


class Unit(NamedTuple):
    """A piece of work: the output steps [start, stop) of the examples [first, last)."""

    first: int
    last: int
    start: int
    stop: int

    @property
    def steps(self) -> int:
        """The output steps of all its examples."""
        return (self.last - self.first) * (self.stop - self.start)


class Series(NamedTuple):
    """The sizes of one input and of its output."""

    examples: int
    length: int
    channels: int
    steps: int
    filters: int

    def shape_in(self, channels_last: bool) -> tuple[int, int, int]:
        """The shape of the inputs."""
        return shape_of(self.examples, self.length, self.channels, channels_last)

    def shape_out(self, channels_last: bool) -> tuple[int, int, int]:
        """The shape of the outputs."""
        return shape_of(self.examples, self.steps, self.filters, channels_last)


def shape_of(examples: int, steps: int, channels: int, channels_last: bool) -> tuple[int, int, int]:
    """The shape of an array of three axes."""
    return (examples, steps, channels) if channels_last else (examples, channels, steps)


class Sizes:
    """What chunks of a model's outputs take.

    Args:
        cut: the model.
        channels, filters: of its inputs and outputs.
        dtype, dtype_out: their types.
    """

    def __init__(self, cut: Any, channels: int, filters: int, dtype: Any, dtype_out: Any) -> None:
        self._cut, self._filters = cut, filters
        self._item_in, self._item_out = channels * dtype.itemsize, filters * dtype_out.itemsize
        self._inner = _inner(cut, channels, dtype) if isinstance(cut, StagesCut) else None

    def window(self, length: int, steps: int, chunk: int) -> tuple[int, int]:
        """The output steps of a chunk in the middle of a series."""
        start = steps // 2 // chunk * chunk
        return start, min(start + chunk, steps)

    def bytes(self, length: int, start: int, stop: int, at_once: int = 1) -> int:
        """The memory for the output steps [start, stop) of one example, of so many chunks at once."""
        begin, end = self._cut.reads(length, start, stop)
        read, written = (end - begin) * self._item_in, (stop - start) * self._item_out
        inside = (
            (end - begin) * self._cut.bytes_per_step if self._inner is None else self._bytes_inside(length, start, stop)
        )
        return at_once * (read + written + inside) + MORE_INPUTS * read + MORE_OUTPUTS * written

    def _bytes_inside(self, length, start, stop):
        """Two arrays between the layers, and what NumPy makes beside them."""
        found = windows(self._cut.places(length), start, stop)
        steps = [window.stop - window.start for window in found[1:]] + [stop - start]
        rooms, beside = [0, 0], 0
        for number, (count, each) in enumerate(zip(steps, self._inner, strict=True)):
            size = count * each.item
            if number < len(steps) - 1:
                rooms[number % 2] = max(rooms[number % 2], size)
            before = (found[number].stop - found[number].start) * each.item_before
            copies = _TEMPORARIES * each.widening * max(size, before) if each.by_numpy else before + 2 * size
            beside = max(beside, copies)
        return sum(rooms) + beside

    def largest(self, length: int, start: int, stop: int) -> int:
        """The bytes of the largest array of a chunk."""
        begin, end = self._cut.reads(length, start, stop)
        arrays = [(end - begin) * self._item_in, (stop - start) * self._item_out]
        if self._inner is not None:
            found = windows(self._cut.places(length), start, stop)
            arrays += [(w.stop - w.start) * each.item_before for w, each in zip(found, self._inner, strict=True)]
        return max(arrays)

    def extra_work(self, length: int, start: int, stop: int) -> float:
        """How much more work a chunk is than its share of one call over a long series."""
        if self._inner is None:
            begin, end = self._cut.reads(length, start, stop)
            return (end - begin) / ((stop - start) * self._cut.field(length).stride) - 1
        found, wanted = windows(self._cut.places(length), start, stop), stop - start
        done = due = 0.0
        for number in range(len(found) - 1, -1, -1):
            each = self._inner[number]
            following = found[number + 1] if number + 1 < len(found) else None
            done += each.work * (stop - start if following is None else following.stop - following.start)
            due += each.work * wanted
            wanted *= self._cut.stages[number].stride
        return done / due - 1 if due else 0.0


class _Inner(NamedTuple):
    """Of a stage: the bytes of an input and an output step, its work for one, and whether NumPy takes part."""

    item_before: int
    item: int
    work: int
    by_numpy: bool
    widening: int


def _inner(cut, channels, dtype):
    found = []
    for stage in cut.stages:
        dtype_out = np.dtype(stage.dtype or dtype)
        filters = stage.output_channels(channels)
        work = channels * (stage.kernel_size + filters)
        widening = 2 if dtype_out.itemsize == 2 else 1
        items = channels * dtype.itemsize, filters * dtype_out.itemsize
        found.append(_Inner(*items, work, stage.by_numpy, widening))
        channels, dtype = filters, dtype_out
    return found


def examples_of(sizes: Sizes, longest: Series, memory_limit: int, threads: int) -> int:
    """The examples of a chunk where series are not cut over time: as many as fit well into the caches."""
    whole = longest.length, 0, longest.steps
    most = memory_limit // max(sizes.bytes(*whole, threads), 1)
    return max(min(TARGET_BYTES // max(sizes.largest(*whole), 1), most, longest.examples), 1)


def chunk_of(sizes: Sizes, longest: Series, memory_limit: int, threads: int) -> int:
    """The output steps of a chunk: as many as fit well into the caches, more where halos would be much of the work,
    and no more than the memory allows: for one on each thread, but for one alone where halos would then be much.

    Raises:
        ValueError: one step does not fit into the memory.
    """
    steps, length = max(longest.steps, 1), longest.length

    def at(chunk):
        return (length, *sizes.window(length, longest.steps, chunk))

    chunk = _largest(lambda chunk: sizes.largest(*at(chunk)) <= TARGET_BYTES, steps)
    most = _largest(lambda chunk: sizes.bytes(*at(chunk), threads) <= memory_limit, steps)
    if sizes.bytes(*at(most), threads) > memory_limit or sizes.extra_work(*at(most)) > MOST_EXTRA:
        most = _largest(lambda chunk: sizes.bytes(*at(chunk)) <= memory_limit, steps)
    if sizes.bytes(*at(most)) > memory_limit:
        raise ValueError(
            f"`memory_limit` is too small: one output step takes {sizes.bytes(*at(1))} bytes. Received: {memory_limit}"
        )
    while chunk < min(most, steps) and sizes.extra_work(*at(chunk)) > MOST_EXTRA:
        chunk *= 2
    return max(min(chunk, most, steps), 1)


def _largest(fits, most):
    """The largest number up to ``most`` that fits, 1 where none does."""
    low, high = 1, 2
    while high < most and fits(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@dataclass(frozen=True)
class Grid:
    """The pieces of an output: ``chunk`` steps of one example, or of several short ones, ``together`` at a time."""

    series: Series
    chunk: int
    together: int

    @property
    def pieces(self) -> int:
        """The pieces along the steps."""
        return ceil(self.series.steps / self.chunk)

    def __len__(self) -> int:
        return ceil(self.series.examples / self.together) * self.pieces

    def unit(self, number: int) -> Unit:
        """The piece of a number from 0 on; along the steps first."""
        group, piece = divmod(number, self.pieces)
        first, start = group * self.together, piece * self.chunk
        last, stop = min(first + self.together, self.series.examples), min(start + self.chunk, self.series.steps)
        return Unit(first, last, start, stop)


def together_of(cut: Any, series: Series, chunk: int) -> int:
    """How many examples a unit has: more than one where a chunk is longer than a series."""
    if series.steps > chunk or not series.length:
        return 1
    of = cut.field(series.length)
    return max(1, min((chunk * of.stride + of.span - 1) // series.length, series.examples))
