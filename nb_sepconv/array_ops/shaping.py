"""The same numbers in another shape or order, repeated, or with numbers around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axes_of, axis_of, one_of, sizes_of, whole_sizes_of
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor import matched, plain, tensor
from nb_sepconv.tensors.tracing import OF_SHAPES, word, word_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput, ShapeInput


@word_of(OF_SHAPES)
def shape(input: ArrayInput, name: str | None = None, out_type: DTypeLike = np.int32) -> Tensor:
    """The sizes as an array of int32.

    >>> shape([[1, 2, 3]]).tolist()
    [1, 3]
    """
    return tensor(np.array(plain(input).shape, as_dtype(out_type)))


@word_of(OF_SHAPES)
def size(input: ArrayInput, name: str | None = None, out_type: DTypeLike = np.int32) -> Tensor:
    """How many elements there are."""
    return tensor(np.array(plain(input).size, as_dtype(out_type)))


@word_of(OF_SHAPES)
def rank(input: ArrayInput, name: str | None = None) -> Tensor:
    """How many axes there are."""
    return tensor(np.array(plain(input).ndim, np.int32))


@word
def reshape(tensor: ArrayInput, shape: ShapeInput, name: str | None = None) -> Tensor:
    """The elements in the shape ``shape``, in which one size may be -1.

    >>> reshape([1, 2, 3, 4], [2, -1]).tolist()
    [[1, 2], [3, 4]]
    """
    array, sizes = plain(tensor), sizes_of(shape)
    try:
        return _new(array.reshape(sizes))
    except ValueError:
        raise ValueError(
            f"`shape` must hold as many elements as the array of shape {array.shape}. Received: {sizes}"
        ) from None


def _new(array):
    """What NumPy may have returned as a view, as an array of its own."""
    return tensor(array.copy())


@word
def transpose(a: ArrayInput, perm: Any = None, name: str | None = "transpose", conjugate: bool = False) -> Tensor:
    """The axes in the order ``perm``, reversed by default.

    >>> transpose([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    array = plain(a)
    if perm is None:
        return _new(array.T)
    axes = axes_of(perm, array.ndim, "perm")
    if len(axes) != array.ndim:
        raise ValueError(f"`perm` must name each axis of an array of shape {array.shape} once. Received: {perm!r}")
    array = array.conj() if conjugate and array.dtype.kind == "c" else array
    return _new(array.transpose(axes))


@word
def matrix_transpose(a: ArrayInput, name: str | None = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged.

    >>> matrix_transpose([[[1, 2]]]).tolist()
    [[[1], [2]]]
    """
    array = plain(a)
    if array.ndim < 2:
        raise ValueError(f"`a` must have two axes or more. Received: an array of shape {array.shape}")
    return _new(np.swapaxes(array, -1, -2))


@word
def expand_dims(input: ArrayInput, axis: Any = None, name: str | None = None, dim: int | None = None) -> Tensor:
    """A new axis of size 1 in the place ``axis``; ``dim`` is its older name.

    >>> expand_dims([1, 2], -1).tolist()
    [[1], [2]]
    """
    array, axis = plain(input), one_of("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("`axis` must be given. Received: None")
    return _new(np.expand_dims(array, axis_of(axis, array.ndim + 1)))


@word
def squeeze(input: ArrayInput, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """The array without its axes of size 1, or without these; ``squeeze_dims`` is an older name of ``axis``.

    >>> squeeze([[[1], [2]]]).tolist(), shape(squeeze([[[1], [2]]], [0])).tolist()
    ([1, 2], [2, 1])
    """
    array, axis = plain(input), one_of("axis", axis, "squeeze_dims", squeeze_dims)
    axes = () if axis is None else {axis_of(each, array.ndim) for each in np.asarray(axis).reshape(-1).tolist()}
    if any(array.shape[each] != 1 for each in axes):
        raise ValueError(f"`axis` must name axes of size 1 of an array of shape {array.shape}. Received: {axis!r}")
    return _new(array.squeeze(tuple(axes) or None))


@word
def tile(input: ArrayInput, multiples: Any, name: str | None = None) -> Tensor:
    """The array repeated along each of its axes.

    >>> tile([[1, 2]], [2, 2]).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    array, times = plain(input), whole_sizes_of(multiples, "multiples")
    if len(times) != array.ndim:
        raise ValueError(f"`multiples` must hold a number for each of {array.ndim} axes. Received: {multiples!r}")
    return tensor(np.tile(array, times))


@word
def reverse(tensor: ArrayInput, axis: Any, name: str | None = None) -> Tensor:
    """The elements in the reverse order along some axes.

    >>> reverse([[1, 2], [3, 4]], [1]).tolist()
    [[2, 1], [4, 3]]
    """
    array = plain(tensor)
    if np.ndim(axis) == 0:
        raise ValueError(f"`axis` must be a list of axes. Received: {axis!r}")
    return _new(np.flip(array, axes_of(axis, array.ndim)))


reverse_v2 = reverse


@word
def broadcast_to(input: ArrayInput, shape: ShapeInput, name: str | None = None) -> Tensor:
    """The array in a larger shape; axes of size 1 and new axes in front repeat it.

    >>> broadcast_to([1, 2], [2, 2]).tolist()
    [[1, 2], [1, 2]]
    """
    array, sizes = plain(input), whole_sizes_of(shape)
    try:
        return _new(np.broadcast_to(array, sizes))
    except ValueError:
        raise ValueError(f"`shape` must be one that the shape {array.shape} broadcasts to. Received: {sizes}") from None


@word
def roll(input: ArrayInput, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """The elements moved along axes; what leaves at one end returns at the other.

    >>> roll([1, 2, 3], 1, 0).tolist()
    [3, 1, 2]
    """
    array = plain(input)
    shifts, axes = np.asarray(shift).reshape(-1).tolist(), np.asarray(axis).reshape(-1).tolist()
    if len(shifts) != len(axes):
        raise ValueError(f"`shift` must hold a number for each of `axis`. Received: {shift!r} and {axis!r}")
    return tensor(np.roll(array, shifts, tuple(axis_of(each, array.ndim) for each in axes)))


@word
def repeat(input: ArrayInput, repeats: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Each element repeated, along one axis or in the flat array.

    >>> repeat([1, 2], 2).tolist()
    [1, 1, 2, 2]
    """
    array = plain(input)
    return tensor(np.repeat(array, plain(repeats), None if axis is None else axis_of(axis, array.ndim)))


_MODES = {"CONSTANT": "constant", "REFLECT": "reflect", "SYMMETRIC": "symmetric"}


@word
def pad(
    tensor: ArrayInput, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: ArrayInput = 0
) -> Tensor:
    """Numbers before and after each axis: ``constant_values``, or the array's own mirrored at its ends.

    ``mode`` is "CONSTANT", "REFLECT" (the end itself is not repeated) or "SYMMETRIC" (it is), in any case.

    >>> pad([1, 2, 3], [[2, 0]], "REFLECT").tolist(), pad([1, 2, 3], [[2, 0]], "symmetric").tolist()
    ([3, 2, 1, 2, 3], [2, 1, 1, 2, 3])
    """
    array = plain(tensor)
    if mode == "CONSTANT" and _is_zero(constant_values) and _are_widths(paddings, array.ndim):
        return _surrounded(array, paddings, None)
    widths = plain(paddings)
    if widths.dtype.kind not in "iu" and widths.size:
        raise TypeError(f"`paddings` must hold integers. Received: {widths.dtype.name}")
    if widths.shape != (array.ndim, 2) or (widths < 0).any():
        raise ValueError(f"`paddings` must have the shape ({array.ndim}, 2) and no negative. Received: {paddings!r}")
    how = _MODES.get(mode.upper() if isinstance(mode, str) else mode)
    if how is None:
        raise ValueError(f"`mode` must be one of {', '.join(_MODES)}. Received: {mode!r}")
    widths = widths.astype(np.int64).tolist()
    if how == "constant":
        if _is_zero(constant_values):
            return _surrounded(array, widths, None)
        return _surrounded(array, widths, matched(tensor, constant_values, ("tensor", "constant_values"))[1])
    _check_mirror(array, widths, how)
    return _new(np.pad(array, widths, how))


def _is_zero(value):
    return value == 0 if type(value) in (int, float) else np.ndim(value) == 0 and not value


def _are_widths(paddings, axes):
    """Whether Python's own lists hold two numbers for each axis, none of them negative."""
    if type(paddings) not in (list, tuple) or len(paddings) != axes:
        return False
    for row in paddings:
        if type(row) not in (list, tuple) or len(row) != 2:
            return False
        before, after = row
        if not (type(before) is type(after) is int and before >= 0 and after >= 0):
            return False
    return True


def _surrounded(array, widths, value):
    """The array with numbers around it: zeros, or a single one."""
    if value is not None and value.ndim:
        raise ValueError(f"`constant_values` must be a single number. Received: an array of shape {value.shape}")
    sizes, inside = [], []
    for length, (before, after) in zip(array.shape, widths, strict=True):
        sizes.append(before + length + after)
        inside.append(slice(before, before + length))
    padded = np.zeros(sizes, array.dtype) if value is None else np.full(sizes, value, array.dtype)
    padded[tuple(inside)] = array
    return tensor(padded)


def _check_mirror(array, widths, how):
    for length, pair in zip(array.shape, widths, strict=True):
        most = length - (how == "reflect")
        if max(pair) > max(most, 0):
            raise ValueError(f"`paddings` must be at most {most} along an axis of size {length}. Received: {pair}")


@word
def diag(diagonal: ArrayInput, name: str | None = None) -> Tensor:
    """The array with the elements on the diagonal, and zeros elsewhere.

    >>> diag([1, 2]).tolist()
    [[1, 0], [0, 2]]
    """
    array = plain(diagonal)
    if array.ndim < 1:
        raise ValueError("`diagonal` must have one axis or more. Received: a single number")
    return tensor(np.diag(array.reshape(-1)).reshape(array.shape * 2))


@word
def diag_part(input: ArrayInput, name: str | None = None) -> Tensor:
    """The elements on the diagonal: the reverse of ``diag``."""
    array = plain(input)
    half = array.shape[: array.ndim // 2]
    if array.ndim < 2 or array.shape != half * 2:
        raise ValueError(f"`input` must have a shape that repeats itself. Received: {array.shape}")
    count = math.prod(half)
    return _new(array.reshape(count, count).diagonal().reshape(half))


@word
def matrix_band_part(
    input: ArrayInput, num_lower: ArrayInput, num_upper: ArrayInput, name: str | None = None
) -> Tensor:
    """The matrices with zeros below and above a band around their diagonals; a negative number keeps all.

    >>> matrix_band_part([[1, 2], [3, 4]], 0, -1).tolist()
    [[1, 2], [0, 4]]
    """
    array, lower, upper = plain(input), int(plain(num_lower)), int(plain(num_upper))
    if array.ndim < 2:
        raise ValueError(f"`input` must have two axes or more. Received: an array of shape {array.shape}")
    if lower > array.shape[-2] or upper > array.shape[-1]:
        raise ValueError(
            f"`num_lower` and `num_upper` must be at most the rows and columns of the shape {array.shape}. "
            f"Received: {lower} and {upper}"
        )
    rows, columns = np.ogrid[: array.shape[-2], : array.shape[-1]]
    inside = ((lower < 0) | (rows - columns <= lower)) & ((upper < 0) | (columns - rows <= upper))
    return tensor(np.where(inside, array, array.dtype.type(0)))
