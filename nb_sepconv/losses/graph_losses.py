"""The losses that a graph has collected, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.graph import add_to_collection, get_collection
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.tensors.tensor import tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor


def add_loss(loss: Any, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Put a loss into a collection of the current graph."""
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """The losses that the current graph has collected, in the order of their creation.

    Args:
        scope: str or None, keep those whose name starts with this. Default None, all.
        loss_collection: the collection's key.

    Returns:
        A list of numbers.
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The regularization losses of the current graph, in the order of their creation.

    Args:
        scope: str or None, keep those whose name starts with this. Default None, all.

    Returns:
        A list of numbers.
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str | None = "total_regularization_loss") -> Tensor:
    """The sum of the regularization losses of the current graph.

    Args:
        scope: str or None, add up those whose name starts with this. Default None, all.
        name: unused, as arrays have no operation name.

    Returns:
        A number of the type of the losses; float32 zero where there is none.
    """
    losses = get_regularization_losses(scope)
    return _sum_of(losses) if losses else tensor(np.zeros((), np.float32))


def get_total_loss(
    add_regularization_losses: bool = True, name: str | None = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of the losses that the current graph has collected, those of regularizers included by default.

    Args:
        add_regularization_losses: bool. Default True.
        name: unused, as arrays have no operation name.
        scope: str or None, add up those whose name starts with this. Default None, all.

    Returns:
        A number of the type of the losses.

    Raises:
        ValueError: there is no loss.
    """
    losses = get_losses(scope) + (get_regularization_losses(scope) if add_regularization_losses else [])
    if not losses:
        raise ValueError(f"`scope` must name a loss that was collected. Received: {scope!r}")
    return _sum_of(losses)


@word
def _sum_of(losses):
    arrays = [np.asarray(loss) for loss in losses]
    return tensor(sum(arrays[1:], start=arrays[0].copy()))
