"""Several arrays into one, and one into several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axis_of, sizes_of
from nb_sepconv.tensors.tensor import Tensor, matched_all, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import ArrayInput


@word
def concat(values: Any, axis: Any, name: str | None = "concat") -> Tensor:
    """The arrays one after another along an axis.

    >>> concat([[1, 2], [3]], 0).tolist()
    [1, 2, 3]
    """
    arrays = _arrays(values)
    if arrays[0].ndim == 0:
        raise ValueError("`values` must be arrays of one axis or more. Received: single numbers")
    axis = axis_of(axis, arrays[0].ndim)
    try:
        return tensor(np.concatenate(arrays, axis))
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"`values` must have the same sizes beside the axis {axis}. Received: {shapes}") from None


def _arrays(values):
    if isinstance(values, np.ndarray) and values.ndim:
        values = list(values)
    elif not isinstance(values, (list, tuple)):
        values = [values]
    if not len(values):
        raise ValueError("`values` must hold an array. Received: none")
    if all(type(value) is Tensor for value in values) and len({value.dtype for value in values}) == 1:
        return [value.view(np.ndarray) for value in values]
    return matched_all(values, [f"values[{i}]" for i in range(len(values))])


@word
def stack(values: Any, axis: Any = 0, name: str | None = "stack") -> Tensor:
    """The arrays beside each other along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    arrays = _arrays(values)
    if len({array.shape for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"`values` must have one shape. Received: {shapes}")
    axis = axis_of(axis, arrays[0].ndim + 1)
    widened = (*_all_of(axis), None)
    return tensor(np.concatenate([array[widened] for array in arrays], axis))


def _all_of(axes):
    """An index that takes all of the first ``axes`` axes."""
    return (slice(None),) * axes


@word
def unstack(value: ArrayInput, num: Any = None, axis: Any = 0, name: str | None = "unstack") -> list[Tensor]:
    """The list of the arrays along an axis, which they have no longer.

    >>> [part.tolist() for part in unstack([[1, 2], [3, 4]], axis=1)]
    [[1, 3], [2, 4]]
    """
    array = plain(value)
    axis = axis_of(axis, array.ndim)
    if num is not None and num != array.shape[axis]:
        raise ValueError(f"`num` must be the size {array.shape[axis]} of the axis. Received: {num!r}")
    before = _all_of(axis)
    return [tensor(array[(*before, i)].copy()) for i in range(array.shape[axis])]


@word
def split(
    value: ArrayInput, num_or_size_splits: Any, axis: Any = 0, num: Any = None, name: str | None = "split"
) -> list[Tensor]:
    """The list of equal parts along an axis, or of parts of given sizes, one of which may be -1.

    >>> [part.tolist() for part in split([1, 2, 3, 4], 2)], [part.tolist() for part in split([1, 2, 3], [1, -1])]
    ([[1, 2], [3, 4]], [[1], [2, 3]])
    """
    array = plain(value)
    axis = axis_of(axis, array.ndim)
    before, start, parts = _all_of(axis), 0, []
    for size in _part_sizes(array.shape[axis], num_or_size_splits):
        parts.append(tensor(array[(*before, slice(start, start + size))].copy()))
        start += size
    return parts


def _part_sizes(length, given):
    if type(given) is int or np.ndim(given) == 0:
        count = given if type(given) is int else int(plain(given))
        if count < 1 or length % count:
            raise ValueError(f"`num_or_size_splits` must divide the size {length} of the axis. Received: {count}")
        return [length // count] * count
    sizes = list(sizes_of(given, "num_or_size_splits"))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = length - sum(sizes) - 1
    if min(sizes, default=0) < 0 or sum(sizes) != length:
        raise ValueError(f"`num_or_size_splits` must add up to the size {length} of the axis. Received: {given!r}")
    return sizes


@word
def meshgrid(*args: ArrayInput, indexing: str = "xy", name: str | None = None) -> list[Tensor]:
    """Coordinates of a grid: each vector repeated along the axes of the others.

    >>> [grid.tolist() for grid in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` must be 'xy' or 'ij'. Received: {indexing!r}")
    return [tensor(grid.copy()) for grid in np.meshgrid(*map(plain, args), indexing=indexing)]
