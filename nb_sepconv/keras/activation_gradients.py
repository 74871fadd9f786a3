"""How gradients go back through those of Keras 3's activations that TF1 has not: functions of the input and ``d``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.activations.formulas import logistic, sparsemax_threshold

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array


def celu(x: Array, d: Array, alpha: float = 1.0) -> Array:
    """1 where positive, else ``exp(x / alpha)``."""
    return d * np.where(x > 0, 1, np.exp(np.minimum(x, 0) / alpha))


def glu(x: Array, d: Array, axis: int = -1) -> Array:
    """The gate for the values, and the values times the gate's slope for the gates."""
    values, gates = np.split(x, 2, axis=axis)
    gate = logistic(gates)
    return np.concatenate([d * gate, d * values * gate * (1 - gate)], axis=axis)


def halved(shape: tuple[int, ...], axis: int = -1) -> tuple[int, ...]:
    """The shape of what ``glu`` makes of an array."""
    return (*shape[:axis], shape[axis] // 2, *shape[axis:][1:])


def hard_shrink(x: Array, d: Array, threshold: float = 0.5) -> Array:
    """1 where the magnitude is above the threshold."""
    return d * (np.abs(x) > threshold)


def hard_sigmoid(x: Array, d: Array) -> Array:
    """1/6 between -3 and 3."""
    return d * (np.abs(x) < 3) / 6


def hard_silu(x: Array, d: Array) -> Array:
    """``(2 * x + 3) / 6`` between -3 and 3, then 1."""
    return d * np.where(x >= 3, 1, np.where(x <= -3, 0, (2 * x + 3) / 6))


def hard_tanh(x: Array, d: Array) -> Array:
    """1 from -1 to 1, as TensorFlow clips."""
    return d * (np.abs(x) <= 1)


def log_sigmoid(x: Array, d: Array) -> Array:
    """``sigmoid(-x)``."""
    return d * logistic(-x)


def sparse_plus(x: Array, d: Array) -> Array:
    """``(x + 1) / 2`` between -1 and 1, then 1."""
    return d * np.clip((x + 1) / 2, 0, 1)


def sparse_sigmoid(x: Array, d: Array) -> Array:
    """1/2 between -1 and 1."""
    return d * (np.abs(x) < 1) / 2


def sparsemax(x: Array, d: Array, axis: int = -1) -> Array:
    """``d`` less its mean over what is not 0 in the result, Martins and Astudillo, arXiv:1602.02068, equation 12."""
    support = x > sparsemax_threshold(x, axis)
    mean = np.sum(d * support, axis=axis, keepdims=True) / np.sum(support, axis=axis, keepdims=True)
    return support * (d - mean)


def squareplus(x: Array, d: Array, b: float = 4) -> Array:
    """``(1 + x / sqrt(x**2 + b)) / 2``."""
    slope = np.where(np.isinf(x), np.sign(x), x / np.hypot(x, np.sqrt(b).astype(x.dtype)))
    return d * (1 + slope) / 2


def tanh_shrink(x: Array, d: Array) -> Array:
    """``tanh(x)**2``."""
    return d * np.square(np.tanh(x))


RULES: dict[str, Callable[..., Array]] = {
    rule.__name__: rule
    for rule in (
        *(celu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, log_sigmoid, sparse_plus, sparse_sigmoid),
        *(sparsemax, squareplus, tanh_shrink),
    )
}
RULES["soft_shrink"] = hard_shrink
