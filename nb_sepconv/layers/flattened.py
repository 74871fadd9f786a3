"""What flattening computes, of both faces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient


class Flattened:
    """A layer whose ``data_format`` says whether the channels are put last before all axes but the first become one."""

    data_format: str

    def call(self, inputs: Any) -> Any:
        """Compute the outputs."""
        inputs = np.asarray(inputs)
        if self._moves(inputs):
            inputs = np.moveaxis(inputs, 1, -1)
        return inputs.reshape(len(inputs), math.prod(inputs.shape[1:])).copy()

    def value_and_pullback(self, inputs: Any) -> tuple[Any, FunctionPullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into that of the inputs.

        Args:
            inputs: array, as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``; the list of the variables' gradients is empty.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
        """
        refuse_own_gradient(self, Flattened)
        outputs, inputs = self(inputs), self._as_called(inputs)
        moves = self._moves(inputs)

        def gradients(d_outputs, weights, wanted):
            if not moves:
                return {"inputs": d_outputs.reshape(inputs.shape).copy()}
            batch, channels, *rest = inputs.shape
            return {"inputs": np.moveaxis(d_outputs.reshape(batch, *rest, channels), -1, 1).copy()}

        return outputs, FunctionPullback(self, {}, inputs, outputs, gradients)

    def _moves(self, inputs):
        return self.data_format == "channels_first" and inputs.ndim > 1
