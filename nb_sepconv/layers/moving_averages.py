"""The updates of moving averages that training leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.graph_name_scope import close_name_scope, open_name_scope
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tracing import refuse_in_trace

if TYPE_CHECKING:
    from nb_sepconv.framework.graph_name_scope import NameScope
    from nb_sepconv.framework.variables import Variable

ROOM = 256  # updates between two searches for those that were run


def leave_updates(averages: Any, values: Any, decay: float, scopes: Any = None) -> list[MovingAverageUpdate]:
    """Updates of moving averages by values of the batch, left in the current graph's ``UPDATE_OPS``.

    Args:
        averages, values: the variables and the batch's values.
        decay: float, as of the updates.
        scopes: the scopes of earlier updates, whose names these get. Default None, scopes of their own.
    """
    graph, left = get_default_graph(), []
    for i, (variable, value) in enumerate(zip(averages, values, strict=True)):
        scope = _scope_of_its_own(graph.thread) if scopes is None else scopes[i]
        left.append(MovingAverageUpdate(scope, variable, value, decay))
        graph.add_to_collection(GraphKeys.UPDATE_OPS, left[-1])
    return left


def _scope_of_its_own(thread):
    scope = open_name_scope(thread, "AssignMovingAvg")
    close_name_scope(thread, scope)
    return scope


class WaitingUpdates:
    """The updates that a layer's calls left behind; those that were run are forgotten by and by."""

    def __init__(self) -> None:
        self._updates: list[MovingAverageUpdate] = []
        self._room = ROOM

    def copied(self) -> WaitingUpdates:
        """A copy, which does not see what is added later."""
        copied = WaitingUpdates()
        copied.add(self._updates)
        return copied

    def add(self, left: list[MovingAverageUpdate]) -> None:
        """Keep some more."""
        if len(self._updates) >= self._room:
            self._updates = self.pending()
            self._room = len(self._updates) + ROOM
        self._updates.extend(left)

    def pending(self) -> list[MovingAverageUpdate]:
        """Those that nobody has run."""
        return [update for update in self._updates if update.pending]

    def last(self, count: int) -> list[MovingAverageUpdate]:
        """The latest ones, whether they were run or not."""
        return self._updates[-count:]


class MovingAverageUpdate:
    """A step of a moving average, ``variable -= (variable - value) * decay``, that waits in ``UPDATE_OPS`` to be run.

    It leaves the collection when it is run; to run it again changes nothing.

    Args:
        scope: the NameScope whose name is that which ``get_collection(key, scope)`` matches.
        variable: the moving average.
        value: array, the batch's.
        decay: float, how far to go towards it.
    """

    def __init__(self, scope: NameScope, variable: Variable | Any, value: Any, decay: float) -> None:
        self.scope: Any = scope
        self._variable, self._value, self._decay = variable, value, decay

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.scope if isinstance(self.scope, str) else self.scope.full_name()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "scope": self.name}

    @property
    def pending(self) -> bool:
        """Whether it has not been run yet."""
        return self._value is not None

    def __call__(self) -> Variable | Any:
        """Run it, and return the variable."""
        refuse_in_trace("An update of a moving average", "run it after the function, from `tf.GraphKeys.UPDATE_OPS`")
        if self.pending:
            self._variable.assign(quietly(self._moved, np.asarray(self._variable)))
            self._value = None
            graph = self._variable.graph or get_default_graph()
            waiting = graph.get_collection_ref(GraphKeys.UPDATE_OPS)
            waiting[:] = [update for update in waiting if update is not self]
        return self._variable

    def _moved(self, average):
        return average - (average - self._value.astype(average.dtype)) * np.float32(self._decay).astype(average.dtype)

    def run(self, feed_dict: Any = None, session: object = None) -> None:
        """The same as calling it; the arguments are accepted as TF1 has them and unused."""
        self()
