"""Assembly of variables that were stored in slices."""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights import memory
from nb_sepconv.weights.tensorflow.ordered_code import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb_sepconv.tensors.typing import Array
    from nb_sepconv.weights.element_types import TensorInfo


def paste_slices(name: str, info: TensorInfo, pieces: Iterable[Any]) -> Array:
    """The whole array from its slices, which must cover it exactly once.

    Args:
        name: str, for errors.
        info: TensorInfo of the whole.
        pieces: list of (extents, array).
    """
    ranges = [_ranges(name, info.shape, extents) for extents, _ in pieces]
    covered = sum(prod(stop - start for start, stop in box) for box in ranges)
    if covered != prod(info.shape) or any(_overlap(a, b) for a, b in combinations(ranges, 2)):
        raise WeightsError(f"expected slices that cover {name!r} of shape {list(info.shape)} exactly once")
    for box, (_, piece) in zip(ranges, pieces, strict=True):
        if piece.shape != tuple(stop - start for start, stop in box):
            raise WeightsError(f"expected a slice of {name!r} for {box}; its shape is {list(piece.shape)}")
    whole = memory.empty(info.shape, info.dtype)
    for box, (_, piece) in zip(ranges, pieces, strict=True):
        whole[tuple(slice(*bounds) for bounds in box)] = piece
    return whole


def _ranges(name, shape, extents):
    ranges = [
        (start, size if length == WHOLE else start + length)
        for size, (start, length) in zip(shape, extents, strict=True)
    ]
    if any(not 0 <= start <= stop <= size for (start, stop), size in zip(ranges, shape, strict=True)):
        raise WeightsError(f"expected slices of {name!r} inside its shape {list(shape)}; received {list(extents)}")
    return ranges


def _overlap(first, second):
    return all(max(a[0], b[0]) < min(a[1], b[1]) for a, b in zip(first, second, strict=True))
