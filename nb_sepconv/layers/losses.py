"""The losses of a layer: those that its calls left behind, and those computed from its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.tensors.lazy_value import LazyValue, as_loss

if TYPE_CHECKING:
    from collections.abc import Callable


class LayerLosses:
    """What ``layer.losses`` lists; whatever is added joins the graph's ``REGULARIZATION_LOSSES`` once."""

    def __init__(self) -> None:
        self._values = []
        self._functions = []

    def values(self) -> Any:
        """NumPy scalars: the values first, then the functions' results as they are now."""
        results = (function() for function in self._functions)
        return [*map(as_loss, self._values), *(as_loss(result) for result in results if result is not None)]

    def add_value(self, name: str, value: Any) -> None:
        """Keep a number, or a loss taken from a collection."""
        loss = value if isinstance(value, LazyValue) else LazyValue(name, _Constant(as_loss(value)))
        self._values = [*self._values, loss]
        _collect(loss)

    def add_function(self, name: str, function: Callable[[], Any]) -> None:
        """Keep a function of no arguments that returns a number or None."""
        self._functions = [*self._functions, function]
        if function() is not None:
            _collect(LazyValue(name, function))


class _Constant:
    """A function of no arguments that pickle can carry."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __call__(self) -> Any:
        return self._value


def _collect(loss):
    graph = get_default_graph()
    if not any(loss is known for known in graph.get_collection(GraphKeys.REGULARIZATION_LOSSES)):
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
