"""The activations as NumPy functions, with Keras's arguments.

Each takes an array (or what becomes one) and returns an array of the same shape and type. float16 and bfloat16 compute
in float32 and round once. NaN gives NaN; at the infinities each takes its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.activations.error_function import erfc
from nb_sepconv.activations.formulas import check_axis, gated, log_one_plus_exp, logistic, typed

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, ArrayInput

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


@typed
def linear(x: ArrayInput) -> Array:
    """The input itself.

    Args:
        x: array of floats or integers, any shape.

    Returns:
        The same values; an array is returned as it is.

    Example:
        >>> linear([-1.0, 2.0]).tolist()
        [-1.0, 2.0]
    """
    return x


@typed
def relu(x: ArrayInput, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """``max(x, 0)``, with Keras's slope, ceiling and threshold.

    Args:
        x: array of floats or integers, any shape.
        alpha: float, the slope below ``threshold``. Default 0.
        max_value: float or None, the largest value returned. Default None, no limit.
        threshold: float, values up to it become ``alpha * (x - threshold)``. Default 0.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> relu([-2.0, 3.0]).tolist(), relu([-2.0, 9.0], alpha=0.5, max_value=6.0).tolist()
        ([0.0, 3.0], [-1.0, 6.0])
    """
    plain = alpha == 0 and threshold == 0
    y = np.maximum(x, 0) if plain else np.where(x > threshold, x, alpha * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


@typed
def relu6(x: ArrayInput) -> Array:
    """``min(max(x, 0), 6)``.

    Args:
        x: array of floats or integers, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> relu6([-2.0, 3.0, 9.0]).tolist()
        [0.0, 3.0, 6.0]
    """
    return np.clip(x, 0, 6)


@typed
def leaky_relu(x: ArrayInput, alpha: float = 0.2) -> Array:
    """``x`` where positive, else ``alpha * x``.

    Args:
        x: array of floats, any shape.
        alpha: float, the slope of the negative side. Default 0.2.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> leaky_relu([-2.0, 3.0], alpha=0.5).tolist()
        [-1.0, 3.0]
    """
    return np.where(x > 0, x, alpha * x)


@typed
def elu(x: ArrayInput, alpha: float = 1.0) -> Array:
    """``x`` where positive, else ``alpha * (exp(x) - 1)``.

    Args:
        x: array of floats, any shape.
        alpha: float, the value approached at minus infinity is ``-alpha``. Default 1.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> elu([-1.0, 2.0]).round(4).tolist() == [np.float32(-0.6321), 2.0]
        True

    Source: Clevert et al., arXiv:1511.07289.
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@typed
def selu(x: ArrayInput) -> Array:
    """``scale * elu(x, alpha)`` with the constants that keep mean 0 and variance 1.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> selu(np.array([-np.inf, 0.0, 1.0])).round(6).tolist()
        [-1.758099, 0.0, 1.050701]

    Source: Klambauer et al., arXiv:1706.02515.
    """
    return np.where(x > 0, _SELU_SCALE * x, _SELU_SCALE * _SELU_ALPHA * np.expm1(np.minimum(x, 0)))


@typed
def gelu(x: ArrayInput, approximate: bool = False) -> Array:
    """``x * P(X <= x)`` for a standard normal ``X``.

    Args:
        x: array of floats, any shape.
        approximate: bool, use ``0.5*x*(1 + tanh(sqrt(2/pi) * (x + 0.044715*x**3)))``. Default False.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> gelu(np.array([-1.0, 1.0])).round(6).tolist()
        [-0.158655, 0.841345]

    Source: Hendrycks and Gimpel, arXiv:1606.08415.
    """
    if approximate:
        return gated(x, logistic(np.sqrt(8 / np.pi).item() * (x + 0.044715 * x**3)))
    return gated(x, 0.5 * erfc(-x / np.sqrt(2)))


@typed
def sigmoid(x: ArrayInput) -> Array:
    """``1 / (1 + exp(-x))``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> sigmoid(np.array([-np.inf, 0.0, 2.0])).round(6).tolist()
        [0.0, 0.5, 0.880797]
    """
    return logistic(x)


@typed
def tanh(x: ArrayInput) -> Array:
    """The hyperbolic tangent.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> tanh(np.array([0.0, np.inf])).tolist()
        [0.0, 1.0]
    """
    return np.tanh(x)


@typed
def softplus(x: ArrayInput) -> Array:
    """``log(1 + exp(x))``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> softplus(np.array([0.0, 1000.0])).round(6).tolist()
        [0.693147, 1000.0]
    """
    return log_one_plus_exp(x)


@typed
def softsign(x: ArrayInput) -> Array:
    """``x / (1 + |x|)``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> softsign(np.array([-np.inf, 1.0])).tolist()
        [-1.0, 0.5]
    """
    return np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))


@typed
def softmax(x: ArrayInput, axis: Any = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis.

    Args:
        x: array of floats, one or more axes.
        axis: int or tuple of ints, the axis that sums to 1. Default -1, the last.

    Returns:
        An array of the shape and type of ``x``.

    Raises:
        ValueError: ``x`` has no axis, or not this one.

    Example:
        >>> softmax(np.array([0.0, np.log(3.0)])).round(6).tolist()
        [0.25, 0.75]
    """
    check_axis(x, axis, "softmax")
    weights = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))
    return weights / np.add.reduce(weights, axis=axis, keepdims=True)


@typed
def log_softmax(x: ArrayInput, axis: Any = -1) -> Array:
    """``x - log(sum(exp(x)))`` along an axis.

    Args:
        x: array of floats, one or more axes.
        axis: int or tuple of ints, the axis whose exponentials sum to 1. Default -1, the last.

    Returns:
        An array of the shape and type of ``x``.

    Raises:
        ValueError: ``x`` has no axis, or not this one.

    Example:
        >>> log_softmax(np.array([0.0, 1000.0])).tolist()
        [-1000.0, 0.0]
    """
    check_axis(x, axis, "log_softmax")
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


@typed
def swish(x: ArrayInput, beta: float = 1.0) -> Array:
    """``x * sigmoid(beta * x)``, also called SiLU.

    Args:
        x: array of floats, any shape.
        beta: positive float. Default 1.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> swish(np.array([-1.0, 1.0])).round(6).tolist()
        [-0.268941, 0.731059]

    Source: Ramachandran et al., arXiv:1710.05941.
    """
    return gated(x, logistic(beta * x))


@typed
def mish(x: ArrayInput) -> Array:
    """``x * tanh(softplus(x))``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> mish(np.array([-1.0, 1.0])).round(6).tolist()
        [-0.303401, 0.865098]

    Source: Misra, arXiv:1908.08681.
    """
    return gated(x, np.tanh(log_one_plus_exp(x)))


@typed
def exponential(x: ArrayInput) -> Array:
    """``exp(x)``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> exponential(np.array([0.0, 1.0])).round(6).tolist()
        [1.0, 2.718282]
    """
    return np.exp(x)


@typed
def hard_sigmoid(x: ArrayInput) -> Array:
    """``0.2 * x + 0.5`` cut to 0..1, as tf_keras defines it.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> hard_sigmoid(np.array([-3.0, 0.0, 1.0])).tolist()
        [0.0, 0.5, 0.7]
    """
    return np.clip(0.2 * x + 0.5, 0, 1)
