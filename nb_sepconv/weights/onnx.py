"""Weights from ONNX models and to them, through the package onnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.grouped_convolutions import from_separable, to_separable
from nb_sepconv.weights.separable_names import named, separable_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb_sepconv.tensors.typing import Array, FilePath

OPSET = 13
PADDINGS = ("valid", "same", "causal")


def from_onnx(path: FilePath) -> dict[str, Array]:
    """The variables of every separable convolution of a model: a grouped Conv whose output goes to a 1x1 Conv alone.

    Args:
        path: str or path-like, the model; data outside the file is refused.

    Returns:
        dict of str to array: ``<layer>/depthwise_kernel`` (K, C, M), ``<layer>/pointwise_kernel`` (1, C*M, F),
        ``<layer>/bias`` (F,). Layers are named after the first node of each pair.

    Raises:
        WeightsError: the file is not a model, or has no such pair.
    """
    graph = _load_graph(path)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    readers = _readers(graph)
    variables = {}
    for index, node in enumerate(graph.node):
        follower = _follower(node, readers)
        if follower is not None and _is_depthwise(node, constants) and _is_pointwise(follower, constants):
            name = (node.name or f"separable_conv1d_{index}").strip("/").replace(".", "/")
            variables |= named(name, _convert(path, node, follower, constants))
    if not variables:
        raise WeightsError("expected a grouped Conv followed by a 1x1 Conv", str(path))
    return variables


def to_onnx(
    path: FilePath, mapping: Mapping[str, Any], *, strides: int = 1, dilation_rate: int = 1, padding: str = "valid"
) -> None:
    """The inverse of :func:`from_onnx`: write a model that runs the layers one after the other on (N, C, L).

    Args:
        path: str or path-like.
        mapping: mapping of str to array, the variables of one or more layers in order.
        strides: int, for all layers. Default 1.
        dilation_rate: int, for all layers. Default 1.
        padding: "valid", "same" or "causal". Default "valid".

    Raises:
        ValueError: a kernel is missing, a shape does not fit, or the padding is unknown.
    """
    if padding not in PADDINGS:
        raise ValueError(f"`padding` must be one of {', '.join(PADDINGS)}. Received: {padding!r}")
    onnx = _import_onnx()
    layers = separable_layers(mapping)
    nodes, constants, source = [], [], "inputs"
    for index, (name, layer) in enumerate(layers.items()):
        target = "outputs" if index == len(layers) - 1 else f"layer_{index}"
        geometry = _geometry(layer, strides, dilation_rate, padding)
        new_nodes, new_constants = _layer_nodes(onnx, name or "separable_conv1d", layer, source, target, geometry)
        nodes, constants, source = nodes + new_nodes, constants + new_constants, target
    model = _model(onnx, nodes, constants, list(layers.values()))
    with replacing(path) as file:
        file.write(model.SerializeToString())


def _import_onnx():
    try:
        import onnx
    except ImportError as error:
        raise ImportError("Reading and writing ONNX models needs onnx: pip install 'nb_sepconv[onnx]'") from error
    return onnx


def _load_graph(path):
    onnx = _import_onnx()
    from google.protobuf.message import DecodeError

    with open(path, "rb") as file:
        data = file.read()
    try:
        graph = onnx.load_model_from_string(data).graph
    except DecodeError as error:
        raise WeightsError(f"expected an ONNX model; {error}", str(path)) from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise WeightsError("expected all weights inside the model; some are in other files", str(path))
    return graph


def _readers(graph):
    """The nodes that read each value; a value that the graph gives out has None among them."""
    readers = {value.name: [None] for value in graph.output}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _follower(node, readers):
    found = readers.get(node.output[0], []) if node.output else []
    return found[0] if len(found) == 1 else None


def _attribute(node, name, default):
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)


def _weight_shape(node, constants):
    is_known = node.op_type == "Conv" and len(node.input) > 1 and node.input[1] in constants
    return tuple(constants[node.input[1]].dims) if is_known else ()


def _is_depthwise(node, constants):
    shape = _weight_shape(node, constants)
    return (
        len(shape) > 2 and shape[1] == 1 and shape[0] % _attribute(node, "group", 1) == 0 and _is_one_dimensional(shape)
    )


def _is_pointwise(node, constants):
    shape = _weight_shape(node, constants)
    return len(shape) > 2 and _attribute(node, "group", 1) == 1 and set(shape[2:]) == {1}


def _is_one_dimensional(shape):
    return sum(size != 1 for size in shape[2:]) <= 1


def _convert(path, depthwise, pointwise, constants):
    from onnx.numpy_helper import to_array

    def constant(node, index):
        if len(node.input) <= index or not node.input[index]:
            return None
        if node.input[index] not in constants:
            raise WeightsError(f"expected the constant {node.input[index]!r} in the model", str(path))
        return to_array(constants[node.input[index]])

    first, second = constant(depthwise, 1), constant(pointwise, 1)
    multiplier = first.shape[0] // _attribute(depthwise, "group", 1)
    try:
        return to_separable(first, constant(depthwise, 2), second, constant(pointwise, 2), multiplier)
    except ValueError as error:
        raise WeightsError(f"expected weights that fit at {depthwise.name!r}; {error}", str(path)) from None


def _geometry(layer, strides, dilation_rate, padding):
    span = dilation_rate * (layer.depthwise_kernel.shape[0] - 1)
    geometry = {"strides": [strides], "dilations": [dilation_rate]}
    if padding == "same":
        return geometry | {"auto_pad": "SAME_UPPER"}
    return geometry | {"pads": [span if padding == "causal" else 0, 0]}


def _layer_nodes(onnx, name, layer, source, target, geometry):
    first, second = from_separable(layer)
    arrays = {f"{name}.depthwise.weight": first, f"{name}.pointwise.weight": second}
    if layer.bias is not None:
        arrays[f"{name}.pointwise.bias"] = layer.bias
    hidden = f"{name}.hidden"
    groups = layer.depthwise_kernel.shape[1]
    depthwise_name, *pointwise_names = arrays
    nodes = [
        onnx.helper.make_node("Conv", [source, depthwise_name], [hidden], name=name, group=groups, **geometry),
        onnx.helper.make_node("Conv", [hidden, *pointwise_names], [target], name=f"{name}/pointwise"),
    ]
    return nodes, [onnx.numpy_helper.from_array(np.ascontiguousarray(array), key) for key, array in arrays.items()]


def _model(onnx, nodes, constants, layers):
    kind = constants[0].data_type
    channels, filters = layers[0].depthwise_kernel.shape[1], layers[-1].pointwise_kernel.shape[2]
    inputs = onnx.helper.make_tensor_value_info("inputs", kind, ["N", channels, "L"])
    outputs = onnx.helper.make_tensor_value_info("outputs", kind, ["N", filters, "T"])
    graph = onnx.helper.make_graph(nodes, "separable_convolutions", [inputs], [outputs], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
