"""``tf.losses``: losses of labels and predictions in float32, and what a graph has collected of them.

The losses take ``weights`` (a number, or an array of the losses' rank that broadcasts to them), ``scope`` (a name
scope), ``loss_collection`` (a key of the graph, or None) and ``reduction`` (see ``Reduction``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.checks.words import axis_of, one_of
from nb_sepconv.framework.graph import add_to_collection, clear_call_losses, get_collection
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.name_scope import name_scope
from nb_sepconv.nn import cross_entropy
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.tensors.lazy_value import LazyValue
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import plain, tensor

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "clear_call_losses",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]


class Reduction:
    """How the weighted losses of the elements become one number."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls):
        """All of them."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key):
        """Raise a ValueError for what is none of them."""
        if key not in cls.all():
            raise ValueError(f"`reduction` must be one of {', '.join(cls.all())}. Received: {key!r}")


_MEAN = Reduction.SUM_BY_NONZERO_WEIGHTS
_OPERATIONS = {Reduction.NONE: "Mul", Reduction.SUM: "Sum"}


def compute_weighted_loss(losses, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN):
    """The losses times their weights, added up and divided by the number of weights that are not 0, by default.

    >>> compute_weighted_loss([1.0, 2.0, 6.0], weights=[1.0, 1.0, 0.0]).item()
    1.5
    """
    losses = plain(losses)
    if losses.dtype.kind not in "iuf" and not is_floating(losses.dtype):
        raise TypeError(f"`losses` must be an array of numbers. Received: {losses.dtype.name}")
    return _collected(losses, weights, scope, "weighted_loss", loss_collection, reduction)


def _collected(losses, weights, scope, default_scope, collection, reduction):
    Reduction.validate(reduction)
    weights = _weights_of(losses, weights)
    value = quietly(_reduced, losses.astype(np.float32), weights, reduction)
    return _added(np.asarray(value).astype(losses.dtype), scope, default_scope, collection, reduction)


def _added(value, scope, default_scope, collection, reduction):
    if collection:
        with name_scope(scope, default_scope) as opened:
            add_to_collection(collection, LazyValue(f"{opened}{_OPERATIONS.get(reduction, 'value')}", lambda: value))
    return tensor(value.copy())


def _weights_of(losses, weights):
    if weights is None:
        raise ValueError("`weights` must not be None. Received: None")
    weights = plain(weights).astype(np.float32)
    fits = weights.ndim == losses.ndim and all(
        have in (1, want) for have, want in zip(weights.shape, losses.shape, strict=True)
    )
    if weights.ndim and not fits:
        raise ValueError(
            f"`weights` must be a number, or broadcast to the losses of shape {losses.shape} with as many axes. "
            f"Received: an array of shape {weights.shape}"
        )
    return weights


def _reduced(losses, weights, reduction):
    weighted = losses * weights
    if reduction == Reduction.NONE:
        return weighted
    total = np.sum(weighted, dtype=np.float32)
    if reduction == Reduction.MEAN:
        return _over(total, np.sum(np.broadcast_to(weights, losses.shape), dtype=np.float32))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return _over(total, np.float32(losses.size))
    return total if reduction == Reduction.SUM else _over(total, _present(losses, weights))


def _over(total, count):
    return np.where(count == 0, np.float32(0), total / count)


def _present(losses, weights):
    return np.float32(np.count_nonzero(np.broadcast_to(weights, losses.shape)))


def _pair(labels, predictions, names=("labels", "predictions")):
    """Both as float32 arrays of one shape."""
    for name, value in zip(names, (labels, predictions), strict=True):
        if value is None:
            raise ValueError(f"`{name}` must not be None. Received: None")
    labels, predictions = (quietly(plain(value).astype, np.float32) for value in (labels, predictions))
    if labels.shape != predictions.shape:
        raise ValueError(
            f"`{names[0]}` must have the shape {predictions.shape} of `{names[1]}`. Received: {labels.shape}"
        )
    return labels, predictions


def absolute_difference(
    labels, predictions, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN
):
    """The mean of ``|predictions - labels|``.

    >>> absolute_difference([1.0, 2.0], [2.0, 4.0]).item()
    1.5
    """
    labels, predictions = _pair(labels, predictions)
    losses = quietly(lambda: np.abs(predictions - labels))
    return _collected(losses, weights, scope, "absolute_difference", loss_collection, reduction)


def mean_squared_error(labels, predictions, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN):
    """The mean of ``(predictions - labels) ** 2``.

    >>> mean_squared_error([1.0, 2.0], [2.0, 4.0]).item()
    2.5
    """
    labels, predictions = _pair(labels, predictions)
    losses = quietly(lambda: np.square(predictions - labels))
    return _collected(losses, weights, scope, "mean_squared_error", loss_collection, reduction)


def cosine_distance(
    labels, predictions, axis=None, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN, dim=None
):
    """The mean of ``1 - sum(labels * predictions)`` along an axis, for unit vectors; ``dim`` is its older name.

    >>> cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1).item()
    1.0
    """
    axis = one_of("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("`axis` must be given. Received: None")
    labels, predictions = _pair(labels, predictions)
    axis = axis_of(axis, labels.ndim)
    losses = quietly(lambda: 1 - np.sum(predictions * labels, axis, keepdims=True))
    return _collected(losses, weights, scope, "cosine_distance_loss", loss_collection, reduction)


def hinge_loss(labels, logits, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN):
    """The mean of ``max(0, 1 - (2 * labels - 1) * logits)`` for labels of 0 and 1.

    >>> hinge_loss([1.0, 0.0], [0.5, 0.5]).item()
    1.0
    """
    labels, logits = _pair(labels, logits, ("labels", "logits"))
    losses = quietly(lambda: np.maximum(1 - (2 * labels - 1) * logits, np.float32(0)))
    return _collected(losses, weights, scope, "hinge_loss", loss_collection, reduction)


def huber_loss(
    labels, predictions, weights=1.0, delta=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN
):
    """The mean of ``d**2 / 2`` for differences ``d`` up to ``delta``, and beyond it of its tangent.

    >>> huber_loss([0.0, 0.0], [1.0, 3.0]).item()
    1.5
    """
    labels, predictions = _pair(labels, predictions)
    delta = np.float32(delta)

    def of_each():
        distance = np.abs(predictions - labels)
        quadratic = np.minimum(distance, delta)
        return np.float32(0.5) * (quadratic * quadratic) + delta * (distance - quadratic)

    return _collected(quietly(of_each), weights, scope, "huber_loss", loss_collection, reduction)


def log_loss(
    labels, predictions, weights=1.0, epsilon=1e-7, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN
):
    """The mean of ``-labels * log(predictions) - (1 - labels) * log(1 - predictions)``, each log of ``epsilon`` more.

    >>> round(log_loss([1.0], [0.5]).item(), 4)
    0.6931
    """
    labels, predictions = _pair(labels, predictions)
    epsilon = np.float32(epsilon)
    losses = quietly(
        lambda: -(labels * np.log(predictions + epsilon)) - (1 - labels) * np.log(1 - predictions + epsilon)
    )
    return _collected(losses, weights, scope, "log_loss", loss_collection, reduction)


def mean_pairwise_squared_error(labels, predictions, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES):
    """The sum over the examples of how much the differences of their elements differ, squared, on average.

    >>> mean_pairwise_squared_error([[0.0, 1.0]], [[0.0, 3.0]]).item()
    4.0
    """
    labels, predictions = _pair(labels, predictions)
    weights = _weights_of(labels, weights)

    def of_pairs():
        difference = predictions - labels
        axes = tuple(range(1, difference.ndim))
        present = np.broadcast_to(weights, difference.shape) != 0
        count = np.sum(present, axes, keepdims=True).astype(np.float32)
        squares = np.sum(np.square(difference), axes, keepdims=True)
        square_of_sum = np.square(np.sum(difference, axes, keepdims=True))
        pairs = np.maximum(count * (count - 1), 0)
        first, second = 2 * _over(squares, np.maximum(count - 1, 0)), 2 * _over(square_of_sum, pairs)
        total = np.sum((first - second) * weights, dtype=np.float32)
        return np.where(count.sum() > 0, total, np.float32(0))

    return _added(quietly(of_pairs), scope, "mean_pairwise_squared_error", loss_collection, _MEAN)


def sigmoid_cross_entropy(
    multi_class_labels, logits, weights=1.0, label_smoothing=0, scope=None, loss_collection=GraphKeys.LOSSES,
    reduction=_MEAN,
):  # fmt: skip
    """The mean of the cross entropies of independent classes; ``label_smoothing`` moves the labels towards 1/2.

    >>> round(sigmoid_cross_entropy([[1.0]], [[0.0]]).item(), 4)
    0.6931
    """
    labels, logits = _cast_labels("multi_class_labels", multi_class_labels, logits)
    if label_smoothing > 0:
        labels = (labels * (1 - label_smoothing) + 0.5 * label_smoothing).astype(labels.dtype)
    losses = cross_entropy.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return _collected(plain(losses), weights, scope, "sigmoid_cross_entropy_loss", loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels, logits, weights=1.0, label_smoothing=0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN
):
    """The mean of the cross entropies of exclusive classes; ``label_smoothing`` moves the labels towards 1/classes.

    >>> round(softmax_cross_entropy([[0.0, 1.0]], [[1.0, 1.0]]).item(), 4)
    0.6931
    """
    labels, logits = _cast_labels("onehot_labels", onehot_labels, logits)
    if label_smoothing > 0:
        labels = (labels * (1 - label_smoothing) + label_smoothing / labels.shape[-1]).astype(labels.dtype)
    losses = cross_entropy.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return _collected(plain(losses), weights, scope, "softmax_cross_entropy_loss", loss_collection, reduction)


def _cast_labels(name, labels, logits):
    """The labels in the type of the logits, and the logits."""
    if labels is None or logits is None:
        raise ValueError(f"`{name}` and `logits` must not be None. Received: {name}={labels!r}, logits={logits!r}")
    labels, logits = plain(labels), plain(logits)
    if labels.shape != logits.shape:
        raise ValueError(f"`{name}` must have the shape {logits.shape} of `logits`. Received: {labels.shape}")
    return quietly(labels.astype, logits.dtype), logits


def sparse_softmax_cross_entropy(
    labels, logits, weights=1.0, scope=None, loss_collection=GraphKeys.LOSSES, reduction=_MEAN
):
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
    return _collected(plain(losses), weights, scope, "sparse_softmax_cross_entropy_loss", loss_collection, reduction)


def add_loss(loss, loss_collection=GraphKeys.LOSSES):
    """Put a loss into a collection of the current graph."""
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope=None, loss_collection=GraphKeys.LOSSES):
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


def get_regularization_loss(scope: str | None = None, name: str | None = "total_regularization_loss") -> Array:
    """The sum of the regularization losses of the current graph.

    Args:
        scope: str or None, add up those whose name starts with this. Default None, all.
        name: unused, as arrays have no operation name.

    Returns:
        A number of the type of the losses; float32 zero where there is none.
    """
    losses = get_regularization_losses(scope)
    return _sum_of(losses) if losses else tensor(np.zeros((), np.float32))


def get_total_loss(add_regularization_losses=True, name="total_loss", scope=None):
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


def _sum_of(losses):
    arrays = [np.asarray(loss) for loss in losses]
    return tensor(sum(arrays[1:], start=arrays[0].copy()))


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
