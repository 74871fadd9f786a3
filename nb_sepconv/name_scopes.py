"""Name scopes: prefixes for the names of operations and of ``Variable``, not of ``get_variable``."""

import re

from nb_sepconv.graphs import graph_of

_ROOT_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_NESTED_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")


class name_scope:
    """A context manager that appends ``name``, made unique, to the current name scope.

    Args:
        name: str; a slash at its end means exactly this scope, "" or None the root.
        default_name: str, used when ``name`` is None. Default None.
        values: a sequence whose variables choose the graph. Default None: the current graph.
        graph: Graph, the scope's graph. Default that of ``values``.

    Returns:
        On entry, the full name of the scope with a slash at its end.

    Raises:
        TypeError: when ``default_name`` is not a str.
        ValueError: when the name holds characters that TF does not accept, or when there are values but no name.

    >>> with name_scope("tower") as outer, name_scope("tower") as inner:
    ...     outer, inner
    ('tower/', 'tower/tower/')
    """

    def __init__(self, name, default_name=None, values=None, *, graph=None):
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(f"`default_name` must be a string (did you mean `values`?). Received: {default_name!r}")
        self._name = default_name if name is None else name
        self._values = values
        self._graph = graph
        self._entered = []

    @property
    def name(self):
        """The name that was asked for."""
        return self._name

    def __enter__(self):
        if self._name is None and self._values is not None:
            raise ValueError("At least one of `name` and `default_name` must be provided. Received: None and None")
        graph = self._graph or graph_of(self._values)
        scope = _open(graph, self._name)
        current = graph.as_default()
        current.__enter__()
        self._entered.append((current, graph, graph.thread.name_scope))
        graph.thread.name_scope = scope.removesuffix("/")
        return scope

    def __exit__(self, *error):
        current, graph, previous = self._entered.pop()
        graph.thread.name_scope = previous
        current.__exit__(*error)


def _open(graph, name):
    if not name:
        return ""
    check_name(name, nested=bool(graph.thread.name_scope))
    return name if name.endswith("/") else graph.unique_name(name) + "/"


def check_name(name, nested):
    """Refuse a name that TF does not accept for a scope or a variable."""
    if not isinstance(name, str):
        raise TypeError(f"`name` must be a string. Received: {name!r} of type {type(name).__name__}")
    kind, pattern = ("scope", _NESTED_NAME) if nested else ("root scope", _ROOT_NAME)
    if not pattern.match(name):
        raise ValueError(
            f"'{name}' is not a valid {kind} name. A {kind} name has to match the following pattern: {pattern.pattern}"
        )
