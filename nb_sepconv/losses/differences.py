"""Losses of the differences of labels and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axis_of, one_of
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.losses.weighting import Reduction, added, collected, over, pair, recorded_loss, weights_of
from nb_sepconv.tensors.quiet import quietly

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput


@recorded_loss("absolute_difference")
def absolute_difference(
    labels: ArrayInput,
    predictions: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of ``|predictions - labels|``.

    >>> absolute_difference([1.0, 2.0], [2.0, 4.0]).item()
    1.5
    """
    labels, predictions = pair(labels, predictions)
    losses = quietly(lambda: np.abs(predictions - labels))
    return collected(losses, weights, scope, "absolute_difference", loss_collection, reduction)


@recorded_loss("mean_squared_error")
def mean_squared_error(
    labels: ArrayInput,
    predictions: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of ``(predictions - labels) ** 2``.

    >>> mean_squared_error([1.0, 2.0], [2.0, 4.0]).item()
    2.5
    """
    labels, predictions = pair(labels, predictions)
    losses = quietly(lambda: np.square(predictions - labels))
    return collected(losses, weights, scope, "mean_squared_error", loss_collection, reduction)


@recorded_loss("cosine_distance_loss")
def cosine_distance(
    labels: ArrayInput,
    predictions: ArrayInput,
    axis: Any = None,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: Any = None,
) -> Tensor:
    """The mean of ``1 - sum(labels * predictions)`` along an axis, for unit vectors; ``dim`` is its older name.

    >>> cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1).item()
    1.0
    """
    axis = one_of("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("`axis` must be given. Received: None")
    labels, predictions = pair(labels, predictions)
    axis = axis_of(axis, labels.ndim)
    losses = quietly(lambda: 1 - np.sum(predictions * labels, axis, keepdims=True))
    return collected(losses, weights, scope, "cosine_distance_loss", loss_collection, reduction)


@recorded_loss("huber_loss")
def huber_loss(
    labels: ArrayInput,
    predictions: ArrayInput,
    weights: ArrayInput = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of ``d**2 / 2`` for differences ``d`` up to ``delta``, and beyond it of its tangent.

    >>> huber_loss([0.0, 0.0], [1.0, 3.0]).item()
    1.5
    """
    labels, predictions = pair(labels, predictions)
    delta = np.float32(delta)

    def of_each():
        distance = np.abs(predictions - labels)
        quadratic = np.minimum(distance, delta)
        return np.float32(0.5) * (quadratic * quadratic) + delta * (distance - quadratic)

    return collected(quietly(of_each), weights, scope, "huber_loss", loss_collection, reduction)


@recorded_loss("mean_pairwise_squared_error")
def mean_pairwise_squared_error(
    labels: ArrayInput,
    predictions: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """The sum over the examples of how much the differences of their elements differ, squared, on average.

    >>> mean_pairwise_squared_error([[0.0, 1.0]], [[0.0, 3.0]]).item()
    4.0
    """
    labels, predictions = pair(labels, predictions)
    weights = weights_of(labels, weights)

    def of_pairs():
        difference = predictions - labels
        axes = tuple(range(1, difference.ndim))
        present = np.broadcast_to(weights, difference.shape) != 0
        count = np.sum(present, axes, keepdims=True).astype(np.float32)
        squares = np.sum(np.square(difference), axes, keepdims=True)
        square_of_sum = np.square(np.sum(difference, axes, keepdims=True))
        pairs = np.maximum(count * (count - 1), 0)
        first, second = 2 * over(squares, np.maximum(count - 1, 0)), 2 * over(square_of_sum, pairs)
        total = np.sum((first - second) * weights, dtype=np.float32)
        return np.where(count.sum() > 0, total, np.float32(0))

    return added(
        quietly(of_pairs), scope, "mean_pairwise_squared_error", loss_collection, Reduction.SUM_BY_NONZERO_WEIGHTS
    )
