"""What activations share: their types, and pieces of formulas in which nothing overflows or cancels."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.convert import floats, real_numbers, widely
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, FunctionT

INTEGER_FRIENDLY = {"linear", "relu", "relu6"}


def typed(compute: FunctionT) -> FunctionT:
    """Make ``compute``, written for float32 and float64, accept every float type and keep it."""
    accepted = real_numbers if compute.__name__ in INTEGER_FRIENDLY else floats

    @word
    @functools.wraps(compute)
    def activation(x, *args, **kwargs):
        return widely(lambda wide: compute(wide, *args, **kwargs), accepted(x, "x"))

    return activation


def gated(x: Array, gate: Array) -> Array:
    """``x * gate`` for a gate that falls to 0 faster than ``x`` grows, so that -inf gives 0."""
    return np.where(np.isneginf(x), -0.0, x * gate)


def logistic(x: Array) -> Array:
    """``1 / (1 + exp(-x))``."""
    decayed = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, decayed) / (1 + decayed)


def log_one_plus_exp(x: Array) -> Array:
    """``log(1 + exp(x))``."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def check_axis(x: Array, axis: Any, name: str) -> None:
    """Refuse an axis that the array has not; ``name`` is the activation's."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(-x.ndim <= each < x.ndim for each in axes):
        raise ValueError(f"`axis` of `{name}` must be an axis of an array of shape {x.shape}. Received: {axis}")


def sparsemax_threshold(x: Array, axis: int) -> Array:
    """What sparsemax takes from each number along an axis before it cuts at 0, Martins and Astudillo, arXiv:1602.02068,
    algorithm 1.
    """
    descending = -np.sort(-np.moveaxis(x, axis, -1), axis=-1)
    ranks = np.arange(1, descending.shape[-1] + 1)
    excess = np.cumsum(descending, axis=-1) - 1
    support = np.sum(1 * (ranks * descending > excess), axis=-1, keepdims=True)
    threshold = np.take_along_axis(excess, np.maximum(support - 1, 0), axis=-1) / support
    return np.moveaxis(threshold, -1, axis)
