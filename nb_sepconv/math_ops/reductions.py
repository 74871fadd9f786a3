"""Functions of all elements along some axes."""

import numpy as np

from nb_sepconv.checks.words import axes_of, axis_of, one_of
from nb_sepconv.tensors.convert import is_floating, widely
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import plain, tensor
from nb_sepconv.tensors.tracing import word


def _numbers(values, name="input_tensor"):
    values = plain(values)
    if values.dtype.kind not in "iufc" and not is_floating(values.dtype):
        raise TypeError(f"`{name}` must be an array of numbers. Received: {values.dtype}")
    return values


def _bools(values):
    values = plain(values)
    if values.dtype.kind != "b":
        raise TypeError(f"`input_tensor` must be an array of bools. Received: {values.dtype}")
    return values


def _sum(values, axis, keepdims):
    return np.add.reduce(values, axis=axis, dtype=values.dtype, keepdims=keepdims)


def _mean(values, axis, keepdims):
    total = _sum(values, axis, keepdims)
    count = values.size // total.size if total.size else 0
    if values.dtype.kind not in "iu":
        return (total / np.float64(count)).astype(values.dtype)
    return np.trunc(total / count) if count else np.zeros_like(total)


def _product(values, axis, keepdims):
    return np.multiply.reduce(values, axis=axis, dtype=values.dtype, keepdims=keepdims)


def _lowest(dtype):
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _highest(dtype):
    return np.iinfo(dtype).max if dtype.kind in "iu" else np.inf


def _maximum(values, axis, keepdims):
    return np.maximum.reduce(values, axis=axis, keepdims=keepdims, initial=_lowest(values.dtype))


def _minimum(values, axis, keepdims):
    return np.minimum.reduce(values, axis=axis, keepdims=keepdims, initial=_highest(values.dtype))


def _log_sum_exp(values, axis, keepdims):
    peak = _maximum(values, axis, True)
    peak = np.where(np.isfinite(peak), peak, values.dtype.type(0))
    total = np.log(_sum(np.exp(values - peak), axis, True)) + peak
    return total if keepdims else total.squeeze(axis)


def _all(values, axis, keepdims):
    return np.logical_and.reduce(values, axis=axis, keepdims=keepdims)


def _any(values, axis, keepdims):
    return np.logical_or.reduce(values, axis=axis, keepdims=keepdims)


def _floats(values):
    values = plain(values)
    if not is_floating(values.dtype):
        raise TypeError(f"`input_tensor` must be an array of floats. Received: {values.dtype}")
    return values


_OLD_NAMES = """

    ``axis`` is an int, a sequence of ints, or None for all axes; ``keepdims`` keeps them with size 1 (default False).
    ``reduction_indices`` and ``keep_dims`` are their older names.
"""
REDUCTIONS = {
    "reduce_sum": (
        *(_sum, _numbers, "The sum over some axes; 16-bit floats are summed in float32."),
        ">>> reduce_sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()\n    [4.0, 6.0]",
    ),
    "reduce_mean": (
        *(_mean, _numbers, "The mean over some axes; NaN of nothing, and cut to an integer for integers."),
        ">>> reduce_mean([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()\n    [1.5, 3.5]",
    ),
    "reduce_max": (
        *(_maximum, _numbers, "The largest number over some axes; of nothing -inf, or the least integer."),
        ">>> reduce_max([[1, 5], [3, 4]], 1).tolist()\n    [5, 4]",
    ),
    "reduce_min": (
        *(_minimum, _numbers, "The smallest number over some axes; of nothing inf, or the largest integer."),
        ">>> reduce_min([[1, 5], [3, 4]], 1).tolist()\n    [1, 3]",
    ),
    "reduce_prod": (
        *(_product, _numbers, "The product over some axes; 1 of nothing."),
        ">>> reduce_prod([2, 3, 4]).item()\n    24",
    ),
    "reduce_all": (
        *(_all, _bools, "Whether all are True over some axes."),
        ">>> reduce_all([[True, False], [True, True]], 1).tolist()\n    [False, True]",
    ),
    "reduce_any": (
        *(_any, _bools, "Whether one is True over some axes."),
        ">>> reduce_any([[True, False], [False, False]], 1).tolist()\n    [True, False]",
    ),
    "reduce_logsumexp": (
        *(_log_sum_exp, _floats, "``log(sum(exp(x)))`` over some axes, without overflow."),
        ">>> round(reduce_logsumexp([1000.0, 1000.0]).item(), 3)\n    1000.693",
    ),
}


def _reduction(name, function, accepted, sentence, example):
    def over_axes(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None, keep_dims=None):
        if reduction_indices is not None:
            axis = one_of("axis", axis, "reduction_indices", reduction_indices)
        if keep_dims is not None:
            keepdims = one_of("keepdims", keepdims, "keep_dims", keep_dims)
        values = accepted(input_tensor)
        axes = axes_of(axis, values.ndim)
        return tensor(reduced(function, values, axes, bool(keepdims)))

    over_axes.__name__ = over_axes.__qualname__ = name
    over_axes.__doc__ = f"{sentence}{_OLD_NAMES}\n    {example}\n    "
    return word(over_axes)


def reduced(function, values, axes, keepdims):
    """A reduction of a plain array; 16-bit floats compute in float32 and round once."""
    if values.dtype.itemsize == 2 and is_floating(values.dtype):
        return widely(lambda wide: function(wide, axes, keepdims), values)
    return np.asarray(quietly(function, values, axes, keepdims), values.dtype)


for _name, _row in REDUCTIONS.items():
    globals()[_name] = _reduction(_name, *_row)


@word
def count_nonzero(input_tensor=None, axis=None, keepdims=None, dtype=np.int64, name=None, reduction_indices=None,
                  keep_dims=None, input=None):  # fmt: skip
    """How many elements are not 0 over some axes, as int64.

    >>> count_nonzero([[0, 1], [2, 3]], axis=1).tolist()
    [1, 2]
    """
    values = plain(one_of("input_tensor", input_tensor, "input", input))
    axis = one_of("axis", axis, "reduction_indices", reduction_indices)
    keepdims = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    axes = axes_of(axis, values.ndim)
    return tensor(np.asarray(np.count_nonzero(values, axes, keepdims=keepdims), as_dtype(dtype)))


def _place(function, name, values, axis, dimension, output_type):
    values, axis = _numbers(values, "input"), one_of("axis", axis, "dimension", dimension)
    axis = axis_of(0 if axis is None else axis, values.ndim)
    if not values.shape[axis]:
        raise ValueError(f"`input` must have elements along the axis {axis}. Received: the shape {values.shape}")
    return tensor(np.asarray(function(values, axis), as_dtype(output_type)))


@word
def argmax(input, axis=None, name=None, dimension=None, output_type=np.int64):
    """The place of the largest number along an axis, the first one by default, as int64; the first of equals.

    >>> argmax([[1, 5], [7, 4]], axis=1).tolist()
    [1, 0]
    """
    return _place(np.argmax, "argmax", input, axis, dimension, output_type)


@word
def argmin(input, axis=None, name=None, dimension=None, output_type=np.int64):
    """The place of the smallest number along an axis, the first one by default, as int64; the first of equals.

    >>> argmin([[1, 5], [7, 4]], axis=1).tolist()
    [0, 1]
    """
    return _place(np.argmin, "argmin", input, axis, dimension, output_type)


def _cumulative(function, first, x, axis, exclusive, reverse):
    x = _numbers(x, "x")
    axis = axis_of(axis, x.ndim)
    x = np.flip(x, axis) if reverse else x
    total = quietly(function, x, axis, x.dtype)
    if exclusive:
        start = np.full_like(np.take(x, range(min(1, x.shape[axis])), axis), first)
        total = np.concatenate([start, np.take(total, range(x.shape[axis] - 1), axis)], axis)
    return tensor((np.flip(total, axis) if reverse else total).copy())


@word
def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """The sums of the elements so far along an axis; ``exclusive`` leaves the element itself out.

    >>> cumsum([1, 2, 3]).tolist(), cumsum([1, 2, 3], exclusive=True, reverse=True).tolist()
    ([1, 3, 6], [5, 3, 0])
    """
    return _cumulative(np.cumsum, 0, x, axis, exclusive, reverse)


@word
def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """The products of the elements so far along an axis; ``exclusive`` leaves the element itself out.

    >>> cumprod([2, 3, 4]).tolist()
    [2, 6, 24]
    """
    return _cumulative(np.cumprod, 1, x, axis, exclusive, reverse)


@word
def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None, keep_dims=None):
    """The norm of vectors along an axis, or of all elements: Euclidean, 1, 2, infinity, or another power.

    >>> norm([3.0, 4.0]).item()
    5.0
    """
    values = _floats(tensor)
    keepdims = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    axes = axes_of(axis, values.ndim)
    if axis is not None and len(axes) == 2 and ord not in ("euclidean", "fro", 1, np.inf):
        raise ValueError(f"`ord` must be 'euclidean', 'fro', 1 or infinity for matrices. Received: {ord!r}")
    return _new(reduced(_norm_of(ord, axis is not None and len(axes) == 2, axes), values, axes, keepdims))


def _new(values):
    return tensor(values)


def _norm_of(ord, matrices, axes):
    if ord in ("euclidean", "fro", 2):
        return lambda x, axis, keepdims: np.sqrt(_sum(np.square(np.abs(x)), axis, keepdims))
    if matrices:
        outer, inner = (axes[1], axes[0]) if ord == 1 else axes
        return lambda x, axis, keepdims: _kept(_maximum(_sum(np.abs(x), inner, True), outer, True), axis, keepdims)
    if ord == np.inf:
        return lambda x, axis, keepdims: _maximum(np.abs(x), axis, keepdims)
    if isinstance(ord, (int, float)) and ord > 0:
        return lambda x, axis, keepdims: _sum(np.abs(x) ** ord, axis, keepdims) ** (1 / ord)
    raise ValueError(f"`ord` must be 'euclidean', 'fro', a positive number or infinity. Received: {ord!r}")


def _kept(values, axes, keepdims):
    return values if keepdims else values.squeeze(axes)


def _segments(data, segment_ids, count):
    data, ids = _numbers(data, "data"), plain(segment_ids)
    if ids.dtype.kind not in "iu" or data.shape[: ids.ndim] != ids.shape:
        raise ValueError(
            f"`segment_ids` must be integers in a shape that {data.shape} begins with. "
            f"Received: {ids.dtype.name} of shape {ids.shape}"
        )
    data, ids = data.reshape(ids.size, *data.shape[ids.ndim :]), ids.reshape(-1)
    return data[ids >= 0], ids[ids >= 0], count


def _scattered(function, first, data, ids, count):
    if ids.size and ids.max() >= count:
        raise ValueError(f"`segment_ids` must be below {count}. Received: {ids.max()}")
    total = np.full((count, *data.shape[1:]), first, data.dtype)
    quietly(function.at, total, ids, data)
    return tensor(total)


def _sorted_segments(data, segment_ids):
    data, ids, _ = _segments(data, segment_ids, None)
    if (np.diff(ids) < 0).any():
        raise ValueError(f"`segment_ids` must be sorted. Received: {ids.tolist()}")
    return data, ids, int(ids[-1]) + 1 if ids.size else 0


@word
def segment_sum(data, segment_ids, name=None):
    """The sums of the rows that have the same number in ``segment_ids``, which is sorted.

    >>> segment_sum([1, 2, 3], [0, 0, 1]).tolist()
    [3, 3]
    """
    return _scattered(np.add, 0, *_sorted_segments(data, segment_ids))


@word
def unsorted_segment_sum(data, segment_ids, num_segments, name=None):
    """The sums of the rows that have the same number in ``segment_ids``; rows with a negative one are left out.

    >>> unsorted_segment_sum([1, 2, 3], [1, 0, 1], 2).tolist()
    [2, 4]
    """
    return _scattered(np.add, 0, *_segments(data, segment_ids, int(plain(num_segments))))


@word
def unsorted_segment_max(data, segment_ids, num_segments, name=None):
    """The largest of the rows that have the same number in ``segment_ids``.

    >>> unsorted_segment_max([1, 2, 3], [1, 0, 1], 2).tolist()
    [2, 3]
    """
    data, ids, count = _segments(data, segment_ids, int(plain(num_segments)))
    lowest = _lowest(data.dtype) if data.dtype.kind in "iu" else np.finfo(data.dtype).min
    return _scattered(np.maximum, lowest, data, ids, count)
