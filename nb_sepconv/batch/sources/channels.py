"""The channels that are read of a source, by name or number."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nb_sepconv.batch.sources.protocol import Source
    from nb_sepconv.tensors.typing import Array

PICKED_BYTES = 1 << 20


def parse(channels: Any) -> tuple[int | str, ...] | None:
    """The argument ``channels``: one name or number, several, or None for all of them."""
    if channels is None:
        return None
    wanted = (channels,) if isinstance(channels, (str, int, np.integer)) else tuple(channels)
    if not wanted or any(isinstance(one, bool) for one in wanted):
        raise ValueError(f"`channels` must be names or numbers of channels. Received: {channels!r}")
    return tuple(one if isinstance(one, str) else operator.index(one) for one in wanted)


def numbers(wanted: Iterable[int | str], names: Sequence[str], path: str) -> list[int]:
    """The numbers of the wanted channels of a source with ``names``, or without any: as many empty ones."""
    return [_number(one, names, path) for one in wanted]


def _number(one: int | str, names: Sequence[str], path: str) -> int:
    if isinstance(one, str):
        if names.count(one) == 1:
            return names.index(one)
        has = f"it has {', '.join(map(repr, names))}" if any(names) else f"it has {len(names)} without names"
        problem = f"`channels` must name one of its channels. Received: {one!r}, and {has}"
        raise SourceError(problem, path)
    if not -len(names) <= one < len(names):
        raise SourceError(f"`channels` must be below {len(names)}, as many as it has. Received: {one}", path)
    return one % len(names)


class PickedSource:
    """Some channels of a source.

    Args:
        source: Source.
        wanted: numbers of channels.
    """

    name: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    channels_last: bool
    rate: float | None

    def __init__(self, source: Source, wanted: Iterable[int | str]) -> None:
        axis = 2 if source.channels_last else 1
        self._source = source
        self._numbers = numbers(wanted, [""] * source.shape[axis], source.name)
        self.name, self.dtype, self.rate = source.name, source.dtype, source.rate
        self.channels_last = source.channels_last
        shape = [*source.shape]
        shape[axis] = len(self._numbers)
        self.shape = (shape[0], shape[1], shape[2])

    def identity(self) -> dict[str, Any]:
        """That of the source, and the channels."""
        return {**self._source.identity(), "channels": self._numbers}

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of these channels."""
        axis = axes.time_axis(self.channels_last)
        step_bytes = self.dtype.itemsize * self._source.shape[3 - axis]
        steps = max(PICKED_BYTES // step_bytes, 1)
        for example, picked in enumerate(out if self.channels_last else out.transpose(0, 2, 1)):
            for begin in range(start, stop, steps):
                end = min(begin + steps, stop)
                shape = (end - begin, self._source.shape[3 - axis])
                whole = np.empty((1, *(shape if self.channels_last else shape[::-1])), self.dtype)
                self._source.read(begin, end, whole, first + example)
                rows = whole[0] if self.channels_last else whole[0].T
                picked[begin - start : end - start] = rows[:, self._numbers]

    def close(self) -> None:
        """Close the source."""
        self._source.close()
