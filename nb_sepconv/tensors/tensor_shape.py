"""Shapes as tuples with the words that TF1 code uses on them."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Dimension(int):
    """An int that also has ``value``, as TF1's dimensions do."""

    __slots__ = ()

    @property
    def value(self) -> int:
        """The int itself."""
        return int(self)


class Shape(tuple[Any, ...]):
    """A tuple of ints (None where unknown) that also answers as ``tf.TensorShape`` does.

    >>> Shape((3, 4)).as_list(), Shape((None, 4)).is_fully_defined(), Shape((3, 4))[-1].value, Shape((3, 4)) == [3, 4]
    ([3, 4], False, 4, True)
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, _plain(other))

    def __ne__(self, other: object) -> bool:
        return tuple.__ne__(self, _plain(other))

    __hash__: Callable[[], int] = tuple.__hash__

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return Dimension(item) if type(item) is int else Shape(item) if type(item) is tuple else item

    def __add__(self, other: Iterable[Any]) -> Shape:
        return Shape([*self, *other])

    def __radd__(self, other: Iterable[Any]) -> Shape:
        return Shape([*other, *self])

    def concatenate(self, other: Any) -> Shape:
        """The dimensions of both shapes in a row."""
        return self + as_shape(other)

    @property
    def dims(self) -> list[Dimension | None]:
        """The dimensions as a list; each has ``value``."""
        return [None if size is None else Dimension(size) for size in self]

    @property
    def rank(self) -> int:
        """How many dimensions there are."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[Any]:
        """The dimensions as a list."""
        return list(self)

    def is_fully_defined(self) -> bool:
        """Whether every dimension is known."""
        return None not in self

    def num_elements(self) -> int | None:
        """The product of the dimensions, or None when one is unknown."""
        return math.prod(self) if self.is_fully_defined() else None

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both shapes could be the shape of one array."""
        other = as_shape(other)
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )


def _plain(other):
    """A list or an array as the tuple that it is compared as."""
    return tuple(other) if isinstance(other, list) or getattr(other, "ndim", 0) == 1 else other


def as_shape(value: Any) -> Shape:
    """``value`` as a Shape.

    Args:
        value: an int, or a sequence of ints (NumPy's too) and Nones.

    Raises:
        TypeError: when a dimension is not an integer.
        ValueError: when a dimension is negative.
    """
    if hasattr(value, "as_list"):
        value = value.as_list()
    try:
        dimensions = tuple(value)
    except TypeError:
        dimensions = (value,)
    return Shape([_dimension(d, value) for d in dimensions])


def _dimension(value, shape):
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"`shape` must hold integers or None. Received: {shape!r}")
    if value < 0:
        raise ValueError(f"`shape` must hold dimensions >= 0. Received: {shape!r}")
    return operator.index(value)
