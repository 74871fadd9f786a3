"""Variable scopes: names, sharing and defaults of the variables that ``get_variable`` gets or creates.

The current scope and the names behind default names are kept per graph and thread; the variables per graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.current_scope import get_variable_scope_of, unique_scope_name
from nb_sepconv.framework.entered_scopes import (
    NO_DEFAULTS,
    check_reuse,
    copied_scope,
    derived_scope,
    enter_scope,
    jump_back,
    jump_to_scope,
    leave_scope,
)
from nb_sepconv.framework.graph import enter_graph, get_default_graph, graph_of, leave_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.graph_name_scope import close_name_scope, open_name_scope
from nb_sepconv.framework.scope_object import VariableScope
from nb_sepconv.framework.shared_variable import shared_variable
from nb_sepconv.framework.variable_store import VariableStore, refuse_partitioner
from nb_sepconv.framework.variables import VariableAggregation, VariableSynchronization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import DTypeLike

    from nb_sepconv.framework.variable_store import ReuseMode
    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import ShapeInput

_DEFAULTS = ("initializer", "regularizer", "caching_device", "custom_getter", "dtype", "use_resource")


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
        if reuse is not None:
            check_reuse(reuse)
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The `auxiliary_name_scope` must be `True` or `False`. Received: {auxiliary_name_scope!r}")
        if partitioner is not None:
            refuse_partitioner(partitioner)
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._reuse = None if reuse is False else reuse
        self._constraint = constraint
        self._auxiliary_name_scope = auxiliary_name_scope
        self._graph = get_default_graph() if values is None else graph_of(values)
        if initializer is regularizer is caching_device is custom_getter is dtype is use_resource is None:
            self._defaults = NO_DEFAULTS
        else:
            given = (initializer, regularizer, caching_device, custom_getter, dtype, use_resource)
            self._defaults = {key: value for key, value in zip(_DEFAULTS, given, strict=True) if value is not None}
        self._name = None
        self._jump = None
        self._opened = None
        self._entered = []

    def __enter__(self) -> VariableScope:
        graph = self._graph
        thread, names, first = graph.thread, None, self._opened is None
        enter_graph(graph)
        try:
            if type(self._name_or_scope) is str and self._auxiliary_name_scope:  # as most are
                if self._name_or_scope:
                    names = open_name_scope(thread, self._name_or_scope)
                if first:
                    self._name, self._opened = self._name_or_scope, names or ""
            else:
                if first:
                    self._check_names()
                names = self._open_names(thread)
                if first:
                    self._decide(thread, names)
            outer, scope = thread.variable_scope or get_variable_scope_of(thread), self._jump
            if scope is None:
                scope = self._nested(outer)
                left = enter_scope(thread, scope, self._name)
            else:
                left = jump_to_scope(thread, scope)
        except BaseException:
            if names is not None:
                close_name_scope(thread, names)
            leave_graph(graph)
            raise
        self._entered.append((thread, outer, scope, left, names))
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

    def _open_names(self, thread):
        """The name scope that was opened for a thread, or None."""
        name = self._name_or_scope
        if name is None:
            name = self._default_name
        elif isinstance(name, VariableScope):
            name = name.name.rpartition("/")[2]
        if self._auxiliary_name_scope and (name or self._name_or_scope is None):
            return open_name_scope(thread, name)
        return None

    def _decide(self, thread, names):
        """What every entry has in common: the scope's name, or the copy that is jumped to."""
        name = self._name_or_scope
        if isinstance(name, VariableScope):
            self._jump = copied_scope(name, self._reuse, self._constraint, self._defaults)
        else:
            self._name = unique_scope_name(thread, self._default_name) if name is None else name
        if self._auxiliary_name_scope:
            self._opened = "" if names is None else names
        else:
            self._opened = f"{thread.name_scope}/" if thread.name_scope else ""

    def _nested(self, outer):
        self._reuse, prefix = self._reuse or outer.reuse, outer.name
        name = f"{prefix}/{self._name}" if prefix else self._name
        if not self._defaults:
            return outer.derived(self._reuse, name, self._opened, self._constraint)
        return derived_scope(outer, self._reuse, name, self._opened, self._constraint, self._defaults)

    def __exit__(self, *error: object) -> None:
        graph, (thread, outer, scope, left, names) = self._graph, self._entered[-1]
        (leave_scope if self._jump is None else jump_back)(thread, outer, scope, left)
        self._entered.pop()
        if names is not None:
            close_name_scope(thread, names)
        leave_graph(graph)


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

    >>> import nb_sepconv as tf
    >>> with variable_scope("doc_example", reuse=tf.AUTO_REUSE):
    ...     get_variable("gain", [3], initializer=lambda shape, dtype: [1, 2, 3]).name
    'doc_example/gain:0'
    """
    if custom_getter is partitioner is None and (synchronization is VariableSynchronization.AUTO or not trainable):
        variable = shared_variable(name, shape, dtype, initializer)
        if variable is not None:
            return variable
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
