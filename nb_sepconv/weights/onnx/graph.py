"""The nodes of an ONNX graph, who reads what, and its constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.onnx.package import import_onnx

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array


class Graph:
    """A graph without its nodes ``Identity``, which give values further names.

    Args:
        path: str, for errors.
        graph: onnx.GraphProto.
    """

    def __init__(self, path: str, graph: Any) -> None:
        self._path = path
        self._names = {
            node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity" and node.output
        }
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._constants |= {node.output[0]: _value(node) for node in graph.node if node.op_type == "Constant"}
        self.nodes: list[Any] = [node for node in graph.node if node.op_type not in ("Identity", "Constant")]
        self._readers = {self.resolved(value.name): [None] for value in graph.output}
        for node in self.nodes:
            for name in node.input:
                self._readers.setdefault(self.resolved(name), []).append(node)

    def resolved(self, name: str) -> str:
        """The first name of a value."""
        seen = set()
        while name in self._names:
            if name in seen:
                raise WeightsError(f"expected a value behind {name!r}; its names go round in a circle", self._path)
            seen.add(name)
            name = self._names[name]
        return name

    def only_reader(self, node: Any) -> Any:
        """The one node that reads the output of another one; None for several, or for an output of the graph."""
        found = self._readers.get(self.resolved(node.output[0]), []) if node.output else []
        return found[0] if len(found) == 1 else None

    def constant_shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a constant, or None for anything else."""
        tensor = self._constants.get(self.resolved(name))
        return None if tensor is None else tuple(tensor.dims)

    def constant(self, name: str) -> Array:
        """The constant of that name as an array."""
        onnx = import_onnx()
        tensor = self._constants.get(self.resolved(name))
        if tensor is None:
            raise WeightsError(f"expected the constant {name!r} in the model", self._path)
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise WeightsError("expected all weights inside the model; some are in other files", self._path)
        try:
            return onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise WeightsError(f"expected the values of {name!r}; {error}", self._path) from None


def _value(node):
    """The tensor of a node ``Constant``, None where it is of another kind."""
    return next((attribute.t for attribute in node.attribute if attribute.name == "value"), None)
