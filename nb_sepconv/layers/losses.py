"""The losses of a layer: those that its calls left behind, and those computed from its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.framework.call_losses import CallLoss
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.tensors.lazy_value import LazyValue, as_loss
from nb_sepconv.tensors.tracing import refuse_in_trace

ROOM = 256  # losses of calls between two searches for forgotten ones


class LayerLosses:
    """What ``layer.losses`` lists; whatever is added joins the graph's ``REGULARIZATION_LOSSES`` once."""

    def __init__(self) -> None:
        self._of_calls = []
        self._room = ROOM
        self._functions = []

    def copied(self) -> LayerLosses:
        """A copy, which does not see what is added later."""
        copied = object.__new__(LayerLosses)
        vars(copied).update(vars(self), _of_calls=[*self._of_calls])
        return copied

    def values(self) -> Any:
        """NumPy scalars: what calls added first, then the functions' results as they are now."""
        kept = [loss for loss in self._of_calls if not loss.forgotten]
        if kept:
            refuse_in_trace("What calls added to `losses`", "compute it in the function, from the layer's outputs")
        losses = [loss.read() for loss in kept]
        results = (function() for function in self._functions)
        return [*losses, *(as_loss(result) for result in results if result is not None)]

    def add_value(self, graph: Any, name: str, value: Any) -> None:
        """Keep a number until the graph forgets what calls added, or a loss taken from a collection."""
        if isinstance(value, LazyValue):
            self._keep(value)
            _collect(graph, value)
        else:
            self._add(graph, CallLoss(name, _Constant(as_loss(value)), graph.call_losses.step))

    def add_function_of_call(self, graph: Any, name: str, function: Any) -> None:
        """Keep a function of no arguments that a call added, as long as its numbers."""
        if function() is not None:
            self._add(graph, CallLoss(name, function, graph.call_losses.step))

    def add_function(self, graph: Any, name: str, function: Any) -> None:
        """Keep a function of no arguments that returns a number or None."""
        self._functions = [*self._functions, function]
        if function() is not None:
            _collect(graph, LazyValue(name, function))

    def join(self, graph: Any) -> None:
        """Let what calls added belong to a graph's present step."""
        for loss in self._of_calls:
            loss.step = graph.call_losses.step

    def _add(self, graph, loss):
        """Add a loss that was made just now."""
        self._keep(loss)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)

    def _keep(self, loss):
        kept = self._of_calls
        if kept and (kept[-1].forgotten or len(kept) >= self._room):
            self._of_calls = kept = [loss for loss in kept if not loss.forgotten]
            self._room = len(kept) + ROOM
        kept.append(loss)


def mean_penalty(regularizer: Any, outputs: Any) -> Any:
    """The penalty of a call's outputs over their number of examples."""
    loss = as_loss(regularizer(outputs))
    with np.errstate(divide="ignore", invalid="ignore"):
        return loss / loss.dtype.type(len(outputs))


class _Constant:
    """A function of no arguments that pickle can carry."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self) -> Any:
        return self._value


def _collect(graph, loss):
    if not any(loss is known for known in graph.get_collection(GraphKeys.REGULARIZATION_LOSSES)):
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
