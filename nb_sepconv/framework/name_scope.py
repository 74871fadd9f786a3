"""Name scopes: prefixes for the names of operations and of ``Variable``, not of ``get_variable``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import graph_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class name_scope:
    """A context manager that appends ``name``, made unique, to the current name scope.

    Args:
        name: str; a slash at its end means exactly this scope, "" or None the root.
        default_name: str, used when ``name`` is None. Default None.
        values: a sequence whose variables choose the graph. Default None: the current graph.

    Returns:
        On entry, the full name of the scope with a slash at its end.

    Raises:
        TypeError: when ``default_name`` is not a str.
        ValueError: when the name holds characters that TF does not accept, or when there are values but no name.

    >>> with name_scope("tower") as outer, name_scope("tower") as inner:
    ...     outer, inner
    ('tower/', 'tower/tower/')
    """

    def __init__(self, name: str | None, default_name: str | None = None, values: Iterable[Any] | None = None) -> None:
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(f"`default_name` must be a string (did you mean `values`?). Received: {default_name!r}")
        self._name = default_name if name is None else name
        self._values = values
        self._entered = []

    @property
    def name(self) -> str | None:
        """The name that was asked for."""
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            raise ValueError("At least one of `name` and `default_name` must be provided. Received: None and None")
        graph = graph_of(self._values)
        scope = graph.name_scope(self._name)
        opened = scope.__enter__()
        current = graph.as_current()
        current.__enter__()
        self._entered.append((current, scope))
        return opened

    def __exit__(self, *error: object) -> None:
        current, scope = self._entered.pop()
        current.__exit__(*error)
        scope.__exit__(*error)
