"""How gradients go back through the activations whose derivatives the kernels do not know, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations.advanced import ActivationLayer, thresholded_relu
from nb_sepconv.activations.error_function import erfc
from nb_sepconv.activations.functions import elu, gelu, leaky_relu, log_softmax, relu, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array, Identifier


def differentiable(activation: Identifier) -> Callable[..., Any]:
    """The function that ``activation`` stands for, if this library knows its derivative.

    Args:
        activation: what :func:`nb_sepconv.activations.get` takes.

    Raises:
        TypeError: a function of the caller's own.
    """
    function = activations.get(activation)
    if not is_known(function):
        raise TypeError(
            "`activation` must be None, a name or a function of nb_sepconv.activations: the derivative of another "
            "function is not known. Leave it out, apply the function to the outputs yourself, and give `d_outputs` "
            f"times its derivative. Received: {activation!r}"
        )
    return function


def is_known(function: Any) -> bool:
    """Whether a function is one of this library's activations, whose derivatives are known."""
    known = isinstance(function, ActivationLayer) or activations.fused_name(function) is not None
    return known or _declared(function) is not None


def declare(function: Any, rule: Any, shape: Any = None) -> None:
    """Let the derivative of an activation be known.

    Args:
        function: the activation, a function of one array.
        rule: a function of ``x`` and the gradient of the result that returns the gradient for ``x``.
        shape: a function from the shape of ``x`` to that of the result. Default the same.
    """
    _DECLARED[function] = rule, shape


def output_shape(function: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an activation's result for an array of ``shape``."""
    declared = _declared(function)
    return shape if declared is None or declared[1] is None else declared[1](shape)


def _declared(function):
    try:
        return _DECLARED.get(function)
    except TypeError:  # an unhashable callable is none of ours
        return None


def pullback(function: Any, x: Array, d_outputs: Array) -> Array:
    """The gradient for ``x`` of an activation ``function(x)``, given that of the result, as a contiguous array.

    16-bit floats compute in float32.
    """
    wide = np.float32 if x.dtype.itemsize == 2 else x.dtype
    with np.errstate(all="ignore"):
        return _rule(function)(x.astype(wide), d_outputs.astype(wide)).astype(x.dtype, order="C")


def _rule(function):
    if isinstance(function, ActivationLayer):
        rule, arguments = _RULES[function.function], function.arguments
        return lambda x, d: rule(x, d, **arguments)
    declared = _declared(function)
    return _RULES[getattr(activations, activations.fused_name(function))] if declared is None else declared[0]


def _gelu(x, d):
    """``P(X <= x) + x p(x)`` for a standard normal ``X`` with density ``p``."""
    bounded = np.clip(x, -40, 40)
    density = np.exp(-bounded * bounded / 2) / np.sqrt(2 * np.pi).astype(x.dtype)
    return d * (0.5 * erfc(-x / np.sqrt(2)).astype(x.dtype) + bounded * density)


def _softmax(x, d, axis=-1):
    y = softmax(x, axis)
    return y * (d - np.sum(d * y, axis=axis, keepdims=True))


def _log_softmax(x, d, axis=-1):
    return d - softmax(x, axis) * np.sum(d, axis=axis, keepdims=True)


def _elu(x, d, alpha=1.0):
    return d * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def _leaky_relu(x, d, alpha=0.2):
    return d * np.where(x > 0, 1, alpha)


def _relu(x, d, alpha=0.0, max_value=None, threshold=0.0):
    slope = np.where(x > threshold, 1, alpha)
    return d * (slope if max_value is None else np.where(x < max_value, slope, 0))


def _thresholded_relu(x, d, theta=1.0):
    return d * (x > theta)


_DECLARED = {}
_RULES = {
    elu: _elu,
    gelu: _gelu,
    leaky_relu: _leaky_relu,
    log_softmax: _log_softmax,
    relu: _relu,
    softmax: _softmax,
    thresholded_relu: _thresholded_relu,
}
