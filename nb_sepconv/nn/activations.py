"""The activations under TF1's argument names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv import activations
from nb_sepconv.activations import spelling_of
from nb_sepconv.tensors.tensor import plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, ArrayInput


@spelling_of(activations.relu)
@word
def relu(features: ArrayInput, name: str | None = None) -> Array:
    """``max(features, 0)``; see :func:`nb_sepconv.activations.relu`."""
    return tensor(activations.relu(plain(features)))


@spelling_of(activations.relu6)
@word
def relu6(features: ArrayInput, name: str | None = None) -> Array:
    """``min(max(features, 0), 6)``; see :func:`nb_sepconv.activations.relu6`."""
    return tensor(activations.relu6(plain(features)))


@spelling_of(activations.leaky_relu)
@word
def leaky_relu(features: ArrayInput, alpha: float = 0.2, name: str | None = None) -> Array:
    """``features`` where positive, else ``alpha * features``; see :func:`nb_sepconv.activations.leaky_relu`."""
    return tensor(activations.leaky_relu(plain(features), alpha))


@spelling_of(activations.elu)
@word
def elu(features: ArrayInput, name: str | None = None) -> Array:
    """``features`` where positive, else ``exp(features) - 1``; see :func:`nb_sepconv.activations.elu`."""
    return tensor(activations.elu(plain(features)))


@spelling_of(activations.selu)
@word
def selu(features: ArrayInput, name: str | None = None) -> Array:
    """The scaled exponential linear unit; see :func:`nb_sepconv.activations.selu`."""
    return tensor(activations.selu(plain(features)))


@spelling_of(activations.gelu)
@word
def gelu(features: ArrayInput, approximate: bool = False, name: str | None = None) -> Array:
    """``features * P(X <= features)`` for a standard normal ``X``; see :func:`nb_sepconv.activations.gelu`."""
    return tensor(activations.gelu(plain(features), approximate))


@spelling_of(activations.sigmoid)
@word
def sigmoid(x: ArrayInput, name: str | None = None) -> Array:
    """``1 / (1 + exp(-x))``; see :func:`nb_sepconv.activations.sigmoid`."""
    return tensor(activations.sigmoid(plain(x)))


@spelling_of(activations.tanh)
@word
def tanh(x: ArrayInput, name: str | None = None) -> Array:
    """The hyperbolic tangent; see :func:`nb_sepconv.activations.tanh`."""
    return tensor(activations.tanh(plain(x)))


@spelling_of(activations.softplus)
@word
def softplus(features: ArrayInput, name: str | None = None) -> Array:
    """``log(1 + exp(features))``; see :func:`nb_sepconv.activations.softplus`."""
    return tensor(activations.softplus(plain(features)))


@spelling_of(activations.softsign)
@word
def softsign(features: ArrayInput, name: str | None = None) -> Array:
    """``features / (1 + |features|)``; see :func:`nb_sepconv.activations.softsign`."""
    return tensor(activations.softsign(plain(features)))


@spelling_of(activations.softmax)
@word
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
    return tensor(activations.softmax(plain(logits), _axis(axis, dim)))


@spelling_of(activations.log_softmax)
@word
def log_softmax(logits: ArrayInput, axis: Any = None, name: str | None = None, dim: int | None = None) -> Array:
    """``logits - log(sum(exp(logits)))`` along an axis; see :func:`nb_sepconv.activations.log_softmax`.

    Args:
        logits: array of floats, one or more axes.
        axis: int, the axis whose exponentials sum to 1. Default None, the last. ``dim`` is its older name.
        name: unused.

    Raises:
        ValueError: both ``axis`` and ``dim`` are given, or ``logits`` has no such axis.
    """
    return tensor(activations.log_softmax(plain(logits), _axis(axis, dim)))


def _axis(axis, dim):
    if axis is not None and dim is not None:
        raise ValueError(f"Cannot specify both `dim` and `axis`. Received: axis={axis!r}, dim={dim!r}")
    given = dim if axis is None else axis
    return -1 if given is None else given


@spelling_of(activations.swish)
@word
def swish(features: ArrayInput, beta: float = 1.0) -> Array:
    """``features * sigmoid(beta * features)``; see :func:`nb_sepconv.activations.swish`."""
    return tensor(activations.swish(plain(features), beta))


silu = swish
