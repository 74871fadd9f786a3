"""The name scopes that a thread opens in a graph.

The full name of a scope that gets a number is made when it is first asked for, which most scopes never are. Until then
the names that are taken inside of it are no more than a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.naming import check_name

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.thread_state import ThreadState

MOST_LISTED = 64


class NameScope:
    """An open name scope.

    Args:
        graph: the Graph that names are taken in.
        outer: the NameScope around it, or None.
        full: str, its full name without a slash, or None to make it of the others.
        name: str, the last part of its full name, without the number; None for one that is opened as "".
        number: int, 0 for none; None where it follows from the full name of the outer one.
    """

    __slots__ = ("closed", "full", "graph", "listed", "name", "number", "outer")

    graph: Graph
    name: str | None
    outer: NameScope | None

    def __init__(
        self, graph: Graph, outer: NameScope | None, full: str | None, name: str | None, number: int | None
    ) -> None:
        self.graph, self.outer, self.full, self.name, self.number = graph, outer, full, name, number
        self.listed: list[Any] | None = None  # names, and NameScopes, taken while there was no full name
        self.closed: bool = False

    def full_name(self) -> str:
        """The full name without a slash at its end."""
        if self.full is None:
            with self.graph.lock:
                outer = self.outer.full_name()
                if self.full is None:  # else the outer one has just named all that it lists
                    self._be_inside(outer)
        return self.full

    def opened(self) -> str:
        """What opening it gives: the full name with a slash at its end."""
        return "" if self.name is None else f"{self.full_name()}/"

    def _be_inside(self, outer):
        name = f"{outer}/{self.name}" if outer else self.name
        if self.number is None:
            self.full, self.number = self.graph.take_name(name)
        else:
            self.full = f"{name}_{self.number}"
        for each in self.listed or ():
            if type(each) is NameScope:
                each._be_inside(self.full)
            else:
                self.graph.take_name(f"{self.full}/{each}")
        self.listed = None
        if self.closed and self.number:
            self.graph.forget_in_time(self.full)

    def list(self, name: Any) -> None:
        """Take a name, or open a scope, inside of it without looking for its full name."""
        if self.listed is None:
            self.listed = [name]
            return
        self.listed.append(name)
        if len(self.listed) > MOST_LISTED:
            self.full_name()


def open_name_scope(thread: ThreadState, name: str | None) -> NameScope:
    """Open a name scope for a thread; a slash at the end of its name means exactly this one."""
    outer, graph = thread.names, thread.graph
    if not name:
        scope = NameScope(graph, outer, "", None, 0)
    else:
        check_name(name, nested=outer.full != "")
        if name[-1] == "/":
            scope = NameScope(graph, outer, name[:-1], name, 0)
        else:
            scope = _numbered(graph, thread, outer, name)
    thread.names = scope
    return scope


def _numbered(graph, thread, outer, name):
    if thread.undo_log is None:
        if outer.full is None:
            scope = NameScope(graph, outer, None, name, None)
            outer.list(scope)
            return scope
        number = graph.next_number(f"{outer.full}/{name}" if outer.full else name)
        if number:
            return NameScope(graph, outer, None, name, number)
    full, number = graph.numbered_name(thread, name)
    return NameScope(graph, outer, full, name, number)


def close_name_scope(thread: ThreadState, scope: NameScope) -> None:
    """Close it; where its name got a number, the names inside of it are forgotten in time."""
    thread.names, scope.closed = scope.outer, True
    if scope.number and scope.full is not None:
        scope.graph.forget_in_time(scope.full)


class GraphNameScope:
    """A context manager that opens a name scope."""

    def __init__(self, graph: Graph, name: str | None) -> None:
        self._graph = graph
        self._name = name
        self._opened = []

    def __enter__(self) -> str:
        scope = open_name_scope(self._graph.thread, self._name)
        self._opened.append(scope)
        return scope.opened()

    def __exit__(self, *error: object) -> None:
        close_name_scope(self._graph.thread, self._opened.pop())
