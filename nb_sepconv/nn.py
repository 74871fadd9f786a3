"""``tf.nn``: the activations under TF1's argument names, and ``l2_loss``.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations import exponential, hard_sigmoid, linear, mish, spelling_of
from nb_sepconv.checks.missing_names import explain
from nb_sepconv.tensors.convert import floats, widely

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, ArrayInput

__all__ = [
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "l2_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]


@spelling_of(activations.relu)
def relu(features: ArrayInput, name: str | None = None) -> Array:
    """``max(features, 0)``; see :func:`nb_sepconv.activations.relu`."""
    return activations.relu(features)


@spelling_of(activations.relu6)
def relu6(features: ArrayInput, name: str | None = None) -> Array:
    """``min(max(features, 0), 6)``; see :func:`nb_sepconv.activations.relu6`."""
    return activations.relu6(features)


@spelling_of(activations.leaky_relu)
def leaky_relu(features: ArrayInput, alpha: float = 0.2, name: str | None = None) -> Array:
    """``features`` where positive, else ``alpha * features``; see :func:`nb_sepconv.activations.leaky_relu`."""
    return activations.leaky_relu(features, alpha)


@spelling_of(activations.elu)
def elu(features: ArrayInput, name: str | None = None) -> Array:
    """``features`` where positive, else ``exp(features) - 1``; see :func:`nb_sepconv.activations.elu`."""
    return activations.elu(features)


@spelling_of(activations.selu)
def selu(features: ArrayInput, name: str | None = None) -> Array:
    """The scaled exponential linear unit; see :func:`nb_sepconv.activations.selu`."""
    return activations.selu(features)


@spelling_of(activations.gelu)
def gelu(features: ArrayInput, approximate: bool = False, name: str | None = None) -> Array:
    """``features * P(X <= features)`` for a standard normal ``X``; see :func:`nb_sepconv.activations.gelu`."""
    return activations.gelu(features, approximate)


@spelling_of(activations.sigmoid)
def sigmoid(x: ArrayInput, name: str | None = None) -> Array:
    """``1 / (1 + exp(-x))``; see :func:`nb_sepconv.activations.sigmoid`."""
    return activations.sigmoid(x)


@spelling_of(activations.tanh)
def tanh(x: ArrayInput, name: str | None = None) -> Array:
    """The hyperbolic tangent; see :func:`nb_sepconv.activations.tanh`."""
    return activations.tanh(x)


@spelling_of(activations.softplus)
def softplus(features: ArrayInput, name: str | None = None) -> Array:
    """``log(1 + exp(features))``; see :func:`nb_sepconv.activations.softplus`."""
    return activations.softplus(features)


@spelling_of(activations.softsign)
def softsign(features: ArrayInput, name: str | None = None) -> Array:
    """``features / (1 + |features|)``; see :func:`nb_sepconv.activations.softsign`."""
    return activations.softsign(features)


@spelling_of(activations.softmax)
def softmax(logits: ArrayInput, axis: Any = None, name: str | None = None, dim: int | None = None) -> Array:
    """``exp(logits) / sum(exp(logits))`` along an axis; see :func:`nb_sepconv.activations.softmax`.

    Args:
        logits: array of floats, one or more axes.
        axis: int, the axis that sums to 1. Default None, the last. ``dim`` is its older name.
        name: unused.

    Raises:
        ValueError: both ``axis`` and ``dim`` are given, or ``logits`` has no such axis.

    Example:
        >>> softmax([[0.0, 0.0]]).tolist()
        [[0.5, 0.5]]
    """
    return activations.softmax(logits, _axis(axis, dim))


@spelling_of(activations.log_softmax)
def log_softmax(logits: ArrayInput, axis: Any = None, name: str | None = None, dim: int | None = None) -> Array:
    """``logits - log(sum(exp(logits)))`` along an axis; see :func:`nb_sepconv.activations.log_softmax`.

    Args:
        logits: array of floats, one or more axes.
        axis: int, the axis whose exponentials sum to 1. Default None, the last. ``dim`` is its older name.
        name: unused.

    Raises:
        ValueError: both ``axis`` and ``dim`` are given, or ``logits`` has no such axis.
    """
    return activations.log_softmax(logits, _axis(axis, dim))


def _axis(axis, dim):
    if axis is not None and dim is not None:
        raise ValueError(f"Cannot specify both `dim` and `axis`. Received: axis={axis!r}, dim={dim!r}")
    given = dim if axis is None else axis
    return -1 if given is None else given


@spelling_of(activations.swish)
def swish(features: ArrayInput, beta: float = 1.0) -> Array:
    """``features * sigmoid(beta * features)``; see :func:`nb_sepconv.activations.swish`."""
    return activations.swish(features, beta)


silu = swish


def l2_loss(t: ArrayInput, name: str | None = None) -> Array:
    """Half the sum of squares, ``sum(t**2) / 2``.

    Args:
        t: array of floats, any shape.
        name: unused.

    Returns:
        An array without axes, of the type of ``t``; 16-bit floats are summed in float32.

    Raises:
        TypeError: ``t`` does not hold floats.

    Example:
        >>> l2_loss([3.0, 4.0]).item()
        12.5
    """
    return widely(lambda wide: np.sum(wide * wide) / 2, floats(t, "t"))


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
