"""What a run has to do, one unit after the other."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from nb_sepconv.batch.planning import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.batch.job import Item, Job
    from nb_sepconv.batch.ledger import Progressed


class Task(NamedTuple):
    """A unit of an input, and its number there."""

    item: Item
    number: int
    unit: Unit


def task_of(item: Item, number: int) -> Task:
    """The task of a unit's number."""
    return Task(item, number, item.grid.unit(number))


class Tasks:
    """The units of a job, or of its shard, that are not done.

    Args:
        job: the job.
        state: what its journals say.

    Attributes:
        before: int, the units that were done.
        left: dict of the inputs' indices, how many of their units are among these.
        steps: int, the output steps of all.
    """

    steps: int
    before: int

    def __init__(self, job: Job, state: Progressed) -> None:
        self._ranges = [(item, *bounds) for item, bounds in zip(job.items, _bounds(job), strict=True)]
        self._done = state.done
        closed = state.finished | state.skipped.keys()
        self._open = [(item, first, last) for item, first, last in self._ranges if item.index not in closed]
        self.left: dict[int, int] = {}
        self.steps = 0
        for task in self:
            self.left[task.item.index] = self.left.get(task.item.index, 0) + 1
            self.steps += task.unit.steps
        self.before = sum(last - first for _, first, last in self._ranges) - len(self)

    def __len__(self) -> int:
        return sum(self.left.values())

    def __iter__(self) -> Iterator[Task]:
        for item, first, last in self._open:
            done = self._done.get(item.index, ())
            for number in range(first, last):
                if number not in done:
                    yield task_of(item, number)


def _bounds(job):
    """The units [first, last) of each input that are this process's."""
    ends = list(accumulate(map(len, job.items)))
    total, shard = ends[-1], job.options.shard
    begin, end = 0, total
    if shard is not None:
        begin, end = (total * number // shard.count for number in (shard.number - 1, shard.number))
    for item, stop in zip(job.items, ends, strict=True):
        start = stop - len(item)
        first, last = max(begin, start), min(end, stop)
        yield (first - start, last - start) if first < last else (0, 0)
