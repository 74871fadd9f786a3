"""Losses that calls left in a graph: they stay until a training step ends, and the last 1,000 at most."""

from __future__ import annotations

import numbers
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.tensors.lazy_value import LazyValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

KEPT = 1000
_COLLECTIONS = (GraphKeys.LOSSES, GraphKeys.REGULARIZATION_LOSSES)


class Step:
    """What the losses of one training step have in common; copies of layers share it."""

    over: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class CallLoss(LazyValue):
    """A loss that a call added, as opposed to one that follows a variable.

    Args:
        name: str, the name that ``get_collection(key, scope)`` matches.
        compute: a function of no arguments that returns a number.
        step: the Step that it belongs to.
    """

    dropped: bool = False

    def __init__(self, name: str, compute: Callable[[], Any], step: Step) -> None:
        super().__init__(name, compute)
        self.step = step

    @property
    def forgotten(self) -> bool:
        """Whether its step is over, or 1,000 others came after it."""
        return self.dropped or self.step.over


class CallLosses:
    """What calls added to the collections of losses of one graph since the last step."""

    def __init__(self) -> None:
        self.step: Step = Step()
        self._kept = deque()

    def note(self, collection: list[Any], key: Any, value: Any) -> None:
        """Remember what a call added to a collection: a ``CallLoss``, or a number, which nothing renews."""
        if key in _COLLECTIONS and isinstance(value, (CallLoss, numbers.Number, np.ndarray, np.generic)):
            self._kept.append((collection, value))
            if len(self._kept) > KEPT:
                _remove(*self._kept.popleft())

    def clear(self) -> None:
        """End the step, and remove them all from their collections."""
        self.step.over, self.step = True, Step()
        while self._kept:
            _remove(*self._kept.popleft())


def _remove(collection, value):
    if isinstance(value, CallLoss):
        value.dropped = True
    for i, item in enumerate(collection):
        if item is value:
            del collection[i]
            return
