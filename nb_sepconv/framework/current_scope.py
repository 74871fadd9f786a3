"""A thread's current variable scope in a graph, and the default names of the scopes inside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.scope_object import VariableScope

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.taken_names import TakenNames


def unique_scope_name(thread: Any, prefix: str) -> str:
    """``prefix``, or ``prefix_1``, ``prefix_2``, ... when scopes of that name were opened in the current one."""
    outer = get_variable_scope_of(thread).name
    number = thread.scope_names.free_number(f"{outer}/{prefix}" if outer else prefix)
    return f"{prefix}_{number}" if number else prefix


def scope_name_by_maker(graph: Graph, names: TakenNames, prefix: str) -> str | None:
    """The default name for the scope of what another thread made: its names go on where that thread's, ``names``, end.

    None where this thread made it, or has opened a scope.
    """
    thread = graph.thread
    if names is thread.scope_names or get_variable_scope_of(thread).name:
        return None
    with graph.lock:
        number = names.free_number(prefix)
        name = f"{prefix}_{number}" if number else prefix
        names.take(name)
    return name


def get_variable_scope_of(thread: Any) -> VariableScope:
    """The current variable scope of a graph's thread state."""
    if thread.variable_scope is None:
        thread.variable_scope = VariableScope(False)
    return thread.variable_scope
