"""Variable scopes: names, sharing and defaults of the variables that ``get_variable`` gets or creates.

The current scope and the names behind default names are kept per graph and thread; the variables per graph.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.current_scope import get_variable_scope_of, unique_scope_name
from nb_sepconv.framework.graph import get_default_graph, graph_of
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.graph_name_scope import GraphNameScope
from nb_sepconv.framework.scope_object import VariableScope
from nb_sepconv.framework.taken_names import TakenNames
from nb_sepconv.framework.variable_store import AUTO_REUSE, VariableStore, refuse_partitioner
from nb_sepconv.framework.variables import VariableAggregation, VariableSynchronization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import DTypeLike

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.variable_store import ReuseMode
    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import ShapeInput

_DEFAULTS = ("initializer", "regularizer", "caching_device", "custom_getter", "dtype", "use_resource")
_NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})


class variable_scope:
    """A context manager in which ``get_variable`` prefixes names and shares or refuses to share.

    Args:
        name_or_scope: str, appended to the current scope's name; or a VariableScope, jumped to wherever one is; or
            None, with ``default_name``.
        default_name: str, made unique by ``_1``, ``_2``, ... in the current scope; used when the first is None.
        values: a sequence whose variables choose the graph. Default None: the current graph.
        initializer, regularizer, caching_device, custom_getter, dtype, use_resource: defaults for ``get_variable``
            in this scope and those inside it. Default None: as outside.
        partitioner: must be None.
        reuse: True shares variables and creates none; AUTO_REUSE shares or creates; None or False as outside.
        constraint: default for ``get_variable`` in this scope only. Default None.
        auxiliary_name_scope: bool, whether a name scope is opened too. Default True.

    Returns:
        On entry, the VariableScope.

    Raises:
        TypeError: when both names are None, or an argument has a wrong type.
        ValueError: when ``reuse`` is something else, or is given without ``name_or_scope``.
        RuntimeError: on exit, when scopes were left in another order.

    >>> with variable_scope("outer"), variable_scope("inner") as scope:
    ...     scope.name
    'outer/inner'
    """

    def __init__(
        self,
        name_or_scope: str | VariableScope | None,
        default_name: str | None = None,
        values: Iterable[Any] | None = None,
        initializer: Any = None,
        regularizer: Callable[..., Any] | None = None,
        caching_device: object = None,
        partitioner: None = None,
        custom_getter: Callable[..., Any] | None = None,
        reuse: bool | ReuseMode | None = None,
        dtype: DTypeLike | None = None,
        use_resource: bool | None = None,
        constraint: Callable[..., Any] | None = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        _check_reuse(reuse)
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The `auxiliary_name_scope` must be `True` or `False`. Received: {auxiliary_name_scope!r}")
        refuse_partitioner(partitioner)
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._reuse = None if reuse is False else reuse
        self._constraint = constraint
        self._auxiliary_name_scope = auxiliary_name_scope
        self._graph = graph_of(values)
        if initializer is regularizer is caching_device is custom_getter is dtype is use_resource is None:
            self._defaults = _NO_DEFAULTS
        else:
            given = (initializer, regularizer, caching_device, custom_getter, dtype, use_resource)
            self._defaults = {key: value for key, value in zip(_DEFAULTS, given, strict=True) if value is not None}
        self._scope = None
        self._entered = []

    def __enter__(self) -> VariableScope:
        names, current = None, self._graph.as_current()
        current.__enter__()
        try:
            if self._scope is None:
                self._check_names()
            to_open = self._name_scope()
            opened = to_open.__enter__() if to_open else ""
            names = to_open
            if self._scope is None:
                self._scope = self._pure_scope(opened)
            scope = self._scope.__enter__()
        except BaseException:
            if names:
                names.__exit__()
            current.__exit__()
            raise
        self._entered.append((current, names))
        return scope

    def _check_names(self):
        if self._name_or_scope is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
        elif not isinstance(self._name_or_scope, (str, VariableScope)):
            raise TypeError(
                "VariableScope: name_or_scope must be a string or VariableScope. "
                f"Received: {self._name_or_scope!r} of type {type(self._name_or_scope).__name__}"
            )

    def _name_scope(self):
        if not self._auxiliary_name_scope:
            current = self._graph.get_name_scope()
            return GraphNameScope(self._graph, f"{current}/" if current else "")
        name = self._default_name if self._name_or_scope is None else self._name_or_scope
        if isinstance(name, VariableScope):
            name = name.name.split("/")[-1]
        return GraphNameScope(self._graph, name) if name or self._name_or_scope is None else None

    def _pure_scope(self, opened):
        name = self._name_or_scope
        if isinstance(name, VariableScope):
            return _JumpedScope(self._graph, name, self._reuse, self._constraint, self._defaults)
        if name is None:
            name = unique_scope_name(self._graph.thread, self._default_name)
        return _NestedScope(self._graph, name, self._reuse, self._constraint, self._defaults, opened)

    def __exit__(self, *error: object) -> None:
        self._scope.__exit__(*error)
        current, names = self._entered.pop()
        if names:
            names.__exit__(*error)
        current.__exit__(*error)


class _EnteredScope:
    """A variable scope without a name scope: sets the thread's current scope and keeps the names of scopes."""

    def __init__(
        self,
        graph: Graph,
        reuse: bool | ReuseMode | None,
        constraint: Callable[..., Any] | None,
        defaults: Mapping[str, Any],
    ) -> None:
        self._thread = graph.thread
        self._reuse = reuse
        self._constraint = constraint
        self._defaults = defaults
        self._entered = []

    def _derived(self, parent, reuse, name, opened):
        scope = parent.derived(reuse, name, opened, self._constraint, self._defaults)
        if self._defaults and "custom_getter" in self._defaults:
            scope.set_custom_getter(_nested_getter(self._defaults["custom_getter"], parent.custom_getter))
        return scope

    def _push(self, scope, outer):
        thread = self._thread
        thread.scope_names.take(scope.name)
        self._entered.append((outer, scope, self._names_to_restore()))
        thread.variable_scope = scope
        return scope

    def __exit__(self, *error: object) -> None:
        outer, scope, names = self._entered[-1]
        if self._thread.variable_scope is not scope:
            raise RuntimeError("Improper nesting of variable_scope.")
        self._entered.pop()
        self._leave(scope, names)
        self._thread.variable_scope = outer


class _NestedScope(_EnteredScope):
    """A scope whose name is appended to the current one's."""

    def __init__(
        self,
        graph: Graph,
        name: str,
        reuse: bool | ReuseMode | None,
        constraint: Callable[..., Any] | None,
        defaults: Mapping[str, Any],
        opened: str | None = None,
    ) -> None:
        super().__init__(graph, reuse, constraint, defaults)
        self._name = name
        self._opened = name if opened is None else opened

    def __enter__(self) -> VariableScope:
        outer = get_variable_scope_of(self._thread)
        self._reuse = self._reuse or outer.reuse
        name = f"{outer.name}/{self._name}" if outer.name else self._name
        return self._push(self._derived(outer, self._reuse, name, self._opened), outer)

    def _names_to_restore(self):
        return None

    def _leave(self, scope, names):
        self._thread.scope_names.forget_inside(scope.name)


class _JumpedScope(_EnteredScope):
    """A copy of a scope object, entered wherever the current scope is."""

    def __init__(
        self,
        graph: Graph,
        scope: VariableScope,
        reuse: bool | ReuseMode | None,
        constraint: Callable[..., Any] | None,
        defaults: Mapping[str, Any],
    ) -> None:
        super().__init__(graph, reuse, constraint, defaults)
        self._copy = self._derived(scope, reuse or scope.reuse, scope.name, scope.original_name_scope)

    def __enter__(self) -> VariableScope:
        return self._push(self._copy, get_variable_scope_of(self._thread))

    def _names_to_restore(self):
        return TakenNames(self._thread.scope_names)

    def _leave(self, scope, names):
        self._thread.scope_names.clear()
        self._thread.scope_names.update(names)


def enter_unnamed_scope(
    name: str, custom_getter: Callable[..., Any] | None = None
) -> AbstractContextManager[VariableScope]:
    """A context manager that enters the variable scope ``name`` without opening a name scope."""
    defaults = {} if custom_getter is None else {"custom_getter": custom_getter}
    return _NestedScope(get_default_graph(), name, None, None, defaults)


def jump_to(
    graph: Graph, scope: VariableScope, reuse: bool | ReuseMode | None
) -> AbstractContextManager[VariableScope]:
    """A context manager that enters a copy of a scope of a graph without opening a name scope."""
    _check_reuse(reuse)
    return _JumpedScope(graph, scope, reuse, None, _NO_DEFAULTS)


def _check_reuse(reuse):
    if not (reuse is None or reuse is True or reuse is False or reuse is AUTO_REUSE):
        raise ValueError(f"The reuse parameter must be True or False or None. Received: `reuse`={reuse!r}")


def _nested_getter(custom_getter, outer):
    if outer is None:
        return custom_getter

    def nested_getter(getter, *args, **kwargs):
        return custom_getter(partial(outer, getter), *args, **kwargs)

    return nested_getter


def get_variable_scope() -> VariableScope:
    """The current variable scope of the current graph and thread."""
    return get_variable_scope_of(get_default_graph().thread)


def get_variable_store() -> VariableStore:
    """The current graph's VariableStore."""
    graph = get_default_graph()
    with graph.lock:
        if graph.variable_store is None:
            graph.variable_store = VariableStore(graph)
        return graph.variable_store


def get_variable(
    name: str,
    shape: ShapeInput | None = None,
    dtype: DTypeLike | None = None,
    initializer: Any = None,
    regularizer: Callable[..., Any] | None = None,
    trainable: bool | None = None,
    collections: Sequence[str] | None = None,
    caching_device: object = None,
    partitioner: None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Variable:
    """Get the variable ``name`` of the current variable scope, or create it, as the scope's ``reuse`` says.

    Args:
        name: str, appended to the scope's name.
        shape: int or sequence of ints. Default: that of a constant ``initializer``.
        dtype: the type. Default the scope's (float32).
        initializer: a function ``(shape, dtype=...) -> array``, a class of such, or a constant. Default the scope's,
            else Glorot uniform for floats and zeros for integers.
        regularizer: a function of the variable; what it returns joins ``REGULARIZATION_LOSSES``. Default the scope's.
        trainable: bool, whether it joins ``TRAINABLE_VARIABLES``. Default True.
        collections: list of collection keys. Default ``[GraphKeys.GLOBAL_VARIABLES]``.
        custom_getter: a function ``(getter, name, **arguments)`` asked instead. Default the scope's.
        constraint: a function of the value that optimizers apply after an update. Default the scope's.
        partitioner: must be None.
        caching_device, validate_shape, use_resource, synchronization, aggregation: passed on to custom getters.

    Returns:
        The Variable.

    Raises:
        ValueError: when it exists and may not be shared, does not exist and may not be created, exists with another
            shape or type, or can not be created from what is given.

    >>> with variable_scope("doc_example", reuse=AUTO_REUSE):
    ...     get_variable("gain", [3], initializer=lambda shape, dtype: [1, 2, 3]).name
    'doc_example/gain:0'
    """
    return get_variable_scope().get_variable(
        get_variable_store(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(
    name: str,
    shape: ShapeInput | None = None,
    dtype: DTypeLike | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Sequence[str] | None = None,
    caching_device: Any = None,
    partitioner: None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Variable:
    """As ``get_variable``, with its arguments in its order, for a variable of ``LOCAL_VARIABLES``, never trained."""
    collections = [*(collections or ()), GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        False,
        collections,
        caching_device,
        partitioner,
        validate_shape,
        use_resource,
        custom_getter,
        constraint,
        synchronization,
        aggregation,
    )


def no_regularizer(_: object) -> None:
    """A regularizer that adds no loss: it keeps a scope's regularizer away from a variable."""
