"""Arrays out of numbers, sizes and other arrays."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import whole_sizes_of
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import Tensor, matched_all, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import ArrayInput, ShapeInput


@word
def constant(
    value: ArrayInput,
    dtype: DTypeLike = None,
    shape: ShapeInput | None = None,
    name: str | None = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """An array of numbers; ``shape`` larger than ``value`` repeats the last number.

    >>> constant([1, 2], shape=[2, 3]).tolist()
    [[1, 2, 2], [2, 2, 2]]
    """
    array = _typed(value, dtype)
    if shape is None:
        return array
    sizes = whole_sizes_of(shape)
    if verify_shape and sizes != np.shape(array):
        raise ValueError(f"`value` must have the shape {sizes} of `shape`. Received: {np.shape(array)}")
    return tensor(_filled(array, sizes))


def _filled(array, sizes):
    missing = int(np.prod(sizes)) - array.size
    if missing < 0 or (array.size == 0 and missing):
        raise ValueError(f"`value` must hold {int(np.prod(sizes))} numbers at most, and one. Received: {array.size}")
    flat = array.reshape(-1)
    return np.concatenate([flat, np.repeat(flat[-1:], missing)]).reshape(sizes)


@word
def convert_to_tensor(
    value: ArrayInput,
    dtype: DTypeLike = None,
    name: str | None = None,
    preferred_dtype: DTypeLike = None,
    dtype_hint: DTypeLike = None,
) -> Tensor:
    """A copy of ``value`` as an array; Python's floats become float32 and its ints int32.

    >>> convert_to_tensor([1.0, 2.0]).get_shape().as_list()
    [2]
    """
    if dtype is not None and isinstance(value, Tensor) and value.dtype != as_dtype(dtype):
        raise ValueError(f"`value` must have the type {as_dtype(dtype).name} of `dtype`. Received: {value.dtype.name}")
    hint = preferred_dtype if dtype_hint is None else dtype_hint
    if dtype is None and hint is not None and not hasattr(value, "dtype"):
        try:
            return _typed(value, hint)
        except TypeError:
            pass
    return _typed(value, dtype)


def _typed(value, dtype):
    array = plain(value)
    if array.dtype.kind not in "biufc" and not is_floating(array.dtype):
        raise TypeError(f"`value` must hold numbers or bools. Received: {value!r}")
    if dtype is None:
        return tensor(array.copy())
    dtype = as_dtype(dtype)
    if not hasattr(value, "dtype"):
        array = _exact(value, array)
        _check_kind(array, dtype)
    return tensor(quietly(array.astype, dtype, copy=True))


def _exact(value, array):
    """Python's numbers as NumPy reads them: float64 would lose digits in float32 on the way."""
    return np.asarray(value) if array.dtype.kind in "fi" else array


def _check_kind(array, dtype):
    no_bools = dtype.kind == "b" and array.dtype.kind != "b"
    if array.size and (no_bools or (is_floating(array.dtype) and dtype.kind in "iu")):
        raise TypeError(f"`value` must hold numbers of the type {dtype.name}. Received: {array.reshape(-1)[0]!s}")


@word
def zeros(shape: ShapeInput, dtype: DTypeLike = np.float32, name: str | None = None) -> Tensor:
    """An array of zeros.

    >>> zeros([2, 3]).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    return tensor(np.zeros(whole_sizes_of(shape), as_dtype(dtype)))


@word
def ones(shape: ShapeInput, dtype: DTypeLike = np.float32, name: str | None = None) -> Tensor:
    """An array of ones.

    >>> ones([2], "int32").tolist()
    [1, 1]
    """
    return tensor(np.ones(whole_sizes_of(shape), as_dtype(dtype)))


@word
def fill(dims: ShapeInput, value: ArrayInput, name: str | None = None) -> Tensor:
    """An array of one number.

    >>> fill([2, 2], 9).tolist()
    [[9, 9], [9, 9]]
    """
    value = plain(value)
    if value.ndim:
        raise ValueError(f"`value` must be a single number. Received: an array of shape {value.shape}")
    return tensor(np.full(whole_sizes_of(dims, "dims"), value))


@word
def zeros_like(tensor: ArrayInput, dtype: DTypeLike = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of ``tensor``, and of its type unless ``dtype`` is given."""
    return _like(np.zeros, tensor, dtype)


@word
def ones_like(tensor: ArrayInput, dtype: DTypeLike = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of ``tensor``, and of its type unless ``dtype`` is given."""
    return _like(np.ones, tensor, dtype)


def _like(make, value, dtype):
    value = plain(value)
    return tensor(make(value.shape, value.dtype if dtype is None else as_dtype(dtype)))


_EXACT = frozenset(map(np.dtype, ("int32", "int64", "float32", "float64")))
_MOST_EXACT = 2**24  # each of them holds all integers up to it


@word
def range(
    start: ArrayInput,
    limit: ArrayInput | None = None,
    delta: ArrayInput = 1,
    dtype: DTypeLike = None,
    name: str | None = "range",
) -> Tensor:
    """The numbers from ``start`` (0 where only ``limit`` is given) up to ``limit``, which is left out.

    >>> range(3).tolist(), range(1.0, 2.0, 0.5).tolist()
    ([0, 1, 2], [1.0, 1.5])
    """
    start, limit = (0, start) if limit is None else (start, limit)
    chosen = np.dtype(np.int32) if dtype is None else as_dtype(dtype)
    if chosen in _EXACT and _are_near(start, limit, delta):
        return tensor(np.arange(start, limit, delta, chosen))
    if dtype is not None:
        start, limit, delta = (constant(value).astype(as_dtype(dtype)) for value in (start, limit, delta))
    start, limit, delta = matched_all((start, limit, delta), ("start", "limit", "delta"))
    if not delta:
        raise ValueError("`delta` must not be zero. Received: 0")
    if start.ndim or limit.ndim or delta.ndim:
        raise ValueError("`start`, `limit` and `delta` must be single numbers. Received: arrays")
    if (limit - start) * np.sign(delta) < 0:
        raise ValueError(f"`limit` must lie in the direction of `delta`. Received: {start}, {limit}, {delta}")
    wide = np.float64 if is_floating(start.dtype) else np.int64
    count = int(np.ceil((limit.astype(wide) - start.astype(wide)) / delta.astype(wide)))
    return tensor((start.astype(wide) + delta.astype(wide) * np.arange(count, dtype=wide)).astype(start.dtype))


def _are_near(start, limit, delta):
    """Whether these are Python's ints, of which nothing is to be said, and no number between needs rounding."""
    if not all(type(value) is int and -_MOST_EXACT <= value <= _MOST_EXACT for value in (start, limit, delta)):
        return False
    return limit >= start if delta > 0 else limit <= start and delta < 0


@word
def linspace(start: ArrayInput, stop: ArrayInput, num: Any, name: str | None = None) -> Tensor:
    """``num`` numbers from ``start`` to ``stop``, both included, at equal distances.

    >>> linspace(10.0, 12.0, 3).tolist()
    [10.0, 11.0, 12.0]
    """
    start, stop = matched_all((start, stop), ("start", "stop"))
    if not is_floating(start.dtype):
        raise TypeError(f"`start` must be a float. Received: {start.dtype.name}")
    count = int(plain(num))
    if count < 0:
        raise ValueError(f"`num` must not be negative. Received: {count}")
    return tensor(np.linspace(start, stop, count, dtype=np.float64).astype(start.dtype))


lin_space = linspace


@word
def eye(
    num_rows: int,
    num_columns: int | None = None,
    batch_shape: ShapeInput | None = None,
    dtype: DTypeLike = np.float32,
    name: str | None = None,
) -> Tensor:
    """The identity matrix, or a batch of it.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    columns = num_rows if num_columns is None else num_columns
    one = np.eye(int(plain(num_rows)), int(plain(columns)), dtype=as_dtype(dtype))
    batch = () if batch_shape is None else whole_sizes_of(batch_shape, "batch_shape")
    return tensor(np.tile(one, (*batch, 1, 1)) if batch else one)


@word
def identity(input: ArrayInput, name: str | None = None) -> Tensor:
    """A copy."""
    return tensor(plain(input).copy())


@word
def stop_gradient(input: ArrayInput, name: str | None = None) -> Tensor:
    """A copy; gradients here are asked for by name, so that there is nothing to stop."""
    return tensor(plain(input).copy())


@word
def one_hot(
    indices: ArrayInput,
    depth: ArrayInput,
    on_value: ArrayInput | None = None,
    off_value: ArrayInput | None = None,
    axis: Any = None,
    dtype: DTypeLike = None,
    name: str | None = None,
) -> Tensor:
    """``on_value`` where a new axis has the index, ``off_value`` elsewhere; an index outside has none.

    >>> one_hot([1, -1], 3).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    indices = plain(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"`indices` must be an array of integers. Received: {indices.dtype.name}")
    count = depth if type(depth) is int else int(plain(depth))
    if count < 0:
        raise ValueError(f"`depth` must not be negative. Received: {count}")
    axis = -1 if axis is None else int(axis)
    if not -1 <= axis <= indices.ndim:
        raise ValueError(f"`axis` must lie in [-1, {indices.ndim}]. Received: {axis}")
    place = indices.ndim if axis == -1 else axis
    classes = np.arange(count)
    if place == indices.ndim:
        hot = indices[..., None] == classes
    else:
        hot = np.expand_dims(indices, place) == classes.reshape([-1] + [1] * (indices.ndim - place))
    if on_value is off_value is None:
        return tensor(hot.astype(np.float32 if dtype is None else as_dtype(dtype)))
    return tensor(np.where(hot, *_one_hot_values(on_value, off_value, dtype)))


def _one_hot_values(on_value, off_value, dtype):
    given = [value for value in (on_value, off_value) if value is not None]
    if dtype is None:
        dtype = matched_all(given, ["on_value", "off_value"])[0].dtype if given else np.dtype(np.float32)
    else:
        dtype = as_dtype(dtype)
    for value in given:
        if hasattr(value, "dtype") and value.dtype != dtype:
            raise TypeError(f"`on_value` and `off_value` must have the type {dtype.name}. Received: {value.dtype.name}")
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    return (np.asarray(value).astype(dtype) for value in (on, off))


@word
def sequence_mask(
    lengths: ArrayInput, maxlen: ArrayInput | None = None, dtype: DTypeLike = np.bool_, name: str | None = None
) -> Tensor:
    """True at the first ``lengths`` places of a new last axis of ``maxlen`` (default the largest length).

    >>> sequence_mask([1, 3], 4, dtype="int32").tolist()
    [[1, 0, 0, 0], [1, 1, 1, 0]]
    """
    lengths = plain(lengths)
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"`lengths` must be an array of integers. Received: {lengths.dtype.name}")
    if maxlen is None:
        count = builtins.max(int(lengths.max(initial=0)), 0)
    else:
        count = maxlen if type(maxlen) is int else int(plain(maxlen))
    return tensor((np.arange(count) < lengths[..., None]).astype(as_dtype(dtype)))
