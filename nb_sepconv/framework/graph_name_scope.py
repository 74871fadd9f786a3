"""A name scope of one graph, which ``Graph.name_scope`` opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb_sepconv.framework.naming import check_name

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph


class GraphNameScope:
    """A name scope; when one whose name got a number is closed, the names inside of it are forgotten in time."""

    def __init__(self, graph: Graph, name: str | None) -> None:
        self._graph = graph
        self._name = name
        self._outer = []

    def __enter__(self) -> str:
        thread = self._graph.thread
        outer, opened = thread.name_scope, self._open(thread.name_scope)
        self._outer.append((outer, thread.names_inside))
        thread.name_scope = opened.removesuffix("/")
        if self._name and opened not in (self._name, f"{self._name}/", f"{outer}/{self._name}/"):
            thread.names_inside = {}
        return opened

    def _open(self, outer):
        if not self._name:
            return ""
        check_name(self._name, nested=bool(outer))
        return self._name if self._name.endswith("/") else self._graph.unique_name(self._name) + "/"

    def __exit__(self, *error: object) -> None:
        thread = self._graph.thread
        inside, scope = thread.names_inside, f"{thread.name_scope}/".lower()
        thread.name_scope, thread.names_inside = outside = self._outer.pop()
        if inside is not outside[1]:
            self._graph.close_numbered_scope(inside, scope, outside[1])
