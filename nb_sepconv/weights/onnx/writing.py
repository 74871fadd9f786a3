"""ONNX models of separable convolutions, each with its activation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.weights.grouped_convolutions import from_separable
from nb_sepconv.weights.onnx.activations import add_activation
from nb_sepconv.weights.onnx.nodes import Nodes
from nb_sepconv.weights.onnx.package import import_onnx
from nb_sepconv.weights.separable_names import Separable, separable_layers

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import FilePath

PADDINGS = ("valid", "same", "causal")


class Step(NamedTuple):
    """A layer and how it runs."""

    name: str
    layer: Separable
    strides: int
    dilation_rate: int
    padding: str
    activation: object
    data_format: str


def to_onnx(
    path: FilePath,
    mapping: Mapping[str, Any] | Any,
    *,
    strides: int = 1,
    dilation_rate: int = 1,
    padding: str = "valid",
    activation: Any = None,
) -> None:
    """Write a model that runs layers one after the other on (N, C, L); :func:`from_onnx` reads their variables back.

    Args:
        path: str, bytes or path-like.
        mapping: mapping of str to array, the variables of one or more layers in order; or a layer or a list of layers,
            which bring their settings along.
        strides: int, for all layers of a mapping. Default 1.
        dilation_rate: int, for all layers of a mapping. Default 1.
        padding: "valid", "same" or "causal", for all layers of a mapping. Default "valid".
        activation: name or callable of ``activations``, for all layers of a mapping. Default None, linear.

    Raises:
        ValueError: a kernel is missing, a shape does not fit, the padding is unknown, or an activation has no ONNX
            form.
    """
    if padding not in PADDINGS:
        raise ValueError(f"`padding` must be one of {', '.join(PADDINGS)}. Received: {padding!r}")
    onnx = import_onnx()
    settings = strides, dilation_rate, padding, activation
    steps = _of_mapping(mapping, settings) if isinstance(mapping, Mapping) else _of_layers(mapping, settings)
    model = _model(onnx, steps)
    with replacing(os.fsdecode(path)) as file:
        file.write(model.SerializeToString())


def _of_mapping(mapping, settings):
    layers = separable_layers(mapping)
    return [Step(name or "separable_conv1d", layer, *settings, "channels_last") for name, layer in layers.items()]


def _of_layers(layers, settings):
    layers = list(layers) if isinstance(layers, (list, tuple)) else [layers]
    if settings != (1, 1, "valid", None):
        raise ValueError("Layers bring `strides`, `dilation_rate`, `padding` and `activation` along. Received: both")
    steps = [_step(layer) for layer in layers]
    names = [step.name for step in steps]
    if not names:
        raise ValueError("`mapping` must hold layers. Received: none")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"Layers in `mapping` must have names of their own. Received: {twice[0]!r} twice")
    return steps


def _step(layer):
    if not hasattr(layer, "depthwise_kernel"):
        raise TypeError(f"`mapping` must be a mapping, a layer or a list of layers. Received: {type(layer).__name__}")
    if layer.depthwise_kernel is None:
        raise ValueError(f"The layer {layer.name!r} must be built before it is written. Received: no variables")
    roles = (layer.depthwise_kernel, layer.pointwise_kernel, layer.bias)
    arrays = Separable(*(None if weight is None else np.asarray(weight) for weight in roles))
    strides, dilation_rate = (int(np.ravel(setting)[0]) for setting in (layer.strides, layer.dilation_rate))
    return Step(layer.name, arrays, strides, dilation_rate, layer.padding.lower(), layer.activation, layer.data_format)


def _model(onnx, steps):
    graph, source = Nodes(onnx, steps[0].layer.depthwise_kernel.dtype), "inputs"
    for step in steps:
        source = _add_step(graph, step, source)
    channels, filters = steps[0].layer.depthwise_kernel.shape[1], steps[-1].layer.pointwise_kernel.shape[2]
    model = graph.model("separable_convolutions", ["N", channels, "L"], ["N", filters, "T"])
    onnx.checker.check_model(model)
    return model


def _add_step(graph, step, source):
    first, second = from_separable(step.layer)
    name, bias = step.name, step.layer.bias
    weight = graph.constant(first, f"{name}.depthwise.weight")
    groups = step.layer.depthwise_kernel.shape[1]
    hidden = graph.add("Conv", source, weight, name=name, group=groups, **_geometry(step))
    operands = [graph.constant(second, f"{name}.pointwise.weight")]
    if bias is not None:
        operands.append(graph.constant(bias, f"{name}.pointwise.bias"))
    outputs = graph.add("Conv", hidden, *operands, name=f"{name}/pointwise")
    return add_activation(graph, step, outputs)


def _geometry(step):
    span = step.dilation_rate * (step.layer.depthwise_kernel.shape[0] - 1)
    geometry = {"strides": [step.strides], "dilations": [step.dilation_rate]}
    if step.padding == "same":
        return geometry | {"auto_pad": "SAME_UPPER"}
    return geometry | {"pads": [span if step.padding == "causal" else 0, 0]}
