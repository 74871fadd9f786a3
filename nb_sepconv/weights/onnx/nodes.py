"""A graph of ONNX nodes that grows from its input on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSET = 13


class Nodes:
    """The nodes and constants of a graph from the value ``inputs`` on.

    Args:
        onnx: the package.
        dtype: np.dtype of the constants.
    """

    def __init__(self, onnx: Any, dtype: np.dtype[Any]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._onnx, self._dtype = onnx, dtype

    def add(self, kind: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = f"{name or kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self._onnx.helper.make_node(kind, inputs, [output], name=name, **attributes))
        return output

    def constant(self, array: Any, name: str | None = None) -> str:
        """Add a constant and return its name."""
        name = name or f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(np.asarray(array, self._dtype))
        self.constants.append(self._onnx.numpy_helper.from_array(array.reshape(np.shape(array)), name))
        return name

    def model(self, name: str, input_shape: Sequence[Any], output_shape: Sequence[Any]) -> Any:
        """The model whose output is that of the last node."""
        helper = self._onnx.helper
        self.nodes[-1].output[0] = "outputs"
        kind = helper.np_dtype_to_tensor_dtype(self._dtype)
        inputs = helper.make_tensor_value_info("inputs", kind, input_shape)
        outputs = helper.make_tensor_value_info("outputs", kind, output_shape)
        graph = helper.make_graph(self.nodes, name, [inputs], [outputs], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
