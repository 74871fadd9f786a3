"""The activations as NumPy functions, with Keras's arguments.

Each takes an array (or what becomes one) and returns an array of the same shape and type. float16 and bfloat16 compute
in float32 and round once. NaN gives NaN; at the infinities each takes its limit.
"""

import functools

import numpy as np

from nb_sepconv.activations.error_function import erfc
from nb_sepconv.conversion import floats, real_numbers, widely

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717
_INTEGER_FRIENDLY = {"linear", "relu", "relu6"}


def _activation(compute):
    """Make ``compute``, written for float32 and float64, accept every float type and keep it."""
    accepted = real_numbers if compute.__name__ in _INTEGER_FRIENDLY else floats

    @functools.wraps(compute)
    def activation(x, *args, **kwargs):
        return widely(lambda wide: compute(wide, *args, **kwargs), accepted(x, "x"))

    return activation


def _gated(x, gate):
    """``x * gate`` for a gate that falls to 0 faster than ``x`` grows, so that -inf gives 0."""
    return np.where(np.isneginf(x), -0.0, x * gate)


def _logistic(x):
    decayed = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, decayed) / (1 + decayed)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@_activation
def linear(x):
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


@_activation
def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """``max(x, 0)``, with Keras's slope, ceiling and threshold.

    Args:
        x: array of floats or integers, any shape.
        alpha: float, the slope below ``threshold``. Default 0.
        max_value: float or None, the largest value returned. Default None, no limit.
        threshold: float, values below it become ``alpha * (x - threshold)``. Default 0.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> relu([-2.0, 3.0]).tolist(), relu([-2.0, 9.0], alpha=0.5, max_value=6.0).tolist()
        ([0.0, 3.0], [-1.0, 6.0])
    """
    plain = alpha == 0 and threshold == 0
    y = np.maximum(x, 0) if plain else np.where(x < threshold, alpha * (x - threshold), x)
    return y if max_value is None else np.minimum(y, max_value)


@_activation
def relu6(x):
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


@_activation
def leaky_relu(x, alpha=0.2):
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


@_activation
def elu(x, alpha=1.0):
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


@_activation
def selu(x):
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


@_activation
def gelu(x, approximate=False):
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
        return _gated(x, _logistic(np.sqrt(8 / np.pi).item() * (x + 0.044715 * x**3)))
    return _gated(x, 0.5 * erfc(-x / np.sqrt(2)))


@_activation
def sigmoid(x):
    """``1 / (1 + exp(-x))``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> sigmoid(np.array([-np.inf, 0.0, 2.0])).round(6).tolist()
        [0.0, 0.5, 0.880797]
    """
    return _logistic(x)


@_activation
def tanh(x):
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


@_activation
def softplus(x):
    """``log(1 + exp(x))``.

    Args:
        x: array of floats, any shape.

    Returns:
        An array of the shape and type of ``x``.

    Example:
        >>> softplus(np.array([0.0, 1000.0])).round(6).tolist()
        [0.693147, 1000.0]
    """
    return _softplus(x)


@_activation
def softsign(x):
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


@_activation
def softmax(x, axis=-1):
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
    _check_axis(x, axis, "softmax")
    weights = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    return weights / np.sum(weights, axis=axis, keepdims=True)


@_activation
def log_softmax(x, axis=-1):
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
    _check_axis(x, axis, "log_softmax")
    shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _check_axis(x, axis, name):
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(-x.ndim <= each < x.ndim for each in axes):
        raise ValueError(f"`axis` of `{name}` must be an axis of an array of shape {x.shape}. Received: {axis}")


@_activation
def swish(x, beta=1.0):
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
    return _gated(x, _logistic(beta * x))


@_activation
def mish(x):
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
    return _gated(x, np.tanh(_softplus(x)))


@_activation
def exponential(x):
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


@_activation
def hard_sigmoid(x):
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
