"""Graphs: what owns variables, collections and names, and which graph is the current one."""

from __future__ import annotations

import gc
import re
import threading
import weakref
from collections import deque
from functools import partial
from itertools import repeat
from operator import is_
from typing import TYPE_CHECKING, Any, NoReturn

from nb_sepconv.framework.call_losses import CallLosses
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.graph_name_scope import GraphNameScope
from nb_sepconv.framework.taken_names import TakenNames
from nb_sepconv.framework.thread_state import ThreadStates, UndoOnFailure, forget_after_trace, remove_identical
from nb_sepconv.initializers import use_graph_seed
from nb_sepconv.tensors.tracing import refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from nb_sepconv.framework.thread_state import ThreadState
    from nb_sepconv.framework.variable_store import VariableStore

CLOSED_SCOPES = 8


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
        self._threads = ThreadStates(self)
        self.layer_name_counts: dict[str, int] = {}
        self.remembered_calls: dict[Any, Any] = {}
        self.programs: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()  # of `tf.function`
        self._seeds_given = 0
        self._collections = {}
        self.call_losses: CallLosses = CallLosses()
        self._names, self._closed = TakenNames(), deque()
        self.lock: AbstractContextManager[bool] = threading.RLock()
        self._as_current = _AsDefault(self, chosen=0)
        _remember(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Graph cannot be pickled or copied: save its variables, or pickle a layer instead")

    def __repr__(self) -> str:
        return f"<Graph of {len(self.get_collection('variables'))} variables, seed={self.seed}>"

    def as_default(self) -> AbstractContextManager[Graph]:
        """A context manager that makes this graph the current one of this thread."""
        refuse_in_trace("`Graph.as_default()`", "enter the graph around the function")
        return _AsDefault(self, chosen=1)

    def as_current(self) -> AbstractContextManager[Graph]:
        """The same where no caller chose it."""
        return self._as_current

    @property
    def thread(self) -> ThreadState:
        """What the graph keeps for this thread alone."""
        return self._threads.state

    @property
    def collections(self) -> list[Any]:
        """The keys of all collections."""
        with self.lock:
            return list(self._collections)

    def get_all_collection_keys(self) -> list[str]:
        """The keys of all collections that are strings."""
        return [key for key in self.collections if isinstance(key, str)]

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Append ``value`` to the collection ``name``; what a run computes is in it until the trace is over."""
        with self.lock:
            collection = self._collections.setdefault(name, [])
            collection.append(value)
            self.call_losses.note(collection, name, value)
        self.thread.trainable_added += name == GraphKeys.TRAINABLE_VARIABLES
        forget_after_trace(collection, value)
        self.log_undo(partial(remove_identical, collection, value))

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Append ``value`` to each of the collections ``names`` (one string, or an iterable of keys)."""
        for name in [names] if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The list itself of the collection ``name``, made when there is none."""
        with self.lock:
            return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection ``name``.

        Args:
            name: the collection's key.
            scope: a regular expression; only items whose name it matches at the start are returned. Default all.

        Returns:
            A list, in the order of addition.
        """
        with self.lock:
            items = list(self._collections.get(name, ()))
        if items and name == GraphKeys.UPDATE_OPS:
            refuse_in_trace("An update of a moving average", "run it after the function")
        if scope is not None:
            matches = re.compile(scope).match
            items = [item for item in items if hasattr(item, "name") and matches(item.name)]
        return items

    def collects(self, name: Any, value: Any) -> bool:
        """Whether ``value`` itself is in the collection ``name``."""
        return any(map(is_, self._collections.get(name, ()), repeat(value)))

    def clear_collection(self, name: Any) -> None:
        """Remove the collection ``name``."""
        with self.lock:
            self._collections.pop(name, None)

    def clear_call_losses(self) -> None:
        """Forget the losses that calls have added since the last step."""
        refuse_in_trace("`clear_call_losses`", "call it outside of the function")
        with self.lock:
            self.call_losses.clear()

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """``name`` inside the current name scope, with ``_1``, ``_2``, ... appended when it is taken (in any case)."""
        if mark_as_used:
            return self.numbered_name(self.thread, name)[0]
        scope = self.thread.name_scope
        name = f"{scope}/{name}" if scope else name
        with self.lock:
            number = self._names.free_number(name.lower())
        return f"{name}_{number}" if number else name

    def numbered_name(self, thread: ThreadState, name: str) -> tuple[str, int]:
        """``name`` made unique in the name scope of ``thread`` and taken, and the number that it got, 0 for none."""
        scope = thread.name_scope
        name = f"{scope}/{name}" if scope else name
        with self.lock:
            number, change = self._names.take_free(name.lower())
        if thread.undo_log is not None:
            thread.undo_log.append(partial(self._names.restore, change))
        return f"{name}_{number}" if number else name, number

    def take_name(self, name: str) -> tuple[str, int]:
        """A full name made unique and taken for good, and the number that it got, 0 for none."""
        with self.lock:
            number, _ = self._names.take_free(name.lower())
        return f"{name}_{number}" if number else name, number

    def next_number(self, name: str) -> int:
        """The number that a full name gets, taken for good; 0, and nothing is taken, where the name was never taken."""
        with self.lock:
            return self._names.count(name.lower())

    def pass_name(self, thread: ThreadState, name: str) -> None:
        """Take a name as a scope does that is opened and closed at once."""
        scope = thread.names
        if thread.undo_log is not None:
            self.numbered_name(thread, name)
        elif scope.full is None:
            scope.list(name)
        else:
            name = f"{scope.full}/{name}" if scope.full else name
            if not self.next_number(name):
                self.take_name(name)

    def keep_name(self, name: str) -> None:
        """Never forget a name that was taken, as it belongs to a variable."""
        with self.lock:
            self._names.keep(name.lower())

    def forget_in_time(self, scope: str) -> None:
        """Forget the names inside of a name scope that was closed, after eight more."""
        scope = scope.lower()
        if scope not in self._names.inside:
            return
        with self.lock:
            self._closed.append(scope)
            if len(self._closed) > CLOSED_SCOPES:
                self._names.forget_inside(self._closed.popleft())

    def get_name_scope(self) -> str:
        """The current name scope, without the slash at its end."""
        return self.thread.name_scope

    def name_scope(self, name: str | None) -> AbstractContextManager[str]:
        """A context manager that opens the name scope ``name`` in this graph; see the function ``name_scope``."""
        return GraphNameScope(self, name)

    def next_layer_name(self, base_name: str) -> str:
        """``base_name_1``, then ``base_name_2``, and so on."""
        return f"{base_name}_{self.next_layer_number(base_name) + 1}"

    def next_layer_number(self, base_name: str) -> int:
        """How many layers have asked before for a number with ``base_name``."""
        with self.lock:
            number = self.layer_name_counts.get(base_name, 0)
            self.layer_name_counts[base_name] = number + 1
        return number

    def next_seed(self) -> tuple[int, int] | None:
        """``(graph seed, how many were asked before)`` for an operation without a seed of its own, or None."""
        if self.seed is None:
            return None
        with self.lock:
            self._seeds_given += 1
            return self.seed, self._seeds_given - 1

    def log_undo(self, undo: Callable[[], Any]) -> None:
        """Remember how to take back an addition that this thread made, while ``undo_on_failure`` is open."""
        if self.thread.undo_log is not None:
            self.thread.undo_log.append(undo)

    def undo_on_failure(self) -> AbstractContextManager[None]:
        """Take back what this thread adds to the graph inside the block, when the block fails."""
        return UndoOnFailure(self.thread)


class _DefaultGraphs(threading.local):
    """This thread's stack of current graphs, and the graph below the stack."""

    def __init__(self) -> None:
        self.stack = []
        self.chosen = 0
        self.fallback = None


_default_graphs = _DefaultGraphs()
_graphs, _graphs_lock = weakref.WeakSet(), threading.Lock()


def _remember(graph):
    with _graphs_lock:
        _graphs.add(graph)


class _AsDefault:
    def __init__(self, graph: Graph, chosen: int) -> None:
        self._graph = graph
        self._chosen = chosen

    def __enter__(self) -> Graph:
        enter_graph(self._graph)
        _default_graphs.chosen += self._chosen
        return self._graph

    def __exit__(self, *error: object) -> None:
        leave_graph(self._graph)
        _default_graphs.chosen -= self._chosen


def enter_graph(graph: Graph) -> None:
    """Make a graph the current one until ``leave_graph``."""
    _default_graphs.stack.append(graph)


def leave_graph(graph: Graph) -> None:
    """Make the graph before ``graph`` the current one again."""
    stack = _default_graphs.stack
    if stack[-1] is not graph:
        raise AssertionError(f"Nesting violated for default stack of {type(graph)} objects")
    stack.pop()


def get_default_graph() -> Graph:
    """The current graph: the innermost ``as_default`` of this thread, or the graph that this thread began with."""
    stack = _default_graphs.stack
    if stack:
        return stack[-1]
    if _default_graphs.fallback is None:
        _default_graphs.fallback = Graph()
    return _default_graphs.fallback


use_graph_seed(get_default_graph)


def chose_no_graph() -> bool:
    """Whether this thread is not the main one and outside of every ``Graph.as_default`` of its caller."""
    return not _default_graphs.chosen and threading.get_ident() != threading.main_thread().ident


def graph_for(made_in: Graph) -> Graph:
    """The graph for the first use of what was made in ``made_in``: that one in a thread that chose no graph of its own,
    and the current one elsewhere.
    """
    return made_in if chose_no_graph() else get_default_graph()


def held_elsewhere(graph: Graph, name: str) -> bool:
    """Whether this thread chose no graph, so that ``graph`` is the one it began with, and another one has the variable.

    Then a model was probably made in the other graph, and meant.
    """
    if graph is not _default_graphs.fallback or not chose_no_graph() or not _others_hold(graph, name):
        return False
    gc.collect()  # a graph that nobody can reach any more does not count
    return _others_hold(graph, name)


def _others_hold(graph, name):
    with _graphs_lock:
        others = [other for other in _graphs if other is not graph]
    return any(other.variable_store is not None and name in other.variable_store.variables for other in others)


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


def clear_call_losses() -> None:
    """Forget the losses that calls have added in the current graph since the last step, as an optimizer's step does.

    These are the losses of activity regularizers, what ``add_loss`` got in or after a call, and numbers that were added
    to the collections of losses. The regularization losses of variables stay.

    >>> import nb_sepconv as tf
    >>> layer = tf.layers.SeparableConv1D(4, 3, activity_regularizer="l2", bias_regularizer="l2")
    >>> y = layer(tf.ones((1, 5, 2)))
    >>> before = len(layer.losses); clear_call_losses(); before, len(layer.losses)
    (2, 1)
    """
    get_default_graph().clear_call_losses()
