"""``keras.activations``: Keras 3's activations; some differ from TF1's of the same name in arguments or in formula."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations import (
    advanced,
    elu,
    exponential,
    gelu,
    linear,
    log_softmax,
    mish,
    relu6,
    selu,
    sigmoid,
    softmax,
    softplus,
    softsign,
    spelling_of,
    tanh,
)
from nb_sepconv.activations.formulas import (
    check_axis,
    gated,
    log_one_plus_exp,
    logistic,
    sparsemax_threshold,
    typed,
)
from nb_sepconv.activations.functions import hard_sigmoid as hard_sigmoid_of_tf_keras
from nb_sepconv.activations.pullbacks import declare
from nb_sepconv.keras import activation_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array, ArrayInput, Identifier

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]


@spelling_of(activations.relu)
def relu(x: ArrayInput, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """``max(x, 0)`` with a slope, a ceiling and a threshold; see :func:`nb_sepconv.activations.relu`."""
    return activations.relu(x, negative_slope, max_value, threshold)


@spelling_of(activations.leaky_relu)
def leaky_relu(x: ArrayInput, negative_slope: float = 0.2) -> Array:
    """``x`` where positive, else ``negative_slope * x``; see :func:`nb_sepconv.activations.leaky_relu`."""
    return activations.leaky_relu(x, negative_slope)


@spelling_of(activations.swish)
def silu(x: ArrayInput) -> Array:
    """``x * sigmoid(x)``; see :func:`nb_sepconv.activations.swish`."""
    return activations.swish(x)


swish = silu


@typed
def celu(x: ArrayInput, alpha: float = 1.0) -> Array:
    """``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``.

    Example:
        >>> celu(np.array([-np.inf, 2.0]), alpha=0.5).tolist()
        [-0.5, 2.0]

    Source: Barron, arXiv:1704.07483.
    """
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


@typed
def glu(x: ArrayInput, axis: Any = -1) -> Array:
    """The first half of an axis times the sigmoid of its second half; the axis halves its length.

    Raises:
        ValueError: there is no such axis, or its length is odd.

    Example:
        >>> glu(np.array([1.0, 2.0, 0.0, 0.0])).tolist()
        [0.5, 1.0]

    Source: Dauphin et al., arXiv:1612.08083.
    """
    check_axis(x, axis, "glu")
    if x.shape[axis] % 2:
        raise ValueError(f"`x` of `glu` must have an even length along `axis` {axis}. Received: shape {x.shape}")
    values, gates = np.split(x, 2, axis=axis)
    return values * logistic(gates)


@typed
def hard_shrink(x: ArrayInput, threshold: float = 0.5) -> Array:
    """``x`` where its magnitude is above the threshold, else 0.

    Example:
        >>> hard_shrink(np.array([-1.0, 0.5, 2.0])).tolist()
        [-1.0, 0.0, 2.0]
    """
    return np.where(np.abs(x) <= threshold, 0, x)


@typed
def hard_sigmoid(x: ArrayInput) -> Array:
    """``relu6(x + 3) / 6``.

    Example:
        >>> hard_sigmoid(np.array([-3.0, 0.0, 1.5])).tolist()
        [0.0, 0.5, 0.75]
    """
    return np.clip((x + 3) / 6, 0, 1)


@typed
def hard_silu(x: ArrayInput) -> Array:
    """``x * relu6(x + 3) / 6``.

    Example:
        >>> hard_silu(np.array([-3.0, 0.0, 1.5])).tolist()
        [-0.0, 0.0, 1.125]
    """
    return gated(x, np.clip((x + 3) / 6, 0, 1))


hard_swish = hard_silu


@typed
def hard_tanh(x: ArrayInput) -> Array:
    """``x`` cut to -1..1.

    Example:
        >>> hard_tanh(np.array([-3.0, 0.5, 1.5])).tolist()
        [-1.0, 0.5, 1.0]
    """
    return np.clip(x, -1, 1)


@typed
def log_sigmoid(x: ArrayInput) -> Array:
    """``log(sigmoid(x))``.

    Example:
        >>> log_sigmoid(np.array([-1000.0, 0.0])).round(6).tolist()
        [-1000.0, -0.693147]
    """
    return -log_one_plus_exp(-x)


@typed
def soft_shrink(x: ArrayInput, threshold: float = 0.5) -> Array:
    """``x`` moved by the threshold towards 0, where it stops.

    Example:
        >>> soft_shrink(np.array([-1.0, 0.5, 2.0])).tolist()
        [-0.5, 0.0, 1.5]
    """
    return x - np.clip(x, -threshold, threshold)


@typed
def sparse_plus(x: ArrayInput) -> Array:
    """0 below -1, ``x`` above 1, ``(x + 1)**2 / 4`` between.

    Example:
        >>> sparse_plus(np.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.25, 3.0]
    """
    return np.where(x >= 1, x, (np.maximum(x, -1) + 1) ** 2 / 4)


@typed
def sparse_sigmoid(x: ArrayInput) -> Array:
    """0 below -1, 1 above 1, ``(x + 1) / 2`` between.

    Example:
        >>> sparse_sigmoid(np.array([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return np.clip((x + 1) / 2, 0, 1)


@typed
def sparsemax(x: ArrayInput, axis: Any = -1) -> Array:
    """The probabilities nearest to ``x`` along an axis.

    Raises:
        ValueError: there is no such axis.

    Example:
        >>> sparsemax(np.array([0.5, 1.0, -1.0])).tolist()
        [0.25, 0.75, 0.0]

    Source: Martins and Astudillo, arXiv:1602.02068.
    """
    check_axis(x, axis, "sparsemax")
    return np.maximum(x - sparsemax_threshold(x, axis), 0)


@typed
def squareplus(x: ArrayInput, b: float = 4) -> Array:
    """``(x + sqrt(x**2 + b)) / 2``.

    Example:
        >>> squareplus(np.array([0.0, 1.5])).tolist()
        [1.0, 2.0]

    Source: Barron, arXiv:2112.11687.
    """
    length = np.hypot(x, np.sqrt(b).astype(x.dtype))
    return np.where(x > 0, (x + length) / 2, b / 2 / (length - np.minimum(x, 0)))


@typed
def tanh_shrink(x: ArrayInput) -> Array:
    """``x - tanh(x)``.

    Example:
        >>> tanh_shrink(np.array([0.0, 20.0])).tolist()
        [0.0, 19.0]
    """
    return x - np.tanh(x)


@typed
def threshold(x: ArrayInput, threshold: float, default_value: float) -> Array:
    """``x`` where it is above the threshold, else the default value.

    Example:
        >>> threshold(np.array([0.0, 20.0]), 1.0, -3.0).tolist()
        [-3.0, 20.0]
    """
    return np.where(x <= threshold, default_value, x)


_BY_NAME = {
    function.__name__: function
    for function in (
        *(celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear),
        *(log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign),
        *(sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold),
    )
}
_NAMES = {function: name for name, function in _BY_NAME.items()}
_BY_NAME |= {"swish": silu, "hard_swish": hard_silu}
for _name, _rule in activation_gradients.RULES.items():
    declare(_BY_NAME[_name], _rule, activation_gradients.halved if _name == "glu" else None)

_HARD_SIGMOID_OF_TF_KERAS = {
    "module": "tf_keras.activations",
    "class_name": "function",
    "config": "hard_sigmoid",
    "registered_name": "hard_sigmoid",
}


def get(identifier: Identifier) -> Callable[..., Any]:
    """The activation that a name, a Keras config or a callable stands for.

    Args:
        identifier: None (``linear``), a name, a config dict, a callable, or a class to be called without arguments.

    Returns:
        A callable of one array. A callable is returned as it is.

    Raises:
        ValueError: an unknown name, or something else.

    Example:
        >>> get("silu") is silu, get(None) is linear, get(abs) is abs
        (True, True, True)
    """
    if identifier == _HARD_SIGMOID_OF_TF_KERAS:
        return hard_sigmoid_of_tf_keras
    if isinstance(identifier, dict) and identifier.get("class_name") == "function":
        identifier = identifier.get("config")
    if identifier is None:
        return linear
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]
    if isinstance(identifier, dict) and identifier.get("class_name") in advanced.NAMES:
        return activations.get(identifier)
    if callable(identifier):
        return identifier() if inspect.isclass(identifier) else identifier
    raise ValueError(
        "Could not interpret activation function identifier. `activation` must be a callable or one of "
        f"{', '.join(sorted(_BY_NAME))}. Received: {identifier!r}"
    )


deserialize = get


def of_tf_keras(identifier: Any) -> Any:
    """What a configuration of tf_keras means by an activation: its ``"hard_sigmoid"`` is ``0.2 * x + 0.5`` cut to 0..1.

    Example:
        >>> of_tf_keras("hard_sigmoid")(np.float64([1.0])).tolist(), of_tf_keras("relu")
        ([0.7], 'relu')
    """
    name = identifier.get("config") if isinstance(identifier, dict) else identifier
    return hard_sigmoid_of_tf_keras if name == "hard_sigmoid" else identifier


def serialize(activation: Any) -> Any:
    """The Keras 3 name of one of these activations; any other callable stands for itself.

    Args:
        activation: what :func:`get` returned.

    Returns:
        A name that :func:`get` understands (a config for what a configuration of tf_keras calls ``"hard_sigmoid"``,
        which Keras 3 has not), or the callable.

    Example:
        >>> serialize(swish), serialize(abs) is abs
        ('silu', True)
    """
    if activation is hard_sigmoid_of_tf_keras:
        return dict(_HARD_SIGMOID_OF_TF_KERAS)
    try:
        return _NAMES.get(activation) or activations.serialize(activation)
    except TypeError:  # an unhashable callable is none of ours
        return activation


def __dir__() -> list[str]:
    return __all__
