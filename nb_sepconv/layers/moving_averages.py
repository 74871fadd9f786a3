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


def leave_updates(averages: Any, values: Any, decay: float) -> list[MovingAverageUpdate]:
    """Updates of moving averages by values of the batch, left in the current graph's ``UPDATE_OPS``."""
    graph, left = get_default_graph(), []
    thread = graph.thread
    for variable, value in zip(averages, values, strict=True):
        scope = open_name_scope(thread, "AssignMovingAvg")
        close_name_scope(thread, scope)
        left.append(MovingAverageUpdate(scope, variable, value, decay))
        graph.add_to_collection(GraphKeys.UPDATE_OPS, left[-1])
    return left


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
        self._scope = scope
        self._variable, self._value, self._decay = variable, value, decay

    @property
    def name(self) -> str:
        """The operation's name."""
        return self._scope if isinstance(self._scope, str) else self._scope.full_name()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_scope": self.name}

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
