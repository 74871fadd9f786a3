"""A thread's current variable scope in a graph, and the default names of the scopes inside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.scope_object import VariableScope

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.scope_names import ScopeNames


def unique_scope_name(thread: Any, prefix: str) -> str:
    """``prefix``, or ``prefix_1``, ``prefix_2``, ... when scopes of that name were opened in the current one."""
    number = thread.scope_names.free_number(prefix)
    return f"{prefix}_{number}" if number else prefix


def scope_name_by_maker(graph: Graph, names: ScopeNames, prefix: str) -> str | None:
    """The default name for the scope of what another thread made: its names go on where that thread's, ``names``, end.

    None where this thread made it, or has opened a scope.
    """
    thread = graph.thread
    if names is thread.scope_names or get_variable_scope_of(thread).name:
        return None
    with graph.lock:
        number = names.free_number_at_root(prefix)
        name = f"{prefix}_{number}" if number else prefix
        names.take_at_root(name)
    return name


def get_variable_scope_of(thread: Any) -> VariableScope:
    """The current variable scope of a graph's thread state."""
    if thread.variable_scope is None:
        thread.variable_scope = VariableScope(False)
    return thread.variable_scope
