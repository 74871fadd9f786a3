"""Graphs: what owns variables, collections and names, and which graph is the current one."""

from __future__ import annotations

import contextlib
import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from nb_sepconv.framework.naming import check_name
from nb_sepconv.initializers import use_graph_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.variable_store import VariableStore


class _ThreadState(threading.local):
    """What a graph keeps apart for each thread: the scopes it is in and what could be undone."""

    def __init__(self) -> None:
        self.name_scope: str = ""
        self.variable_scope: VariableScope | None = None
        self.scope_counts: dict[str, int] = {}
        self.undo_log: list[Callable[[], Any]] | None = None


class Graph:
    """Owns a variable store, collections and the names in use; scopes are kept per thread.

    >>> graph = Graph()
    >>> with graph.as_default():
    ...     add_to_collection("mine", 3)
    >>> graph.get_collection("mine")
    [3]
    """

    def __init__(self) -> None:
        self.seed: int | None = None
        self.variable_store: VariableStore | None = None
        self.thread: _ThreadState = _ThreadState()
        self.layer_name_counts: dict[str, int] = {}
        self._seeds_given = 0
        self._collections = {}
        self._names_in_use = {}
        self._lock = threading.RLock()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Graph cannot be pickled or copied: save its variables, or pickle a layer instead")

    def __repr__(self) -> str:
        return f"<Graph of {len(self.get_collection('variables'))} variables, seed={self.seed}>"

    def as_default(self) -> AbstractContextManager[Graph]:
        """A context manager that makes this graph the current one of this thread."""
        return _AsDefault(self)

    # ---- collections ----

    @property
    def collections(self) -> list[Any]:
        """The keys of all collections."""
        with self._lock:
            return list(self._collections)

    def get_all_collection_keys(self) -> list[str]:
        """The keys of all collections that are strings."""
        return [key for key in self.collections if isinstance(key, str)]

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Append ``value`` to the collection ``name``."""
        with self._lock:
            collection = self._collections.setdefault(name, [])
            collection.append(value)
        self.log_undo(partial(_remove_identical, collection, value))

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Append ``value`` to each of the collections ``names`` (one string, or an iterable of keys)."""
        for name in [names] if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The list itself of the collection ``name``, made when there is none."""
        with self._lock:
            return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection ``name``.

        Args:
            name: the collection's key.
            scope: a regular expression; only items whose name it matches at the start are returned. Default all.

        Returns:
            A list, in the order of addition.
        """
        with self._lock:
            items = list(self._collections.get(name, ()))
        if scope is not None:
            matches = re.compile(scope).match
            items = [item for item in items if hasattr(item, "name") and matches(item.name)]
        return items

    def clear_collection(self, name: Any) -> None:
        """Remove the collection ``name``."""
        with self._lock:
            self._collections.pop(name, None)

    # ---- names ----

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """``name`` inside the current name scope, with ``_1``, ``_2``, ... appended when it is taken (in any case)."""
        scope = self.thread.name_scope
        name = f"{scope}/{name}" if scope else name
        with self._lock:
            return self._unique(name, mark_as_used)

    def _unique(self, name, mark_as_used):
        key = base = name.lower()
        number = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._use_name(key, number + 1)
        if not number:
            return name
        while key in self._names_in_use:
            key = f"{base}_{number}"
            number += 1
        if mark_as_used:
            self._use_name(key, 1)
        return f"{name}_{number - 1}"

    def _use_name(self, key, uses):
        self._names_in_use[key] = uses
        self.log_undo(partial(self._release_name, key))

    def _release_name(self, key):
        with self._lock:
            self._names_in_use[key] -= 1
            if not self._names_in_use[key]:
                del self._names_in_use[key]

    def get_name_scope(self) -> str:
        """The current name scope, without the slash at its end."""
        return self.thread.name_scope

    def name_scope(self, name: str | None) -> AbstractContextManager[str]:
        """A context manager that opens the name scope ``name`` in this graph; see the function ``name_scope``."""
        return _NameScope(self, name)

    def next_layer_name(self, base_name: str) -> str:
        """``base_name_1``, then ``base_name_2``, and so on."""
        return f"{base_name}_{self.next_layer_number(base_name) + 1}"

    def next_layer_number(self, base_name: str) -> int:
        """How many layers have asked before for a number with ``base_name``."""
        with self._lock:
            number = self.layer_name_counts.get(base_name, 0)
            self.layer_name_counts[base_name] = number + 1
        return number

    # ---- seeds ----

    def next_seed(self) -> tuple[int, int] | None:
        """``(graph seed, how many were asked before)`` for an operation without a seed of its own, or None."""
        if self.seed is None:
            return None
        with self._lock:
            self._seeds_given += 1
            return self.seed, self._seeds_given - 1

    # ---- undoing ----

    def log_undo(self, undo: Callable[[], Any]) -> None:
        """Remember how to take back an addition that this thread made, while ``undo_on_failure`` is open."""
        if self.thread.undo_log is not None:
            self.thread.undo_log.append(undo)

    @contextlib.contextmanager
    def undo_on_failure(self) -> Iterator[None]:
        """Take back what this thread adds to the graph inside the block, when the block fails."""
        outer, log = self.thread.undo_log, []
        self.thread.undo_log = log
        try:
            yield
        except BaseException:
            for undo in reversed(log):
                undo()
            raise
        else:
            if outer is not None:
                outer.extend(log)
        finally:
            self.thread.undo_log = outer


class _NameScope:
    def __init__(self, graph: Graph, name: str | None) -> None:
        self._graph = graph
        self._name = name
        self._outer = []

    def __enter__(self) -> str:
        thread = self._graph.thread
        outer, opened = thread.name_scope, self._open(thread.name_scope)
        self._outer.append(outer)
        thread.name_scope = opened.removesuffix("/")
        return opened

    def _open(self, outer):
        if not self._name:
            return ""
        check_name(self._name, nested=bool(outer))
        return self._name if self._name.endswith("/") else self._graph.unique_name(self._name) + "/"

    def __exit__(self, *error: object) -> None:
        self._graph.thread.name_scope = self._outer.pop()


def _remove_identical(items, value):
    for i in reversed(range(len(items))):
        if items[i] is value:
            del items[i]
            return


class _DefaultGraphs(threading.local):
    """This thread's stack of current graphs, and the graph below the stack."""

    def __init__(self) -> None:
        self.stack = []
        self.fallback = None


_default_graphs = _DefaultGraphs()


class _AsDefault:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __enter__(self) -> Graph:
        _default_graphs.stack.append(self._graph)
        return self._graph

    def __exit__(self, *error: object) -> None:
        if _default_graphs.stack[-1] is not self._graph:
            raise AssertionError(f"Nesting violated for default stack of {type(self._graph)} objects")
        _default_graphs.stack.pop()


def get_default_graph() -> Graph:
    """The current graph: the innermost ``as_default`` of this thread, or the graph that this thread began with."""
    if _default_graphs.stack:
        return _default_graphs.stack[-1]
    if _default_graphs.fallback is None:
        _default_graphs.fallback = Graph()
    return _default_graphs.fallback


use_graph_seed(get_default_graph)


def reset_default_graph() -> None:
    """Replace this thread's default graph by a new, empty one.

    Raises:
        AssertionError: inside a ``Graph.as_default()`` block.
    """
    if _default_graphs.stack:
        raise AssertionError(
            "Do not use reset_default_graph() to clear nested graphs. "
            "If you need a cleared graph, exit the nesting and create a new graph."
        )
    _default_graphs.fallback = None


def set_random_seed(seed: int | None) -> None:
    """Seed the current graph: initializers without a seed of their own become reproducible.

    Args:
        seed: int, or None to be random again.
    """
    get_default_graph().seed = seed


def graph_of(values: Iterable[Any] | None) -> Graph:
    """The graph that the variables among ``values`` belong to; the current graph when there are none.

    Raises:
        ValueError: when they belong to different graphs.
    """
    if values is None:
        return get_default_graph()
    graphs = {id(value.graph): value.graph for value in values if isinstance(getattr(value, "graph", None), Graph)}
    if len(graphs) > 1:
        raise ValueError(f"`values` must be from the same graph. Received: {values!r}")
    return next(iter(graphs.values()), None) or get_default_graph()


def add_to_collection(name: Any, value: Any) -> None:
    """Append ``value`` to the collection ``name`` of the current graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Append ``value`` to each of the collections ``names`` of the current graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """A copy of the collection ``key`` of the current graph; see ``Graph.get_collection``."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """The list itself of the collection ``key`` of the current graph."""
    return get_default_graph().get_collection_ref(key)


def get_all_collection_keys() -> list[str]:
    """The keys of the current graph's collections that are strings."""
    return get_default_graph().get_all_collection_keys()
