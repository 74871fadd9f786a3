"""Templates: functions that create their variables once and share them in every later call."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.current_scope import scope_name_by_maker, unique_scope_name
from nb_sepconv.framework.entered_scopes import SharedAgain, UnnamedScope
from nb_sepconv.framework.graph import Graph, get_default_graph, graph_for
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.variable_scope import get_variable_store, variable_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.variables import Variable


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Template:
    """A function that does what ``func_`` does, in a variable scope of its own: created at the first call, then shared.

    Args:
        name_: str, the scope's name, made unique.
        func_: the function; it makes its variables with ``get_variable``.
        create_scope_now_: bool, whether the scope is fixed now rather than at the first call. Default False.
        unique_name_: str, used instead of ``name_`` and not made unique. Default None.
        custom_getter_: the scope's custom getter. Default None.
        kwargs: arguments that ``func_`` always receives.

    Returns:
        A Template. It pickles with its variables once it was called, if ``func_`` does; what is unpickled runs in a
        graph of its own.

    Raises:
        ValueError: when ``name_`` is None; at a later call, when ``func_`` creates a trainable variable.
        TypeError: when it is pickled before its first call.

    >>> from nb_sepconv.framework.variable_scope import get_variable
    >>> gain = make_template("doc_gain", lambda x: x * get_variable("g", [], initializer=lambda shape, dtype: 2.0))
    >>> float(gain(3.0)), float(gain(4.0)), [v.name for v in gain.variables]
    (6.0, 8.0, ['doc_gain/g:0'])
    """
    function = partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What ``make_template`` returns; see there."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Callable[..., Any] | None = None,
    ) -> None:
        if name is None:
            raise ValueError("`name_` cannot be None. Received: None")
        self._name = name
        self._func = func
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._graph = get_default_graph()
        self._maker_names = self._graph.thread.scope_names
        self._lock = threading.RLock()
        self._variable_scope = None
        self._variables_created = False
        self._first_call = True
        if create_scope_now:
            with UnnamedScope(unique_name or unique_scope_name(self._graph.thread, name), custom_getter) as scope:
                self._variable_scope = scope

    def __copy__(self) -> Template:
        copied = object.__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def __reduce__(self) -> Any:
        if not self._variables_created:
            raise TypeError(
                "A template must be called once before it is pickled or copied: without variables each copy would "
                f"make its own. Received: the template {self._name!r}"
            )
        settings = self._name, self._func, False, self._unique_name, self._custom_getter
        return _with_variables, (type(self), settings, self._variable_scope, self._shared_variables())

    def _shared_variables(self):
        """By full names: the variables of its scope that ``get_variable`` shares, and the keys of their collections."""
        graph = self._graph
        with graph.lock, graph.as_current():
            named = dict(get_variable_store().variables)
            keys = {key: set(map(id, graph.get_collection(key))) for key in graph.collections}
        return {
            name: (variable, [key for key, members in keys.items() if id(variable) in members])
            for name, variable in named.items()
            if name.startswith(self.variable_scope_name)
        }

    def __repr__(self) -> str:
        made = f"{len(self.variables)} variables" if self._variables_created else "no variables yet"
        return f"<Template {self._name!r} of {getattr(self._func, '__name__', self._func)!s}, {made}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the template's scope and graph; first calls of several threads wait for one."""
        if not self._variables_created:
            with self._lock:
                return self._enter(args, kwargs)
        scope = self._variable_scope
        with SharedAgain(self._graph, scope, scope.name.rpartition("/")[2]):
            return self._call_again(args, kwargs)

    def _again(self, reuse):
        block = variable_scope(self._variable_scope, reuse=reuse)
        block._graph = self._graph
        return block

    def _enter(self, args, kwargs):
        if self._variable_scope:
            with self._again(reuse=not self._first_call):
                return self._call(args, kwargs)
        graph, name = graph_for(self._graph), self._unique_name
        if name is None and graph is self._graph:
            name = scope_name_by_maker(graph, self._maker_names, self._name)
        self._graph = graph
        with self._graph.as_current(), variable_scope(name, self._name, custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope
            return self._call(args, kwargs)

    def _call(self, args, kwargs):
        if self._variables_created:
            return self._call_again(args, kwargs)
        if not self._first_call:
            return self._func(*args, **kwargs)
        self._first_call = False
        try:
            result = self._func(*args, **kwargs)
        except BaseException:
            self._first_call = True
            raise
        self._variables_created = True
        return result

    def _call_again(self, args, kwargs):
        thread = self._graph.thread
        before = thread.trainable_added
        result = self._func(*args, **kwargs)
        if thread.trainable_added != before:
            created = self._graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)[before - thread.trainable_added :]
            raise ValueError(
                "Trainable variable created when calling a template after the first time, "
                f"perhaps you used Variable when you meant get_variable: {created}"
            )
        return result

    @property
    def name(self) -> str:
        """The name given to it."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function given to it."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """Its VariableScope, or None before there is one."""
        return self._variable_scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """Its scope's name with a slash at its end, or None before there is a scope."""
        if not self._variable_scope:
            return None
        name = self._variable_scope.name
        return name if not name or name.endswith("/") else f"{name}/"

    def _collected(self, key):
        return self._graph.get_collection(key, self.variable_scope_name) if self._variables_created else []

    @property
    def global_variables(self) -> list[Variable]:
        """The global variables in its scope; none before the first call is over."""
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Variable]:
        """The local variables in its scope."""
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Variable]:
        """The global and local variables in its scope."""
        return self.global_variables + self.local_variables

    weights = variables

    @property
    def trainable_variables(self) -> list[Variable]:
        """The trainable variables in its scope."""
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    trainable_weights = trainable_variables

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The global variables in its scope that are not trainable."""
        trainable = set(self.trainable_variables)
        return [variable for variable in self.global_variables if variable not in trainable]

    non_trainable_weights = non_trainable_variables


def _with_variables(kind, settings, scope, shared):
    """A template in a graph of its own, as it was pickled after its first call."""
    graph = Graph()
    with graph.as_current():
        template = kind(*settings)
        store = get_variable_store()
    for name, (variable, keys) in shared.items():
        variable.graph = graph
        store.variables[name] = variable
        for key in keys:
            graph.add_to_collection(key, variable)
    template._variable_scope, template._variables_created, template._first_call = scope, True, False
    return template
