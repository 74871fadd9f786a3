"""Lists, tuples, dicts and slices that hold arrays: their items, and others in their place."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def items_of(value: Any) -> Iterator[Any]:
    """What a container holds; nothing for any other value."""
    if isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()
    elif type(value) is slice:
        yield from (value.start, value.stop, value.step)


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """A container of the same kind with changed items; any other value as it is."""
    kind = type(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return kind(*map(change, value))
    if isinstance(value, (list, tuple)):
        return kind(map(change, value))
    if isinstance(value, dict):
        changed = copy.copy(value)
        changed.update({key: change(item) for key, item in value.items()})
        return changed
    return slice(*map(change, items_of(value))) if kind is slice else value
