"""Losses of classes: cross entropies, the log loss and the hinge loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.losses.weighting import Reduction, collected, pair, recorded_loss
from nb_sepconv.nn import cross_entropy
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import plain

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput


@recorded_loss("hinge_loss")
def hinge_loss(
    labels: ArrayInput,
    logits: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of ``max(0, 1 - (2 * labels - 1) * logits)`` for labels of 0 and 1.

    >>> hinge_loss([1.0, 0.0], [0.5, 0.5]).item()
    1.0
    """
    labels, logits = pair(labels, logits, ("labels", "logits"))
    losses = quietly(lambda: np.maximum(1 - (2 * labels - 1) * logits, np.float32(0)))
    return collected(losses, weights, scope, "hinge_loss", loss_collection, reduction)


@recorded_loss("log_loss")
def log_loss(
    labels: ArrayInput,
    predictions: ArrayInput,
    weights: ArrayInput = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of ``-labels * log(predictions) - (1 - labels) * log(1 - predictions)``, each log of ``epsilon`` more.

    >>> round(log_loss([1.0], [0.5]).item(), 4)
    0.6931
    """
    labels, predictions = pair(labels, predictions)
    epsilon = np.float32(epsilon)
    losses = quietly(
        lambda: -(labels * np.log(predictions + epsilon)) - (1 - labels) * np.log(1 - predictions + epsilon)
    )
    return collected(losses, weights, scope, "log_loss", loss_collection, reduction)


@recorded_loss("sigmoid_cross_entropy_loss")
def sigmoid_cross_entropy(
    multi_class_labels: ArrayInput,
    logits: ArrayInput,
    weights: ArrayInput = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of the cross entropies of independent classes; ``label_smoothing`` moves the labels towards 1/2.

    >>> round(sigmoid_cross_entropy([[1.0]], [[0.0]]).item(), 4)
    0.6931
    """
    labels, logits = _cast_labels("multi_class_labels", multi_class_labels, logits)
    if label_smoothing > 0:
        labels = (labels * (1 - label_smoothing) + 0.5 * label_smoothing).astype(labels.dtype)
    losses = cross_entropy.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return collected(plain(losses), weights, scope, "sigmoid_cross_entropy_loss", loss_collection, reduction)


@recorded_loss("softmax_cross_entropy_loss")
def softmax_cross_entropy(
    onehot_labels: ArrayInput,
    logits: ArrayInput,
    weights: ArrayInput = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of the cross entropies of exclusive classes; ``label_smoothing`` moves the labels towards 1/classes.

    >>> round(softmax_cross_entropy([[0.0, 1.0]], [[1.0, 1.0]]).item(), 4)
    0.6931
    """
    labels, logits = _cast_labels("onehot_labels", onehot_labels, logits)
    if label_smoothing > 0:
        labels = (labels * (1 - label_smoothing) + label_smoothing / labels.shape[-1]).astype(labels.dtype)
    losses = cross_entropy.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return collected(plain(losses), weights, scope, "softmax_cross_entropy_loss", loss_collection, reduction)


def _cast_labels(name, labels, logits):
    """The labels in the type of the logits, and the logits."""
    if labels is None or logits is None:
        raise ValueError(f"`{name}` and `logits` must not be None. Received: {name}={labels!r}, logits={logits!r}")
    labels, logits = plain(labels), plain(logits)
    if labels.shape != logits.shape:
        raise ValueError(f"`{name}` must have the shape {logits.shape} of `logits`. Received: {labels.shape}")
    return quietly(labels.astype, logits.dtype), logits


@recorded_loss("sparse_softmax_cross_entropy_loss")
def sparse_softmax_cross_entropy(
    labels: ArrayInput,
    logits: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of the cross entropies of exclusive classes, whose numbers ``labels`` holds.

    >>> round(sparse_softmax_cross_entropy([1], [[1.0, 1.0]]).item(), 4)
    0.6931
    """
    if labels is None or logits is None:
        raise ValueError(f"`labels` and `logits` must not be None. Received: labels={labels!r}, logits={logits!r}")
    labels, logits, weights = plain(labels), plain(logits), plain(weights)
    if logits.ndim - labels.ndim == 2 and logits.shape[-1] == 1:
        logits = logits.squeeze(-1)
    elif logits.ndim == labels.ndim and labels.shape[-1:] == (1,):
        labels = labels.squeeze(-1)
    if weights.ndim - labels.ndim == 1 and weights.shape[-1] == 1:
        weights = weights.squeeze(-1)
    losses = cross_entropy.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return collected(plain(losses), weights, scope, "sparse_softmax_cross_entropy_loss", loss_collection, reduction)
