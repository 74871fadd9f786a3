"""Losses of elements times their weights, reduced to one number that the graph collects."""

from __future__ import annotations

import functools
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.call_losses import CallLoss
from nb_sepconv.framework.graph import add_to_collection, get_collection_ref, get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.name_scope import name_scope
from nb_sepconv.framework.thread_state import remove_identical
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.tensors.lazy_value import LazyValue
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.symbol import Symbol
from nb_sepconv.tensors.tensor import plain, tensor
from nb_sepconv.tensors.tracing import current_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import Array, ArrayInput, FunctionT


class Reduction:
    """How the weighted losses of the elements become one number."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: Any) -> None:
        """Raise a ValueError for what is none of them."""
        if key not in cls.all():
            raise ValueError(f"`reduction` must be one of {', '.join(cls.all())}. Received: {key!r}")


_OPERATIONS = {Reduction.NONE: "Mul", Reduction.SUM: "Sum"}


def recorded_loss(default_scope: str) -> Callable[[FunctionT], FunctionT]:
    """A decorator for losses: while a program is traced, their value is recorded alone, and collected for this run.

    Args:
        default_scope: str, as the loss gives it to :func:`added`.
    """

    def decorate(function):
        bind = inspect.signature(function).bind

        @functools.wraps(function)
        def loss(*args, **kwargs):
            trace = current_trace()
            if trace is None:
                return function(*args, **kwargs)
            given = bind(*args, **kwargs)
            given.apply_defaults()
            asked = given.arguments
            value = trace.word(function, (), {**asked, "loss_collection": None})
            reduction = asked.get("reduction", Reduction.SUM_BY_NONZERO_WEIGHTS)
            return added(value, asked["scope"], default_scope, asked["loss_collection"], reduction)

        return loss

    return decorate


@recorded_loss("weighted_loss")
def compute_weighted_loss(
    losses: ArrayInput,
    weights: ArrayInput = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The losses times their weights, added up and divided by the number of weights that are not 0, by default.

    >>> compute_weighted_loss([1.0, 2.0, 6.0], weights=[1.0, 1.0, 0.0]).item()
    1.5
    """
    losses = plain(losses)
    if losses.dtype.kind not in "iuf" and not is_floating(losses.dtype):
        raise TypeError(f"`losses` must be an array of numbers. Received: {losses.dtype.name}")
    return collected(losses, weights, scope, "weighted_loss", loss_collection, reduction)


def collected(
    losses: Array, weights: Any, scope: str | None, default_scope: str, collection: str | None, reduction: str
) -> Tensor:
    """The losses reduced to one number, which also goes into the collection."""
    Reduction.validate(reduction)
    weights = weights_of(losses, weights)
    value = quietly(_reduced, losses.astype(np.float32), weights, reduction)
    return added(np.asarray(value).astype(losses.dtype), scope, default_scope, collection, reduction)


def added(value: Array, scope: str | None, default_scope: str, collection: str | None, reduction: str) -> Tensor:
    """A loss, which also goes into the collection, under the name of its scope and operation."""
    if collection:
        with name_scope(scope, default_scope) as opened:
            name = f"{opened}{_OPERATIONS.get(reduction, 'value')}"
            add_to_collection(collection, _loss(name, value, collection))
    return value if type(value) is Symbol else tensor(value.copy())


def _loss(name, value, collection):
    """What a collection keeps until the step ends, or the run of a program that is being traced."""
    if type(value) is not Symbol:
        return CallLoss(name, lambda: value, get_default_graph().call_losses.step)
    loss = LazyValue(name, lambda: value)
    value.trace.undo_at_end(partial(remove_identical, get_collection_ref(collection), loss))
    return loss


def weights_of(losses: Array, weights: Any) -> Array:
    """The weights in float32; they must broadcast to the losses."""
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
    total = np.add.reduce(weighted, axis=None, dtype=np.float32)
    if reduction == Reduction.MEAN:
        return over(total, np.sum(np.broadcast_to(weights, losses.shape), dtype=np.float32))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return over(total, np.float32(losses.size))
    return total if reduction == Reduction.SUM else over(total, _present(losses, weights))


def over(total: Any, count: Any) -> Any:
    """The quotient, and 0 where the count is 0."""
    if not np.ndim(count):
        return total / count if count else np.zeros_like(total)
    return np.where(count == 0, np.float32(0), total / count)


def _present(losses, weights):
    if not weights.ndim:
        return np.float32(losses.size if weights else 0)
    return np.float32(np.count_nonzero(np.broadcast_to(weights, losses.shape)))


def pair(labels: Any, predictions: Any, names: tuple[str, str] = ("labels", "predictions")) -> tuple[Array, Array]:
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
