"""Keras's activation layers without weights, as functions that keep their arguments: ``"LeakyReLU"`` and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.activations.formulas import typed
from nb_sepconv.activations.functions import elu, leaky_relu, relu, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array, ArrayInput, Config


@typed
def thresholded_relu(x: ArrayInput, theta: float = 1.0) -> Array:
    """``x`` where it is above ``theta``, else 0.

    Example:
        >>> thresholded_relu(np.array([0.5, 2.0])).tolist()
        [0.0, 2.0]

    Source: Konda et al., arXiv:1402.3337.
    """
    return np.where(x <= theta, 0, x)


# The function of each layer, and its arguments' names in configs with the function's names and the layer's defaults.
_LAYERS = {
    "ELU": (elu, {"alpha": ("alpha", 1.0)}),
    "LeakyReLU": (leaky_relu, {"alpha": ("alpha", 0.3), "negative_slope": ("alpha", 0.3)}),
    "ReLU": (
        relu,
        {"max_value": ("max_value", None), "negative_slope": ("alpha", 0.0), "threshold": ("threshold", 0.0)},
    ),
    "Softmax": (softmax, {"axis": ("axis", -1)}),
    "ThresholdedReLU": (thresholded_relu, {"theta": ("theta", 1.0)}),
}
_OF_EVERY_LAYER = ("name", "trainable", "dtype", "batch_input_shape")
NAMES = tuple(_LAYERS)


class ActivationLayer:
    """An activation with arguments, called like a function.

    Args:
        class_name: str, one of :data:`NAMES`.
        config: dict of the layer's arguments; those that every layer has are dropped. Default its defaults.

    Raises:
        ValueError: an argument that this layer has not.

    Example:
        >>> ActivationLayer("LeakyReLU", {"alpha": 0.5})(np.array([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, class_name: str, config: Config | None = None) -> None:
        self.class_name = class_name
        self.config: Config = {key: value for key, value in (config or {}).items() if key not in _OF_EVERY_LAYER}
        function, known = _LAYERS[class_name]
        for name in self.config:
            if name not in known:
                raise ValueError(
                    f"`activation` {class_name} takes the arguments {', '.join(known)}. Received: {name!r}"
                )
        self.function: Callable[..., Array] = function
        self.arguments: dict[str, Any] = dict(known.values()) | {
            known[key][0]: value for key, value in self.config.items()
        }

    def __repr__(self) -> str:
        return f"{self.class_name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"

    def __call__(self, x: ArrayInput) -> Array:
        """The activation of an array of floats."""
        return self.function(x, **self.arguments)

    def serialized(self) -> Config:
        """The config of the layer as Keras writes it."""
        config = dict(self.config)
        return {"module": "keras.layers", "class_name": self.class_name, "config": config, "registered_name": None}
