"""The few array functions of the TF1 vocabulary that regularizers written as callables use.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.tensors.convert import as_array, is_floating, widely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array, ArrayInput


def reduce_sum(
    input_tensor: ArrayInput,
    axis: int | Sequence[int] | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: int | Sequence[int] | None = None,
    keep_dims: bool | None = None,
) -> Array:
    """The sum over some axes.

    Args:
        input_tensor: array of numbers, any shape.
        axis: int, sequence of ints, or None (all axes). Default None. ``reduction_indices`` is its older name.
        keepdims: bool, keep the summed axes with length 1. Default False. ``keep_dims`` is its older name.
        name: unused.

    Returns:
        An array of the type of ``input_tensor``; 16-bit floats are summed in float32.

    Raises:
        ValueError: an argument is given under both its names.
        TypeError: ``input_tensor`` does not hold numbers.

    Example:
        >>> reduce_sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [4.0, 6.0]
    """
    return _reduce(np.sum, input_tensor, axis, keepdims, reduction_indices, keep_dims)


def reduce_mean(
    input_tensor: ArrayInput,
    axis: int | Sequence[int] | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: int | Sequence[int] | None = None,
    keep_dims: bool | None = None,
) -> Array:
    """The mean over some axes; the mean of integers is cut to an integer, as in TF.

    Args:
        input_tensor: array of numbers, any shape.
        axis: int, sequence of ints, or None (all axes). Default None. ``reduction_indices`` is its older name.
        keepdims: bool, keep the averaged axes with length 1. Default False. ``keep_dims`` is its older name.
        name: unused.

    Returns:
        An array of the type of ``input_tensor``; NaN where there is nothing to average.

    Raises:
        ValueError: an argument is given under both its names.
        TypeError: ``input_tensor`` does not hold numbers.

    Example:
        >>> reduce_mean([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
        [1.5, 3.5]
    """
    return _reduce(_mean, input_tensor, axis, keepdims, reduction_indices, keep_dims)


def square(x: ArrayInput, name: str | None = None) -> Array:
    """Each element times itself.

    Args:
        x: array of numbers, any shape.
        name: unused.

    Returns:
        An array of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` does not hold numbers.

    Example:
        >>> square([-3.0, 2.0]).tolist()
        [9.0, 4.0]
    """
    return widely(lambda wide: wide * wide, _numbers(x, "x"))


def abs(x: ArrayInput, name: str | None = None) -> Array:
    """The magnitude of each element.

    Args:
        x: array of numbers, any shape.
        name: unused.

    Returns:
        An array of the shape of ``x`` and its type (its real type where ``x`` is complex).

    Raises:
        TypeError: ``x`` does not hold numbers.

    Example:
        >>> abs([-3.0, 2.0]).tolist()
        [3.0, 2.0]
    """
    return np.asarray(np.abs(_numbers(x, "x")))


def _reduce(function, values, axis, keepdims, reduction_indices, keep_dims):
    values = _numbers(values, "input_tensor")
    axis = _one_of("axis", axis, "reduction_indices", reduction_indices)
    keepdims = bool(_one_of("keepdims", keepdims, "keep_dims", keep_dims))
    axis = axis if axis is None or np.ndim(axis) == 0 else tuple(axis)
    return widely(lambda wide: function(wide, axis=axis, keepdims=keepdims), values)


def _mean(values, axis, keepdims):
    total = np.sum(values, axis=axis, keepdims=keepdims, dtype=values.dtype)
    count = values.size // total.size if total.size else 0
    return np.trunc(total / count) if values.dtype.kind in "iu" else total / np.float64(count)


def _one_of(name, value, older_name, older_value):
    if value is not None and older_value is not None:
        raise ValueError(
            f"`{name}` and `{older_name}` are two names of one argument, give only one. "
            f"Received: {name}={value!r}, {older_name}={older_value!r}"
        )
    return older_value if value is None else value


def _numbers(values, name):
    values = as_array(values)
    if values.dtype.kind not in "iufc" and not is_floating(values.dtype):
        raise TypeError(f"`{name}` must be an array of numbers. Received: {values.dtype}")
    return values
