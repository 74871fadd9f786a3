"""Activations by name: plain NumPy functions, and how the engine and the layers recognise them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.activations import advanced
from nb_sepconv.activations.functions import (
    elu,
    exponential,
    gelu,
    hard_sigmoid,
    leaky_relu,
    linear,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import FunctionT, Identifier

__all__ = [
    "elu",
    "exponential",
    "fused_name",
    "gelu",
    "get",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "spelling_of",
    "swish",
    "tanh",
]

silu = swish

_BY_NAME = {
    function.__name__: function
    for function in (
        *(elu, exponential, gelu, hard_sigmoid, leaky_relu, linear, log_softmax, mish, relu, relu6),
        *(selu, sigmoid, softmax, softplus, softsign, swish, tanh),
    )
}
_BY_NAME["silu"] = silu
_NAMES = {function: function.__name__ for function in _BY_NAME.values()}


def get(identifier: Identifier) -> Callable[..., Any]:
    """The activation that a name, a Keras config or a callable stands for.

    Args:
        identifier: None (``linear``), a name of a function or of one of Keras's activation layers (``"LeakyReLU"``), a
            config dict as :func:`serialize` and Keras write it, or a callable.

    Returns:
        A callable of one array. A callable is returned as it is.

    Raises:
        ValueError: an unknown name, or an incomplete config.
        TypeError: anything else.

    Example:
        >>> get("relu") is relu, get(None) is linear, get(abs) is abs
        (True, True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        return _from_config(identifier)
    if isinstance(identifier, str):
        return _by_name(identifier)
    if callable(identifier):
        return identifier
    raise TypeError(
        "Could not interpret activation function identifier. `activation` must be None, a name, a config dict or a "
        f"callable. Received: {identifier!r}"
    )


def _from_config(identifier):
    class_name, config = identifier.get("class_name"), identifier.get("config")
    if class_name == "function" and isinstance(config, str):
        return _by_name(config)
    if class_name in advanced.NAMES and isinstance(config, dict):
        return advanced.ActivationLayer(class_name, config)
    raise ValueError(
        "`activation` as a dict must hold `class_name` 'function' and the function's name under `config`, or "
        f"`class_name` {', '.join(advanced.NAMES)} and its arguments. Received: {identifier!r}"
    )


def _by_name(name):
    if name in advanced.NAMES:
        return advanced.ActivationLayer(name)
    if name not in _BY_NAME:
        known = ", ".join(sorted((*_BY_NAME, *advanced.NAMES)))
        raise ValueError(
            f"Unknown activation function '{name}' cannot be deserialized. `activation` must be a callable or one of "
            f"{known}. Received: {name!r}"
        )
    return _BY_NAME[name]


def serialize(activation: Any) -> Any:
    """The name or config of one of this library's activations; any other callable stands for itself.

    Args:
        activation: what :func:`get` returned.

    Returns:
        A name or a config dict that :func:`get` understands, or the callable.

    Example:
        >>> serialize(relu), serialize(abs) is abs
        ('relu', True)
    """
    if isinstance(activation, advanced.ActivationLayer):
        return activation.serialized()
    return fused_name(activation) or activation


def fused_name(function: object) -> str | None:
    """The name under which the kernels know an activation, recognised by identity.

    Args:
        function: a callable.

    Returns:
        The Keras name of an activation of this library or of its TF1 spelling in ``nn`` (``"swish"`` for SiLU), or
        None for any other callable.

    Example:
        >>> fused_name(relu), fused_name(lambda x: x)
        ('relu', None)
    """
    try:
        return _NAMES.get(function)
    except TypeError:  # an unhashable callable is none of ours
        return None


def spelling_of(canonical: Callable[..., Any]) -> Callable[[FunctionT], FunctionT]:
    """Declare the decorated function to be ``canonical`` under other argument names.

    Args:
        canonical: an activation of this module.

    Returns:
        A decorator that returns its function unchanged; :func:`fused_name` and :func:`serialize` know it from then on.
    """

    def declare(function):
        _NAMES[function] = _NAMES[canonical]
        return function

    return declare


def __dir__() -> list[str]:
    return __all__
