"""How a thread enters variable scopes and leaves them, those that were entered before too."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.current_scope import get_variable_scope_of, unique_scope_name
from nb_sepconv.framework.graph import enter_graph, get_default_graph, leave_graph
from nb_sepconv.framework.graph_name_scope import NameScope, close_name_scope, open_name_scope
from nb_sepconv.framework.variable_store import AUTO_REUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.scope_names import Jumped, Nested
    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.thread_state import ThreadState
    from nb_sepconv.framework.variable_store import ReuseMode

NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})


class UnnamedScope:
    """A context manager that enters the variable scope ``name`` without opening a name scope."""

    def __init__(self, name: str, custom_getter: Callable[..., Any] | None = None) -> None:
        self._thread = get_default_graph().thread
        self._name = name
        self._defaults = {} if custom_getter is None else {"custom_getter": custom_getter}

    def __enter__(self) -> VariableScope:
        self._outer = outer = get_variable_scope_of(self._thread)
        name = f"{outer.name}/{self._name}" if outer.name else self._name
        self._scope = derived_scope(outer, outer.reuse, name, self._name, None, self._defaults)
        self._left = enter_scope(self._thread, self._scope, self._name)
        return self._scope

    def __exit__(self, *error: object) -> None:
        leave_scope(self._thread, self._outer, self._scope, self._left)


class SharedAgain:
    """What ``variable_scope(scope, reuse=True)`` enters in the graph of a scope, for one that is entered often.

    Args:
        graph: the graph.
        scope: a VariableScope.
        name: str, the name scope to open; "" opens none.
    """

    __slots__ = ("_graph", "_left", "_name", "_scope")

    def __init__(self, graph: Graph, scope: VariableScope, name: str) -> None:
        self._graph, self._scope, self._name = graph, scope, name

    def __enter__(self) -> None:
        graph, scope = self._graph, self._scope
        thread = graph.thread
        names = open_name_scope(thread, self._name) if self._name else None
        enter_graph(graph)
        outer = thread.variable_scope or get_variable_scope_of(thread)
        inner = scope.derived(True, scope.name, scope.opened, None)
        self._left = thread, outer, inner, jump_to_scope(thread, inner), names

    def __exit__(self, *error: object) -> None:
        thread, outer, inner, left, names = self._left
        jump_back(thread, outer, inner, left)
        if names is not None:
            close_name_scope(thread, names)
        leave_graph(self._graph)


class EnteredAgain:
    """A context manager that enters a copy of a scope that was entered before, and its name scope, in its graph."""

    __slots__ = ("_graph", "_left", "_scope")

    def __init__(self, graph: Graph, scope: VariableScope, reuse: bool | ReuseMode | None) -> None:
        check_reuse(reuse)
        self._graph, self._scope = graph, copied_scope(scope, reuse, None, NO_DEFAULTS)

    def __enter__(self) -> VariableScope:
        graph, scope = self._graph, self._scope
        thread, opened = graph.thread, scope.opened
        outer_names = thread.names
        if type(opened) is NameScope and opened.graph is graph:
            thread.names = opened
        else:
            open_name_scope(thread, scope.original_name_scope)
        enter_graph(graph)
        outer = get_variable_scope_of(thread)
        self._left = thread, outer_names, outer, jump_to_scope(thread, scope)
        return scope

    def __exit__(self, *error: object) -> None:
        thread, outer_names, outer, left = self._left
        jump_back(thread, outer, self._scope, left)
        close_name_scope(thread, thread.names)
        thread.names = outer_names
        leave_graph(self._graph)


def enter_scope(thread: ThreadState, scope: VariableScope, name: str) -> Nested:
    """Make a scope, which has the name ``name`` inside of the current one, the current one of a thread; returns what
    leaving it needs.
    """
    left = thread.scope_names.enter(name)
    thread.variable_scope = scope
    return left


def leave_scope(thread: ThreadState, outer: VariableScope, scope: VariableScope, left: Nested) -> None:
    """Make the scope around it the current one again, and forget the names of scopes inside of it."""
    if thread.variable_scope is not scope:
        raise RuntimeError("Improper nesting of variable_scope.")
    thread.scope_names.leave(left)
    thread.variable_scope = outer


def jump_to_scope(thread: ThreadState, scope: VariableScope) -> Jumped:
    """Make a scope, wherever it is, the current one of a thread; returns what leaving it needs."""
    left = thread.scope_names.jump(scope.name)
    thread.variable_scope = scope
    return left


def jump_back(thread: ThreadState, outer: VariableScope, scope: VariableScope, left: Jumped) -> None:
    """Make the scope before it the current one again, and forget all names of scopes that were taken since."""
    if thread.variable_scope is not scope:
        raise RuntimeError("Improper nesting of variable_scope.")
    thread.scope_names.jump_back(left)
    thread.variable_scope = outer


def passed_scope(graph: Graph, name: str | None, default_name: str) -> VariableScope:
    """The scope that ``variable_scope(name, default_name)`` gives in a graph, entered and left at once."""
    thread = graph.thread
    outer = get_variable_scope_of(thread)
    names = open_name_scope(thread, name or default_name)
    close_name_scope(thread, names)
    if name is None:
        name = unique_scope_name(thread, default_name)
    thread.scope_names.pass_through(name)
    scope = outer.derived(outer.reuse, f"{outer.name}/{name}" if outer.name else name, names, None)
    scope.fix_name_scope()
    return scope


def derived_scope(
    parent: VariableScope, reuse: Any, name: str, opened: Any, constraint: Any, defaults: Mapping[str, Any]
) -> VariableScope:
    """A new scope with the defaults of another one and with more of its own."""
    scope = parent.derived(reuse, name, opened, constraint)
    for key in defaults:
        getattr(scope, f"set_{key}")(defaults[key])
    if defaults and "custom_getter" in defaults:
        scope.set_custom_getter(_nested_getter(defaults["custom_getter"], parent.custom_getter))
    return scope


def copied_scope(scope: VariableScope, reuse: Any, constraint: Any, defaults: Mapping[str, Any]) -> VariableScope:
    """A copy of a scope, which shares variables if either is to."""
    return derived_scope(scope, reuse or scope.reuse, scope.name, scope.opened, constraint, defaults)


def check_reuse(reuse: Any) -> None:
    """Refuse what is no way of sharing."""
    if not (reuse is None or reuse is True or reuse is False or reuse is AUTO_REUSE):
        raise ValueError(f"The reuse parameter must be True or False or None. Received: `reuse`={reuse!r}")


def _nested_getter(custom_getter, outer):
    if outer is None:
        return custom_getter

    def nested_getter(getter, *args, **kwargs):
        return custom_getter(partial(outer, getter), *args, **kwargs)

    return nested_getter
