"""Arrays as they lie in files: where the elements of a block are."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nb_sepconv.tensors.typing import Array


class StoredArray(NamedTuple):
    """An array as it lies in a file: from ``offset`` on, the last axis of ``shape`` fastest."""

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return prod(self.shape) * self.dtype.itemsize


class Run(NamedTuple):
    """Elements that lie in a row: the byte where they start, and where they belong in the block."""

    offset: int
    where: tuple[int, ...]


def runs(stored: StoredArray, ranges: Sequence[tuple[int, int]]) -> Iterator[Run]:
    """The runs of a block, in the order in which they lie in the file.

    A run goes over the last axis that the block does not have as a whole, and over those behind it.

    Args:
        stored: StoredArray.
        ranges: for each axis the (start, stop) of the block.
    """
    if any(start == stop for start, stop in ranges):
        return
    strides = [stored.dtype.itemsize * prod(stored.shape[axis + 1 :]) for axis in range(len(ranges))]
    cut = [axis for axis, size in enumerate(stored.shape) if ranges[axis] != (0, size)]
    along = cut[-1] if cut else 0
    origin = stored.offset + sum(start * stride for (start, _), stride in zip(ranges, strides, strict=True))
    for where in product(*(range(stop - start) for start, stop in ranges[:along])):
        yield Run(origin + sum(index * stride for index, stride in zip(where, strides, strict=False)), where)


def as_bytes(array: Array) -> Array:
    """The bytes of a contiguous array, to read into or to write."""
    return array.reshape(-1).view(np.uint8)
