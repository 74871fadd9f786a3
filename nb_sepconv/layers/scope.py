"""A layer's variable scope: decided when the layer is first used, and entered again by what it does later."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.current_scope import scope_name_by_maker
from nb_sepconv.framework.entered_scopes import EnteredAgain, passed_scope
from nb_sepconv.framework.graph import get_default_graph, graph_for
from nb_sepconv.framework.naming import snake_case
from nb_sepconv.framework.scope_names import Path, path_of
from nb_sepconv.framework.scope_object import VariableScope
from nb_sepconv.framework.variable_scope import get_variable_scope, variable_scope

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from typing_extensions import Self

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.variable_store import ReuseMode


class LayerScope:
    """Where a layer's variables are.

    Args:
        base_name: str, the name of the scope, made unique unless the layer shares variables.
        reuse: whether it does: True, False, None or ``AUTO_REUSE``.
    """

    def __init__(self, base_name: str, reuse: bool | ReuseMode | None) -> None:
        self._base_name, self._reuse = base_name, reuse
        self._captured: VariableScope | None = None
        self.path: Path | None = None  # of its name
        self.graph: Graph = get_default_graph()
        self._maker_names = self.graph.thread.scope_names
        self._open = []

    @property
    def decided(self) -> bool:
        """Whether the layer has been used."""
        return self._captured is not None

    @property
    def name(self) -> str:
        """The prefix of the variables' names."""
        return self._captured.name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was opened with the variable scope, which ends in a slash."""
        return self._captured.original_name_scope

    def capture(self, scope: Any) -> None:
        """Take a scope, in the current graph."""
        with scope as captured:
            self._captured, self.graph = captured, get_default_graph()
            self.path = path_of(captured.name)
            captured.fix_name_scope()

    def decide(self, scope: Any = None) -> None:
        """Open a scope by its name or object, or by the base name, where none was decided before."""
        if self._captured is not None:
            return
        graph, base_name = graph_for(self.graph), self._base_name
        if scope is None and self._reuse:
            scope = base_name
        elif scope is None and graph is self.graph:
            scope = scope_name_by_maker(graph, self._maker_names, base_name)
        if type(base_name) is str and base_name and (scope is None or (type(scope) is str and scope)):
            self._captured, self.graph = passed_scope(graph, scope, base_name), graph
            self.path = path_of(self._captured.name)
        else:
            with graph.as_current():
                self.capture(variable_scope(scope, default_name=base_name))

    def shares(self) -> bool:
        """Whether variables of the scope that was decided are found by their names, and nothing else is asked for."""
        return self._captured.finds_by_name(self._reuse)

    def home(self) -> Graph:
        """The graph that the layer runs in: that of its first use, and before it the one where the layer was made."""
        return self.graph if self.decided else graph_for(self.graph)

    def entered(self, built: bool) -> AbstractContextManager[VariableScope]:
        """The variable scope and its name scope in the layer's graph, unless this thread is in them already; a layer
        that is ``built`` finds its variables there.
        """
        reuse, current = built or self._reuse, get_variable_scope()
        if current in self._open and current.reuse == (reuse or self._captured.reuse):
            return nullcontext(current)
        return _Opened(self._open, EnteredAgain(self.graph, self._captured, reuse))

    def __copy__(self) -> Self:
        copied = object.__new__(type(self))
        vars(copied).update(vars(self), _open=[])
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()  # of the same scope in the same graph

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "graph": None, "_maker_names": None, "_open": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.graph = get_default_graph()
        self._maker_names = self.graph.thread.scope_names


class _Opened:
    """A scope that is among the open ones of its layer as long as it is entered."""

    __slots__ = ("_block", "_open", "_scope")

    def __init__(self, others: list[VariableScope], block: EnteredAgain) -> None:
        self._open, self._block = others, block

    def __enter__(self) -> VariableScope:
        self._scope = self._block.__enter__()
        self._open.append(self._scope)
        return self._scope

    def __exit__(self, *error: object) -> None:
        self._open.remove(self._scope)
        self._block.__exit__(*error)


class InCall:
    """Tells ``add_loss``, for a graph's thread state, whether a layer's ``call`` runs, or its ``build``."""

    def __init__(self, thread: Any, whether: bool) -> None:
        self._thread, self._whether = thread, whether

    def __enter__(self) -> None:
        self._outer, self._thread.in_call = self._thread.in_call, self._whether

    def __exit__(self, *error: object) -> None:
        self._thread.in_call = self._outer


def names_of(kind: type, name: str | VariableScope | None) -> tuple[str, str]:
    """The name of a layer of some class, and that of its scope, from what the caller wrote."""
    if name and not isinstance(name, VariableScope):
        return name, name
    class_name = snake_case(kind.__name__)
    return get_default_graph().next_layer_name(class_name), name.name if name else class_name
