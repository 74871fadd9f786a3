"""Calls of a built layer of one kernel: without what an earlier one checked, and the scope if nothing could see it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.product import KernelLayer
from nb_sepconv.tensors.tensor import Tensor, tensor
from nb_sepconv.tensors.tracing import open_traces


class QuickCalls:
    """The ``__call__`` of TF1's ``Dense`` and ``Conv1D``."""

    def __call__(self, inputs: Any, *args: Any, scope: Any = None, training: bool | None = None, **kwargs: Any) -> Any:
        """Build the layer if it is not, and compute its outputs.

        Args:
            inputs: array of float16, bfloat16, float32 or float64.
            args, kwargs: passed on to the ``call`` of a subclass.
            scope: str or VariableScope, where the variables go; it counts in the first call only. Default the name.
            training: passed on to a ``call`` that takes it.

        Returns:
            array of the type of the weights.

        Raises:
            ValueError: when the shape does not fit, or variables may not be shared or created.
            TypeError: when the type is none of these.
        """
        if open_traces:  # perhaps of this thread, which records the call
            return super().__call__(inputs, *args, scope=scope, training=training, **kwargs)
        if type(inputs) is Tensor:
            return tensor(
                QuickCalls.__call__(self, inputs.view(np.ndarray), *args, scope=scope, training=training, **kwargs)
            )
        plain = type(inputs) is np.ndarray and not args and not kwargs
        quick = (self._fast_path or self._short_way(inputs)) if plain else None
        if quick is not None:
            multiply, dtype, rank, axis, width, weights, graph, scope_path, watched = quick
            if inputs.dtype == dtype and inputs.ndim >= rank and inputs.shape[axis] == width:
                if watched:
                    return self._call_in_scope(inputs)
                graph.thread.scope_names.add(scope_path)
                return multiply.by(weights, inputs)
        return super().__call__(inputs, *args, scope=scope, training=training, **kwargs)

    def _build_fast_path(self):
        """What an input must be to be called so, and whether what runs could see the scope. If nothing could, then that
        its name is taken is all that entering it would change.
        """
        kernel, weights = self.kernel, (self.kernel, self.bias)
        if (
            type(self).call is not KernelLayer.call
            or type(self)._add_activity_loss is not Layer._add_activity_loss
            or not all(type(weight) is Variable for weight in weights[: 1 if self.bias is None else 2])
        ):
            return None
        watched = bool(self.activity_regularizer) or activations.fused_name(self.activation) is None
        rank, width = kernel.array.ndim, kernel.array.shape[-2]
        scope = self._scope
        return (
            self._product(),
            kernel.dtype,
            rank,
            self._channel_axis,
            width,
            weights,
            scope.graph,
            scope.path,
            watched,
        )
