"""Activations as ONNX nodes.

Two functions may have one name (``hard_sigmoid`` of TF1 and of Keras 3), so that the nodes of a name are compared with
what the layer's own function gives before they are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations.advanced import ActivationLayer
from nb_sepconv.weights.onnx.nodes import Nodes
from nb_sepconv.weights.onnx.package import import_onnx

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE = np.concatenate([np.linspace(-9, 9, 145), [-1e3, 1e3]]).astype(np.float32).reshape(1, 1, -1)
TOLERANCE = 1e-5
CHANNELS_LAST_AXES = {0: 0, 1: 2, 2: 1}


def add_activation(graph: Nodes, step: Any, x: str) -> str:
    """Add the nodes of a layer's activation and return the name of their output.

    Args:
        graph: Nodes.
        step: Step.
        x: str, the value that the activation takes.

    Raises:
        ValueError: it has no ONNX form.
    """
    function = activations.get(step.activation)
    name, arguments = _described(function)
    if name == "linear":
        return x
    if name in ("softmax", "log_softmax"):
        axis = arguments.get("axis", -1) % 3
        axis = CHANNELS_LAST_AXES[axis] if step.data_format == "channels_last" else axis
        return graph.add("Softmax" if name == "softmax" else "LogSoftmax", x, axis=axis)
    for form in FORMS.get(name, ()):
        if _agrees(form, function, arguments):
            return form(graph, x, **arguments)
    known = ", ".join(sorted({"linear", "softmax", "log_softmax", *FORMS}))
    raise ValueError(f"`activation` of {step.name!r} must be one of {known} to be written. Received: {function!r}")


def _described(function):
    if isinstance(function, ActivationLayer):
        return function.function.__name__, function.arguments
    return activations.fused_name(function) or getattr(function, "__name__", ""), {}


def _agrees(form, function, arguments):
    """Whether the nodes give what the function gives."""
    from onnx.reference import ReferenceEvaluator

    graph = Nodes(import_onnx(), PROBE.dtype)
    form(graph, "inputs", **arguments)
    model = graph.model("activation", PROBE.shape, PROBE.shape)
    with np.errstate(all="ignore"):
        (found,) = ReferenceEvaluator(model).run(None, {"inputs": PROBE})
        wanted = np.asarray(function(PROBE))
    return np.allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def _one(kind, **attributes):
    """The form of an activation that is a single node."""
    return lambda graph, x, **_: graph.add(kind, x, **attributes)


def _of_alpha(kind, default):
    return lambda graph, x, alpha=default: graph.add(kind, x, alpha=float(alpha))


def _relu(graph, x, alpha=0.0, max_value=None, threshold=0.0):
    y = graph.add("LeakyRelu", x, alpha=float(alpha)) if alpha else graph.add("Relu", x)
    return y if max_value is None else graph.add("Min", y, graph.constant(max_value))


def _relu6(graph, x):
    return graph.add("Clip", x, graph.constant(0.0), graph.constant(6.0))


def _swish(graph, x):
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _mish(graph, x):
    return graph.add("Mul", x, graph.add("Tanh", graph.add("Softplus", x)))


def _gelu(graph, x):
    error = graph.add("Erf", graph.add("Mul", x, graph.constant(np.sqrt(0.5))))
    half = graph.add("Mul", x, graph.constant(0.5))
    return graph.add("Mul", half, graph.add("Add", error, graph.constant(1.0)))


def _log_sigmoid(graph, x):
    return graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)))


def _hard_sigmoid(slope):
    return _one("HardSigmoid", alpha=slope, beta=0.5)


def _hard_silu(graph, x):
    return graph.add("Mul", x, _hard_sigmoid(1 / 6)(graph, x))


def _thresholded_relu(graph, x, theta=1.0):
    return graph.add("ThresholdedRelu", x, alpha=float(theta))


FORMS: dict[str, list[Callable[..., str]]] = {
    "relu": [_relu],
    "relu6": [_relu6],
    "leaky_relu": [_of_alpha("LeakyRelu", 0.2), _of_alpha("LeakyRelu", 0.3)],
    "thresholded_relu": [_thresholded_relu],
    "elu": [_of_alpha("Elu", 1.0)],
    "selu": [_one("Selu")],
    "gelu": [_gelu],
    "sigmoid": [_one("Sigmoid")],
    "hard_sigmoid": [_hard_sigmoid(0.2), _hard_sigmoid(1 / 6)],
    "log_sigmoid": [_log_sigmoid],
    "tanh": [_one("Tanh")],
    "softplus": [_one("Softplus")],
    "softsign": [_one("Softsign")],
    "swish": [_swish],
    "silu": [_swish],
    "hard_silu": [_hard_silu],
    "hard_swish": [_hard_silu],
    "mish": [_mish],
    "exponential": [_one("Exp")],
}
