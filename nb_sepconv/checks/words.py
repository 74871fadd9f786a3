"""The checks that TF's array words share: axes, sizes, and arguments of two names."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def one_of(name: str, value: Any, older_name: str, older_value: Any) -> Any:
    """The argument under whichever of its names it was given.

    Raises:
        ValueError: it was given under both.
    """
    if value is not None and older_value is not None:
        raise ValueError(
            f"`{name}` and `{older_name}` are two names of one argument, give only one. "
            f"Received: {name}={value!r}, {older_name}={older_value!r}"
        )
    return older_value if value is None else value


def axis_of(axis: Any, rank: int, name: str = "axis") -> int:
    """One axis as an int in [0, rank).

    Raises:
        TypeError: it is no integer.
        ValueError: there is no such axis.
    """
    if type(axis) is int and 0 <= axis < rank:
        return axis
    try:
        number = operator.index(axis)
    except TypeError:
        axis = np.asarray(axis)
        if axis.size != 1 or axis.dtype.kind not in "iu":
            raise TypeError(f"`{name}` must be an integer. Received: {axis.tolist()!r}") from None
        number = int(axis.item())
    if not -rank <= number < rank:
        raise ValueError(f"`{name}` must lie in [-{rank}, {rank}). Received: {number}")
    return number + rank if number < 0 else number


def axes_of(axis: Any, rank: int, name: str = "axis") -> tuple[int, ...]:
    """One or several axes as a tuple of ints in [0, rank), all of them for None.

    Raises:
        TypeError: one is no integer.
        ValueError: there is no such axis, or one is given twice.
    """
    if axis is None:
        return tuple(range(rank))
    if type(axis) is int:
        return (axis_of(axis, rank, name),)
    integers = type(axis) in (list, tuple) and all(type(each) is int for each in axis)
    given = axis if integers else np.asarray(axis).reshape(-1).tolist()
    axes = tuple([axis_of(each, rank, name) for each in given])
    if len(set(axes)) < len(axes):
        raise ValueError(f"`{name}` must name each axis once. Received: {axis!r}")
    return axes


def sizes_of(shape: Any, name: str = "shape") -> tuple[int, ...]:
    """A shape as a tuple of ints, from an int, an array, or a sequence of these.

    Raises:
        TypeError: a size is no integer.
    """
    values = shape if isinstance(shape, (list, tuple)) else np.asarray(shape).reshape(-1).tolist()
    try:
        return tuple([int(operator.index(value)) for value in values])
    except TypeError:
        raise TypeError(f"`{name}` must hold integers. Received: {shape!r}") from None


def whole_sizes_of(shape: Any, name: str = "shape") -> tuple[int, ...]:
    """The same, and none of them is negative.

    Raises:
        TypeError: a size is no integer.
        ValueError: a size is negative.
    """
    sizes = sizes_of(shape, name)
    if any(size < 0 for size in sizes):
        raise ValueError(f"`{name}` must hold sizes >= 0. Received: {shape!r}")
    return sizes
