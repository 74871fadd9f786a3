"""What a graph keeps for one thread, and how a block of that thread is taken back."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph_name_scope import NameScope
from nb_sepconv.framework.scope_names import ScopeNames
from nb_sepconv.tensors.symbol import holds_symbols
from nb_sepconv.tensors.tracing import current_trace, open_traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.scope_object import VariableScope


class ThreadState:
    """What a graph keeps apart for each thread: the scopes it is in and what could be undone."""

    __slots__ = ("graph", "in_call", "names", "scope_names", "trainable_added", "undo_log", "variable_scope")

    graph: Graph

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names: NameScope = NameScope(graph, None, "", None, 0)
        self.variable_scope: VariableScope | None = None
        self.scope_names: ScopeNames = ScopeNames()
        self.undo_log: list[Callable[[], Any]] | None = None
        self.in_call: bool = False
        self.trainable_added: int = 0

    @property
    def name_scope(self) -> str:
        """The current name scope, without the slash at its end."""
        full = self.names.full
        return self.names.full_name() if full is None else full


class ThreadStates(threading.local):
    """The state of the thread that asks."""

    def __init__(self, graph: Graph) -> None:
        self.state: ThreadState = ThreadState(graph)


class UndoOnFailure:
    """Takes back what a thread added to its graph inside the block, when the block fails."""

    __slots__ = ("_log", "_outer", "_thread")

    def __init__(self, thread: ThreadState) -> None:
        self._thread = thread

    def __enter__(self) -> None:
        self._outer, self._log = self._thread.undo_log, []
        self._thread.undo_log = self._log

    def __exit__(self, kind: object, *error: object) -> None:
        try:
            if kind is not None:
                for undo in reversed(self._log):
                    undo()
            elif self._outer is not None:
                self._outer.extend(self._log)
        finally:
            self._thread.undo_log = self._outer


def remove_identical(items: list[Any], value: object) -> None:
    """Remove the last item that is ``value``."""
    for i in reversed(range(len(items))):
        if items[i] is value:
            del items[i]
            return


def forget_after_trace(items: list[Any], value: object) -> None:
    """Remove a value that was added, if it holds arrays of a program that is being traced, when the trace is over."""
    if open_traces and (trace := current_trace()) is not None and holds_symbols(value):
        trace.undo_at_end(partial(remove_identical, items, value))
