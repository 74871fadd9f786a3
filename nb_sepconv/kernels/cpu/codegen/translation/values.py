"""What a variable of a translated function holds: an integer, named integers in memory, a tuple of such, or an object
that is known beforehand.

Its shape says which, and is the same for values that differ in their integers alone. Comparisons give one bit, which is
widened where an integer is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen.vector import INTP

INTEGER = "integer"


class Fields(NamedTuple):
    """The integers of a named tuple ``kind`` in memory, at an address."""

    kind: Any
    address: Any


class Known(NamedTuple):
    """An object of Python: a function, a module, a class, or None."""

    object: Any


NONE = Known(None)


def of_object(found: Any) -> Any:
    """The value of a constant of a function, or of what it finds in its module."""
    if isinstance(found, int):
        return INTP(int(found))
    if isinstance(found, tuple):
        return tuple_like(type(found), map(of_object, found))
    return Known(found)


def tuple_like(kind: Any, items: Iterable[Any]) -> Any:
    """A tuple, or a named one."""
    return kind._make(items) if hasattr(kind, "_make") else tuple(items)


def as_integer(builder: Any, value: Any) -> Any:
    """An intp."""
    return builder.zext(value, INTP) if value.type.width == 1 else value


def as_condition(builder: Any, value: Any) -> Any:
    """One bit."""
    return value if value.type.width == 1 else builder.icmp_signed("!=", value, INTP(0))


def shape_of(value: Any) -> Any:
    """The shape of a value, which may be a key."""
    if isinstance(value, ir.Value):
        return INTEGER
    if isinstance(value, Known):
        return value
    if isinstance(value, Fields):
        return Fields, value.kind
    return (type(value), *map(shape_of, value))


def integers_of(builder: Any, value: Any) -> list[Any]:
    """The integers that a value consists of, in order."""
    if isinstance(value, ir.Value):
        return [as_integer(builder, value)]
    if isinstance(value, Known):
        return []
    if isinstance(value, Fields):
        return [value.address]
    return [each for item in value for each in integers_of(builder, item)]


def integers_in(shape: Any) -> int:
    """How many integers a value of a shape consists of."""
    if isinstance(shape, Known):
        return 0
    return 1 if shape == INTEGER or shape[0] is Fields else sum(map(integers_in, shape[1:]))


def shaped(shape: Any, integers: Iterator[Any]) -> Any:
    """The value of a shape that consists of these integers."""
    if isinstance(shape, Known):
        return shape
    if shape == INTEGER:
        return next(integers)
    if shape[0] is Fields:
        return Fields(shape[1], next(integers))
    return tuple_like(shape[0], [shaped(each, integers) for each in shape[1:]])
