"""A job before it runs: the model as it is cut, each input with its sizes and its destination, and the chunks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.cutting import StagesCut
from nb_sepconv.batch.destinations.opening import destinations
from nb_sepconv.batch.fingerprint import FORMAT, engine_facts
from nb_sepconv.batch.functions import FunctionCut
from nb_sepconv.batch.planning import Grid, Series, Sizes, chunk_of, examples_of, together_of
from nb_sepconv.batch.sources.finding import find
from nb_sepconv.kernels import cpu
from nb_sepconv.stacks.stages import form_of, is_known, stages_of

if TYPE_CHECKING:
    from nb_sepconv.batch.cutting import Trial
    from nb_sepconv.batch.options import Options

ERRORS = (OSError, ValueError, TypeError, MemoryError)
"""What a source that cannot be read, or not be computed, raises."""


@dataclass
class Item:
    """One input of a job.

    Attributes:
        index: its place among the inputs.
        name: what reports call it.
        source: the open source, None where there is a ``problem``.
        problem: why it is left out, or None.
        series: its sizes and those of its output.
        grid: how its output is cut, None where there is a ``problem``.
        destination: where its output goes, None in a plan without one.
    """

    index: int
    name: str
    source: Any = None
    problem: str | None = None
    series: Series | None = None
    grid: Grid | None = None
    destination: Any = None

    def __len__(self) -> int:
        return 0 if self.grid is None else len(self.grid)


class Job:
    """What a model is to be applied to.

    Args:
        model: a layer, a list of layers, a stack, or a function.
        source, destination: of the caller; ``destination`` may be None in a plan.
        options: the :class:`~nb_sepconv.batch.options.Options`.

    Raises:
        OSError, ValueError, TypeError: what :func:`nb_sepconv.batch.apply` raises before it starts.
    """

    options: Options
    model: Any
    over_time: bool
    channels_last: bool
    items: list[Item]
    channels: Any
    dtype: np.dtype[Any]
    trial: Trial
    sizes: Sizes
    chunk: int
    at_once: int
    """How many chunks may be computed beside one another, each on one thread; 1 where one is, on all threads."""

    def __init__(self, model: Any, source: Any, destination: Any, options: Options) -> None:
        self.options, self.model = options, model
        self.over_time = options.axis != "batch"
        self._known = is_known(model)
        if not (self._known or callable(model)):
            stages_of(model)  # says what a model is
        if self._known and options.halo is not None:
            raise ValueError(f"`halo` is for functions: layers know their windows. Received: {options.halo}")
        inputs = find(source, options.channels)
        self.channels_last = self._channels_last(model)
        self.items = [Item(number, each.name) for number, each in enumerate(inputs)]
        self._open(inputs, self._wanted_dtype(model))
        first = next(item for item in self.items if item.source is not None)
        self.channels, self.dtype = self._form(model, first)
        length = first.source.shape[1 if self.channels_last else 2]
        self._first_length = length
        self.cut = self._cut(model, length)
        self.trial = self.cut.tried(self.channels, self.dtype)
        self._measure()
        self.sizes = Sizes(self.cut, self.channels, self.trial.filters, self.dtype, self.trial.dtype)
        self.chunk = options.chunk or self._chosen_chunk()
        self.use_chunk(self.chunk)
        if destination is not None:
            for item, each in zip(self.items, destinations(destination, inputs, self.channels_last), strict=True):
                item.destination = each

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("cut", "sizes")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Cut the model anew, in another process.

        Raises:
            ValueError: it gives other outputs there.
        """
        vars(self).update(state)
        self.cut = self._cut(self.model, self._first_length)
        here = self.cut.tried(self.channels, self.dtype)
        if here.identity != self.trial.identity:
            raise ValueError(
                "`model` gives other outputs in this process than where the job was started: its variables do not "
                "travel with it, or the processor computes otherwise. Layers and stacks travel with their weights. "
                f"Received: {self.model!r}"
            )

    def _channels_last(self, model):
        axis = self.options.axis
        if not self._known:
            return axis != 2
        last = form_of(stages_of(model)).channels_last
        if axis in (1, 2) and last is not (axis == 1):
            raise ValueError(f"`axis` must be that of time in the layers' data format, or 'time'. Received: {axis}")
        return last

    def _wanted_dtype(self, model):
        of_model, asked = form_of(stages_of(model)).dtype if self._known else None, self.options.dtype
        if asked is not None and of_model is not None and asked != of_model:
            raise TypeError(f"`dtype` must be that of the layers, {of_model}. Received: {asked}")
        return asked or of_model

    def _open(self, inputs, dtype):
        """Open all sources, of one type: the wanted one, or that of the first."""
        for item, one in zip(self.items, inputs, strict=True):
            try:
                item.source = one.open(self.channels_last, dtype)
                item.source.close()  # a job may have more sources than a process open files
            except (OSError, ValueError) as error:
                self.leave_out(item, error)
            else:
                dtype = dtype or item.source.dtype
        if all(item.source is None for item in self.items):
            reasons = "; ".join(f"{item.name}: {item.problem}" for item in self.items[:3])
            raise ValueError(f"`source` has nothing that can be read. Received: {reasons}")

    def leave_out(self, item: Item, error: Exception) -> None:
        """Leave an input out of the job where errors are to be skipped, and raise them where not."""
        if self.options.on_error == "raise":
            raise error
        item.problem = f"{type(error).__name__}: {error}"
        if item.source is not None:
            item.source.close()
        item.source = item.grid = None

    def _form(self, model, first):
        channels = form_of(stages_of(model)).channels if self._known else None
        return channels or first.source.shape[2 if self.channels_last else 1], np.dtype(first.source.dtype)

    def _cut(self, model, length):
        if self._known:
            return StagesCut(model, self.over_time)
        halo = self.options.halo
        return FunctionCut(model, halo, self.over_time, self.channels_last, self.channels, self.dtype, length)

    def _measure(self):
        for item in self.items:
            if item.source is None:
                continue
            examples, *rest = item.source.shape
            length, channels = rest if self.channels_last else rest[::-1]
            try:
                if channels != self.channels:
                    raise ValueError(
                        f"{item.name} must have {self.channels} channels. Received: shape {tuple(item.source.shape)}"
                    )
                steps = self.cut.steps(length) if length or self._known else 0
            except ValueError as error:
                named = error if item.name in str(error) else type(error)(f"{item.name}: {error}")
                self.leave_out(item, named)
            else:
                item.series = Series(examples, length, channels, steps, self.trial.filters)

    @property
    def series(self) -> list[Series]:
        """The sizes of all inputs that are not left out."""
        return [item.series for item in self.items if item.source is not None]

    def longest(self) -> Series:
        """The longest series; one of no steps where none is left."""
        empty = Series(0, 0, self.channels, 0, self.trial.filters)
        return max(self.series, key=lambda series: series.length, default=empty)

    def _chosen_chunk(self):
        longest = self.longest()
        choose = chunk_of if self.over_time else examples_of
        return choose(self.sizes, longest, self.options.memory_limit, self._threads())

    def _threads(self):
        """How many threads may compute chunks: the caller's own code is left to the thread that it is called from."""
        return 1 if self.cut.foreign else cpu.get_num_threads()

    def use_chunk(self, chunk: int) -> None:
        """Cut all inputs by a chunk, within the memory.

        Raises:
            ValueError: the chunk takes more memory than the limit.
        """
        self.chunk = chunk
        for item in self.items:
            if item.source is not None:
                item.grid = self._grid(item.series, chunk)
        self.at_once = self._threads()
        if self.memory_bytes() > self.options.memory_limit:
            self.at_once = 1
        needed = self.memory_bytes()
        if needed > self.options.memory_limit:
            raise ValueError(
                f"`memory_limit` must be at least {needed} bytes for chunks of {chunk}. "
                f"Received: {self.options.memory_limit}"
            )

    def _grid(self, series, chunk):
        if self.over_time:
            return Grid(series, chunk, together_of(self.cut, series, chunk))
        return Grid(series, max(series.steps, 1), chunk)

    def memory_bytes(self) -> int:
        """What the largest units take of memory, of as many as are computed at once."""
        return max((self._bytes_of(item.grid) for item in self.items if len(item)), default=0)

    def _bytes_of(self, grid):
        length, steps = grid.series.length, grid.series.steps
        places = {(0, min(grid.chunk, steps)), self.sizes.window(length, steps, grid.chunk)}
        each = max(self.sizes.bytes(length, *place, self.at_once) for place in places)
        return min(grid.together, grid.series.examples) * each

    def extra_work(self) -> float:
        """The part of the work that is done twice, at a seam in the middle of the longest series."""
        longest = self.longest()
        if not self.over_time or longest.steps <= self.chunk:
            return 0.0
        return self.sizes.extra_work(longest.length, *self.sizes.window(longest.length, longest.steps, self.chunk))

    def fingerprint(self) -> dict[str, Any]:
        """What tells this job from another one, as JSON holds it."""
        options = self.options
        return {
            "format": FORMAT,
            "model": self.trial.identity,
            "axis": options.axis,
            "halo": None if options.halo is None else list(options.halo),
            "dtype": self.dtype.name,
            "channels": None if options.channels is None else repr(options.channels),
            "chunk": self.chunk,
            "computed by": engine_facts(self.cut.by_numpy, self.cut.is_exact(self.dtype)),
            "sources": {item.name: self._identity_of(item) for item in self.items},
        }

    def _identity_of(self, item):
        if item.source is None:
            return None
        found = item.source.identity()
        item.source.close()
        return found

    def count(self) -> int:
        """How many units there are."""
        return sum(map(len, self.items))

    def output_bytes(self) -> int:
        """What the outputs take on the disk."""
        return sum(s.examples * s.steps * s.filters for s in self.series) * self.trial.dtype.itemsize

    def close(self) -> None:
        """Close all files."""
        for item in self.items:
            for each in (item.source, item.destination):
                if each is not None:
                    each.close()


def folder_of(destination: Any) -> str:
    """The folder that a destination's files are in, or are going to be."""
    text = os.fspath(destination)
    return text if os.path.isdir(text) else os.path.dirname(os.path.abspath(text.rstrip("/" + os.sep)))
