"""The programs of one function in one graph."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.scope_names import ScopeNames
from nb_sepconv.framework.variable_scope import get_variable_scope, variable_scope
from nb_sepconv.framework.variable_store import AUTO_REUSE
from nb_sepconv.functions.program import MOVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.thread_state import ThreadState

MOST_KEYS = 64
MOST_SHAPES = 8  # that arrays in the function may have, for one key


class Programs:
    """Programs by what their calls have in common, and which names of scopes were taken before the function's first run
    in each variable scope, so that its later runs come to the same names.
    """

    def __init__(self) -> None:
        self._by_key: dict[Any, tuple[Callable[..., Any], ...]] = {}
        self._names: dict[str, ScopeNames] = {}

    def run(self, key: Any, arrays: Any, thread: ThreadState) -> Any:
        """The outputs of the first program that meets the shapes that it relies on, or ``MOVED``.

        The names of scopes that its layers pass through are none that the caller takes.
        """
        programs = self._by_key.get(key)
        if programs is None:
            return MOVED
        names, thread.scope_names = thread.scope_names, ScopeNames()
        try:
            with np.errstate(all="ignore"):
                for program in programs:
                    outputs = program(*arrays)
                    if outputs is not MOVED:
                        return outputs
        finally:
            thread.scope_names = names
        return MOVED

    def keep(self, key: Any, program: Callable[..., Any]) -> None:
        """Keep a program; the oldest ones make room."""
        if len(self._by_key) >= MOST_KEYS:
            self._by_key.pop(next(iter(self._by_key)), None)
        self._by_key[key] = (program, *self._by_key.get(key, ()))[:MOST_SHAPES]

    @contextmanager
    def names_as_before(self, graph: Graph, scope_name: str) -> Iterator[None]:
        """A block for a run of the function: its layers get the names, and find the variables, of the first run, even
        if that one failed.
        """
        thread, first = graph.thread, self._names.get(scope_name)
        if first is None:
            self._names[scope_name] = copy.deepcopy(thread.scope_names)
            yield
            return
        names, thread.scope_names = thread.scope_names, copy.deepcopy(first)
        try:
            with variable_scope(get_variable_scope(), reuse=AUTO_REUSE):
                yield
        finally:
            thread.scope_names = names
