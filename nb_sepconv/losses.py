"""The regularization losses that layers collected in the current graph (``tf.losses``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.framework.graph import get_collection
from nb_sepconv.framework.graph_keys import GraphKeys

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

__all__ = [
    "get_regularization_loss",
    "get_regularization_losses",
]


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The regularization losses of the current graph, in the order of their creation.

    Args:
        scope: str or None, keep those whose name starts with this. Default None, all.

    Returns:
        A list of numbers.
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str | None = "total_regularization_loss") -> Array:
    """The sum of the regularization losses of the current graph.

    Args:
        scope: str or None, add up those whose name starts with this. Default None, all.
        name: unused, as arrays have no operation name.

    Returns:
        A number of the type of the losses; float32 zero where there is none.
    """
    losses = [np.asarray(loss) for loss in get_regularization_losses(scope)]
    return np.asarray(sum(losses[1:], start=losses[0].copy())) if losses else np.zeros((), np.float32)


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
