"""Elements of an array that are asked for by place, index or condition."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axis_of, sizes_of, whole_sizes_of
from nb_sepconv.tensors.tensor import matched, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput, ShapeInput


@word
def slice(input_: ArrayInput, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """``size`` elements from ``begin`` on along each axis; a size of -1 takes all that follow.

    >>> slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]).tolist()
    [[2, 3], [5, 6]]
    """
    array, begin, size = plain(input_), sizes_of(begin, "begin"), sizes_of(size, "size")
    if not len(begin) == len(size) == array.ndim:
        raise ValueError(
            f"`begin` and `size` must hold a number for each of {array.ndim} axes. Received: {begin} and {size}"
        )
    ends = [
        length if count == -1 else first + count for length, first, count in zip(array.shape, begin, size, strict=True)
    ]
    for length, first, end in zip(array.shape, begin, ends, strict=True):
        if not 0 <= first <= end <= length:
            raise ValueError(
                f"`begin` and `size` must lie inside the shape {array.shape}. Received: {begin} and {size}"
            )
    return tensor(array[tuple(map(builtins.slice, begin, ends))].copy())


@word
def strided_slice(input_: ArrayInput, begin: Any, end: Any, strides: Any = None, name: str | None = None) -> Tensor:
    """``input_[begin[0]:end[0]:strides[0], ...]``, with Python's rules.

    >>> strided_slice([1, 2, 3, 4], [0], [4], [2]).tolist()
    [1, 3]
    """
    array, begin, end = plain(input_), sizes_of(begin, "begin"), sizes_of(end, "end")
    strides = (1,) * len(begin) if strides is None else sizes_of(strides, "strides")
    if not len(begin) == len(end) == len(strides) <= array.ndim or 0 in strides:
        raise ValueError(
            f"`begin`, `end` and `strides` must be as long as each other, for at most {array.ndim} axes, and strides "
            f"not 0. Received: {begin}, {end}, {strides}"
        )
    key = [
        builtins.slice(first, _stop(last, length, step), step)
        for first, last, step, length in zip(begin, end, strides, array.shape, strict=False)
    ]
    return tensor(array[tuple(key)].copy())


def _stop(last, length, step):
    """``last`` for a slice of Python's; a negative one that lies before the first element stops there."""
    return None if step < 0 and last < -length else last


@word
def gather(
    params: Any,
    indices: ArrayInput,
    validate_indices: bool | None = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """The slices of ``params`` along an axis at the indices, which take the axis's place.

    Raises:
        ValueError: an index is negative, or not below the size of the axis.

    >>> gather([10, 20, 30], [2, 0]).tolist()
    [30, 10]
    """
    params, indices = plain(params), _indices(indices)
    if params.ndim == 0:
        raise ValueError("`params` must have one axis or more. Received: a single number")
    batch = int(batch_dims) + (indices.ndim if batch_dims < 0 else 0)
    axis = batch if axis is None else axis_of(axis, params.ndim)
    if not 0 <= batch <= builtins.min(indices.ndim, axis) or params.shape[:batch] != indices.shape[:batch]:
        raise ValueError(
            f"`batch_dims` must count axes that `params` and `indices` share. "
            f"Received: {batch_dims} with the shapes {params.shape} and {indices.shape}"
        )
    _check_indices(indices, params.shape[axis])
    return tensor(params.take(indices, axis) if not batch else _gathered(params, indices, axis, batch))


def _gathered(params, indices, axis, batch):
    places = np.ogrid[tuple(builtins.slice(length) for length in params.shape[:batch])]
    moved = np.moveaxis(params, axis, batch)
    extra = [place.reshape(place.shape + (1,) * (indices.ndim - batch)) for place in places]
    taken = moved[(*extra, indices)]
    where = range(batch, indices.ndim)
    return np.moveaxis(taken, tuple(where), tuple(each + axis - batch for each in where))


def _indices(indices, name="indices"):
    indices = plain(indices)
    if indices.dtype.kind not in "iu":
        if indices.size:
            raise TypeError(f"`{name}` must be an array of integers. Received: {indices.dtype.name}")
        return indices.astype(np.int32)
    return indices


def _check_indices(indices, length, name="indices"):
    if indices.size and not (indices.min() >= 0 and indices.max() < length):
        wrong = indices[(indices < 0) | (indices >= length)].reshape(-1)[0]
        raise ValueError(f"`{name}` must lie in [0, {length}). Received: {wrong}")


@word
def gather_nd(params: Any, indices: ArrayInput, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """The slices of ``params`` at the index vectors along the last axis of ``indices``.

    >>> gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]).tolist()
    [2, 3]
    """
    if batch_dims:
        raise ValueError(f"`batch_dims` must be 0: use `gather` for batches. Received: {batch_dims!r}")
    params, indices = plain(params), _indices(indices)
    key = _nd_key(indices, params.shape)
    if not key:
        return tensor(np.broadcast_to(params, indices.shape[:-1] + params.shape).copy())
    if indices.size and not params.size:
        raise ValueError(f"`params` must hold elements. Received: an array of shape {params.shape}")
    return tensor(params[key].copy())


def _nd_key(indices, shape):
    if indices.ndim == 0 or indices.shape[-1] > len(shape):
        raise ValueError(
            f"`indices` must have a last axis of at most {len(shape)} for the shape {shape}. "
            f"Received: an array of shape {indices.shape}"
        )
    key = tuple(np.moveaxis(indices, -1, 0))
    for each, length in zip(key, shape, strict=False):
        _check_indices(each, length)
    return key


@word
def scatter_nd(indices: ArrayInput, updates: ArrayInput, shape: ShapeInput, name: str | None = None) -> Tensor:
    """Zeros of ``shape`` with the updates added at the index vectors.

    >>> scatter_nd([[1], [1]], [5, 6], [3]).tolist()
    [0, 11, 0]
    """
    indices, updates, sizes = _indices(indices), plain(updates), whole_sizes_of(shape)
    total = np.zeros(sizes, updates.dtype)
    key = _nd_key(indices, sizes)
    if updates.shape != total[key].shape:
        raise ValueError(f"`updates` must have the shape {total[key].shape}. Received: {updates.shape}")
    np.add.at(total, key, updates)
    return tensor(total)


@word
def where(
    condition: ArrayInput, x: ArrayInput | None = None, y: ArrayInput | None = None, name: str | None = None
) -> Tensor:
    """``x`` where the condition holds, else ``y``; without these, the places where it does, one a row, in int64.

    As in TF1, a condition of one axis selects whole rows of ``x`` and ``y``.

    >>> where([True, False], [[1, 2], [3, 4]], [[5, 6], [7, 8]]).tolist(), where([False, True]).tolist()
    ([[1, 2], [7, 8]], [[1]])
    """
    condition = plain(condition)
    if (x is None) != (y is None):
        raise ValueError(f"`x` and `y` must both be given, or neither. Received: x={x!r}, y={y!r}")
    if x is None:
        if condition.ndim == 0:
            raise ValueError("`condition` must have one axis or more. Received: a single value")
        return tensor(np.argwhere(condition).astype(np.int64))
    condition = _condition(condition)
    x, y = matched(x, y)
    if x.shape != y.shape:
        raise ValueError(f"`x` and `y` must have one shape. Received: {x.shape} and {y.shape}")
    if condition.ndim == 1 and x.ndim and condition.shape == x.shape[:1]:
        condition = condition.reshape(condition.shape + (1,) * (x.ndim - 1))
    elif condition.shape not in (x.shape, ()):
        raise ValueError(
            f"`condition` must have the shape {x.shape} of `x`, its first size, or no axis. Received: {condition.shape}"
        )
    return tensor(np.where(condition, x, y))


@word
def where_v2(
    condition: ArrayInput, x: ArrayInput | None = None, y: ArrayInput | None = None, name: str | None = None
) -> Tensor:
    """The same with NumPy's broadcasting between the three.

    >>> where_v2([[True], [False]], [1, 2], 0).tolist()
    [[1, 2], [0, 0]]
    """
    if x is None and y is None:
        return where(condition)
    if x is None or y is None:
        raise ValueError(f"`x` and `y` must both be given, or neither. Received: x={x!r}, y={y!r}")
    return tensor(np.where(_condition(plain(condition)), *matched(x, y)))


def _condition(condition):
    if condition.dtype.kind != "b":
        raise TypeError(f"`condition` must be an array of bools. Received: {condition.dtype.name}")
    return condition


@word
def boolean_mask(tensor: ArrayInput, mask: ArrayInput, name: str | None = "boolean_mask", axis: Any = None) -> Tensor:
    """The slices of ``tensor``, from ``axis`` on, where the mask holds.

    >>> boolean_mask([[1, 2], [3, 4]], [False, True]).tolist()
    [[3, 4]]
    """
    array, mask = plain(tensor), _condition(plain(mask))
    first = 0 if axis is None else axis_of(axis, array.ndim)
    if mask.ndim == 0 or array.shape[first : first + mask.ndim] != mask.shape:
        raise ValueError(
            f"`mask` must have one axis or more, of the sizes of an array of shape {array.shape} from axis {first} on. "
            f"Received: {mask.shape}"
        )
    return _masked(array, (builtins.slice(None),) * first, mask)


def _masked(array, before, mask):
    return tensor(array[(*before, mask)])


@word
def reverse_sequence(
    input: ArrayInput,
    seq_lengths: ArrayInput | None = None,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """Each example's first ``seq_lengths`` elements in the reverse order; ``seq_dim``, ``batch_dim`` are older names.

    >>> reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1).tolist()
    [[2, 1, 3], [6, 5, 4]]
    """
    array, lengths = plain(input), _indices(seq_lengths, "seq_lengths")
    axis = axis_of(seq_dim if seq_axis is None else seq_axis, array.ndim, "seq_axis")
    batch = axis_of((batch_dim or 0) if batch_axis is None else batch_axis, array.ndim, "batch_axis")
    if axis == batch or lengths.shape != (array.shape[batch],):
        raise ValueError(
            f"`seq_lengths` must hold a length for each example along another axis than theirs. "
            f"Received: the shape {lengths.shape}, seq_axis={axis}, batch_axis={batch}"
        )
    _check_indices(lengths, array.shape[axis] + 1, "seq_lengths")
    steps = np.arange(array.shape[axis])
    source = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    shape = [1] * array.ndim
    shape[batch], shape[axis] = source.shape
    source = (source if batch < axis else source.T).reshape(shape)
    return tensor(np.take_along_axis(array, source, axis))


@word
def invert_permutation(x: ArrayInput, name: str | None = None) -> Tensor:
    """The places at which each number 0, 1, ... stands.

    >>> invert_permutation([2, 0, 1]).tolist()
    [1, 2, 0]
    """
    x = _indices(x, "x")
    if x.ndim != 1 or sorted(x.tolist()) != list(range(x.size)):
        raise ValueError(f"`x` must hold each number from 0 to {x.size - 1} once. Received: {x.tolist()}")
    return tensor(np.argsort(x).astype(x.dtype))
