"""Cross entropies of labels and logits, example by example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axis_of, one_of
from nb_sepconv.tensors.convert import floats, widely
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import matched, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput


def _given(labels, logits):
    if labels is None or logits is None:
        raise ValueError(f"`labels` and `logits` must both be given. Received: labels={labels!r}, logits={logits!r}")


def _same_shape(labels, logits):
    if labels.shape != logits.shape:
        raise ValueError(
            f"`labels` must have the shape {logits.shape} of `logits`. Received: an array of shape {labels.shape}"
        )


@word
def sigmoid_cross_entropy_with_logits(
    labels: ArrayInput | None = None, logits: ArrayInput | None = None, name: str | None = None
) -> Tensor:
    """``-labels * log(sigmoid(logits)) - (1 - labels) * log(1 - sigmoid(logits))`` for each element.

    >>> round(sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0]).item(), 4)
    0.6931
    """
    _given(labels, logits)
    logits, labels = matched(logits, labels, ("logits", "labels"))
    _same_shape(labels, floats(logits, "logits"))
    wide = labels.astype(np.float32) if labels.dtype.itemsize == 2 else labels
    return tensor(widely(lambda x: np.maximum(x, 0) - x * wide + np.log1p(np.exp(-np.abs(x))), logits))


@word
def weighted_cross_entropy_with_logits(
    labels: ArrayInput | None = None,
    logits: ArrayInput | None = None,
    pos_weight: ArrayInput | None = None,
    name: str | None = None,
    targets: ArrayInput | None = None,
) -> Tensor:
    """The same with the first term times ``pos_weight``; ``targets`` is an older name of ``labels``.

    >>> round(weighted_cross_entropy_with_logits([1.0], [0.0], 2.0).item(), 4)
    1.3863
    """
    labels = one_of("labels", labels, "targets", targets)
    _given(labels, logits)
    logits, labels = matched(logits, labels, ("logits", "labels"))
    _same_shape(labels, floats(logits, "logits"))
    weight = matched(logits, pos_weight, ("logits", "pos_weight"))[1]
    if logits.dtype.itemsize == 2:
        labels, weight = labels.astype(np.float32), weight.astype(np.float32)
    factor = 1 + (weight - 1) * labels

    def entropy(x):
        return (1 - labels) * x + factor * (np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0))

    return tensor(widely(entropy, logits))


@word
def softmax_cross_entropy_with_logits(
    labels: ArrayInput | None = None,
    logits: ArrayInput | None = None,
    dim: int | None = None,
    name: str | None = None,
    axis: Any = None,
) -> Tensor:
    """``-sum(labels * log(softmax(logits)))`` along an axis, the last by default; ``dim`` is its older name.

    >>> round(softmax_cross_entropy_with_logits(labels=[[0.0, 1.0]], logits=[[1.0, 1.0]]).item(), 4)
    0.6931
    """
    _given(labels, logits)
    logits, labels = floats(plain(logits), "logits"), plain(labels)
    labels, logits = _broadcast_together(labels, logits)
    axis = one_of("axis", axis, "dim", dim)
    axis = axis_of(-1 if axis is None else axis, logits.ndim)
    labels = quietly(labels.astype, np.float32 if logits.dtype.itemsize == 2 else logits.dtype)
    return tensor(widely(lambda wide: -np.add.reduce(labels * _log_softmax(wide, axis), axis), logits))


softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


def _broadcast_together(labels, logits):
    if labels.shape == logits.shape:
        return labels, logits
    try:
        shape = np.broadcast_shapes(labels.shape, logits.shape)
    except ValueError:
        shape = None
    if shape is None or labels.ndim != logits.ndim:
        _same_shape(labels, logits)
    return np.broadcast_to(labels, shape), np.broadcast_to(logits, shape)


def _log_softmax(x, axis):
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


@word
def sparse_softmax_cross_entropy_with_logits(
    labels: ArrayInput | None = None, logits: ArrayInput | None = None, name: str | None = None
) -> Tensor:
    """``-log(softmax(logits))`` of the class that each label is the number of; NaN for a label that is none.

    >>> round(sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[1.0, 1.0]]).item(), 4)
    0.6931
    """
    _given(labels, logits)
    labels, logits = plain(labels), floats(plain(logits), "logits")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"`labels` must be an array of integers. Received: {labels.dtype.name}")
    if logits.ndim == 0 or labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"`labels` must have the shape of `logits` without the last axis. "
            f"Received: the shapes {labels.shape} and {logits.shape}"
        )
    known = (labels >= 0) & (labels < logits.shape[-1])
    places = np.where(known, labels, 0)[..., None].astype(np.int64)

    def entropy(wide):
        taken = np.take_along_axis(_log_softmax(wide, -1), places, -1)[..., 0]
        return np.where(known, -taken, wide.dtype.type(np.nan))

    return tensor(widely(entropy, logits))
