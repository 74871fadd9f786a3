"""Weights from ONNX models: a grouped Conv whose output goes to a 1x1 Conv alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.files.foreign import foreign_kind
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.grouped_convolutions import to_separable
from nb_sepconv.weights.onnx.graph import Graph
from nb_sepconv.weights.onnx.package import import_onnx
from nb_sepconv.weights.separable_names import named

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, FilePath

SIGNS = {"Add": 1, "Sub": -1}


def from_onnx(path: FilePath) -> dict[str, Array]:
    """The variables of every separable convolution of a model: a grouped Conv whose output goes to a 1x1 Conv alone.

    Constants are initializers or nodes `Constant`. A constant that is added to a Conv's output, one number for each
    filter, is its bias.

    Args:
        path: str, bytes or path-like, the model; data outside the file is refused.

    Returns:
        dict of str to array: ``<layer>/depthwise_kernel`` (K, C, M), ``<layer>/pointwise_kernel`` (1, C*M, F),
        ``<layer>/bias`` (F,). Layers are named after the first node of each pair.

    Raises:
        WeightsError: the file is not a model, or has no such pair.
    """
    path = os.fsdecode(path)
    graph = Graph(path, _load_graph(path))
    variables = {}
    for index, node in enumerate(graph.nodes):
        if not _is_depthwise(graph, node):
            continue
        first_bias, follower = _bias_and_follower(graph, node)
        if follower is not None and _is_pointwise(graph, follower):
            second_bias, _ = _bias_and_follower(graph, follower)
            name = (node.name or f"separable_conv1d_{index}").strip("/").replace(".", "/")
            variables |= named(name, _convert(path, graph, (node, first_bias), (follower, second_bias)))
    if not variables:
        raise WeightsError("expected a grouped Conv followed by a 1x1 Conv", path)
    return variables


def _load_graph(path):
    onnx = import_onnx()
    from google.protobuf.message import DecodeError

    with RandomAccessFile(path) as file:
        kind = foreign_kind(file)
        data = file.read(0, file.size, "a model")
    if kind and "ONNX" not in kind:
        raise WeightsError(f"{kind}expected an ONNX model", path, 0)
    try:
        return onnx.load_model_from_string(data).graph
    except DecodeError as error:
        raise WeightsError(f"expected an ONNX model; {error}", path) from error


def _attribute(node, name, default):
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)


def _weight_shape(graph, node):
    is_conv = node.op_type == "Conv" and len(node.input) > 1
    return (graph.constant_shape(node.input[1]) or ()) if is_conv else ()


def _is_depthwise(graph, node):
    shape = _weight_shape(graph, node)
    is_grouped = len(shape) > 2 and shape[1] == 1 and shape[0] % _attribute(node, "group", 1) == 0
    return is_grouped and sum(size != 1 for size in shape[2:]) <= 1


def _is_pointwise(graph, node):
    shape = _weight_shape(graph, node)
    return len(shape) > 2 and _attribute(node, "group", 1) == 1 and set(shape[2:]) == {1}


def _bias_and_follower(graph, conv):
    """The bias of a Conv, with what is added to its output, and the one node that reads the result, or None."""
    bias = graph.constant(conv.input[2]) if len(conv.input) > 2 and conv.input[2] else None
    node, shape = conv, _weight_shape(graph, conv)
    for _ in graph.nodes:
        follower = graph.only_reader(node)
        added = None if follower is None else _added(graph, node, follower, shape[0], len(shape))
        if added is None:
            return bias, follower
        bias, node = added if bias is None else bias.reshape(-1) + added, follower
    raise WeightsError(f"expected an end of the nodes behind {conv.name!r}")


def _added(graph, node, follower, filters, rank):
    """The constant for each filter that a node adds to the output of another one, or None."""
    if follower.op_type not in SIGNS or len(follower.input) != 2:
        return None
    names = [graph.resolved(name) for name in follower.input]
    position = names.index(graph.resolved(node.output[0]))
    shape = graph.constant_shape(names[1 - position])
    if shape is None or len(shape) > rank or (follower.op_type == "Sub" and position == 1):
        return None
    padded = (1,) * (rank - len(shape)) + shape
    if padded[1] not in (1, filters) or any(size != 1 for axis, size in enumerate(padded) if axis != 1):
        return None
    return SIGNS[follower.op_type] * np.broadcast_to(graph.constant(names[1 - position]).reshape(-1), (filters,))


def _convert(path, graph, depthwise, pointwise):
    (first_node, first_bias), (second_node, second_bias) = depthwise, pointwise
    first, second = graph.constant(first_node.input[1]), graph.constant(second_node.input[1])
    multiplier = first.shape[0] // _attribute(first_node, "group", 1)
    try:
        return to_separable(first, first_bias, second, second_bias, multiplier)
    except ValueError as error:
        raise WeightsError(f"expected weights that fit at {first_node.name!r}; {error}", path) from None
