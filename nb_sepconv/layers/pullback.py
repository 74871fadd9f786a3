"""A layer's gradients: what a call leaves behind for them, and the function that computes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import regularizers
from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import device_gradients, host_gradients
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.devices import arrays as device_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.layers.shared import SeparableConvolution
    from nb_sepconv.tensors.typing import AnyArray, Array, ArrayInput, Identifier


class Pullback:
    """The gradients of one call of a layer, as a function of the gradient of its outputs.

    It keeps the inputs and the outputs and copies the weights: variables may be assigned to before it is called, and
    calling it again gives the same answer; the two arrays must stay as they are.

    Args:
        layer: a built layer of a separable convolution.
        inputs: array, what was convolved.
        outputs: array, what the layer made of it.
        lengths: array or sequence of ints (N,), the steps of each example. Default None, all steps.
    """

    def __init__(
        self, layer: SeparableConvolution, inputs: AnyArray, outputs: AnyArray, lengths: ArrayInput | None = None
    ) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._lengths = None if lengths is None else np.array(lengths)
        weights = layer.depthwise_kernel, layer.pointwise_kernel, layer.bias
        self._weights = [None if weight is None else np.array(layer._array(weight)) for weight in weights]
        self._weights[1] = self._weights[1].reshape(self._weights[1].shape[-2:])  # as the kernels take it
        by_operand = dict(zip(OPERANDS[1:], weights, strict=True))
        self._trained = [
            Trained(variable, by_operand, layer._regularizer_of(variable)) for variable in layer.trainable_variables
        ]
        self._activity_regularizer = layer.activity_regularizer
        self._activation = layer.activation
        self._settings = layer._convolution().settings_of_gradients(layer.precision)

    def __repr__(self) -> str:
        shapes = f"{tuple(self._inputs.shape)} -> {tuple(self._outputs.shape)}"
        return f"<Pullback of inputs and outputs {shapes}, {len(self._trained)} trained variables>"

    def __call__(
        self, d_outputs: ArrayInput, regularization: bool = False, inputs: bool = True
    ) -> tuple[Array | Any, list[Array]]:
        """The gradients of the inputs and of the trained variables; these are on the host, as the variables are.

        Args:
            d_outputs: array of the shape and type of the outputs.
            regularization: bool, add the gradients of the losses that this call and the trained variables put into
                ``layer.losses``. Default False.
            inputs: bool, compute the gradient of the inputs too. Default True.

        Returns:
            (d_inputs or None, a list with an array for each of ``layer.trainable_variables``, of its shape and type).

        Raises:
            TypeError: an activation or a regularizer whose derivative is not known.
            ValueError: ``d_outputs`` does not fit.
        """
        if regularization and self._activity_regularizer is not None and len(self._outputs):
            d_outputs = self._with_activity(d_outputs)
        operands = (trained.operand for trained in self._trained if trained.operand)
        by_name = self._gradients(d_outputs, (*(["inputs"] if inputs else []), *operands))
        return by_name["inputs"], [trained.gradient(by_name, regularization) for trained in self._trained]

    def _gradients(self, d_outputs, wanted):
        """The gradients of the operands by name, those that are wanted."""
        how = self._settings, self._activation, self._outputs, wanted
        library = device_arrays.library_of(self._inputs)
        if library is None:
            found = host_gradients.gradients(d_outputs, (self._inputs, *self._weights), *how, self._lengths)
        else:
            found = device_gradients.of_layer(library, d_outputs, self._inputs, self._weights, *how)
        return dict(zip(OPERANDS, found, strict=True))

    def _with_activity(self, d_outputs):
        outputs = self._outputs
        d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, outputs.shape, outputs.dtype)
        penalty = regularizers.gradient(self._activity_regularizer, outputs)
        return d_outputs + (penalty / len(outputs)).astype(outputs.dtype)


class Trained:
    """A trained variable: which operand it is, by the weights of the layer, and what its penalty is of."""

    def __init__(self, variable: Variable, weights: Mapping[str, Any], regularizer: Identifier) -> None:
        self.operand = next((name for name, weight in weights.items() if weight is variable), None)
        values = getattr(variable, "array", variable)  # a variable would make a Shape
        self._shape, self._dtype = tuple(values.shape), values.dtype
        self._penalty = None if regularizer is None else partial(regularizers.gradient, regularizer, np.array(variable))

    def gradient(self, by_name: Mapping[Any, Any], regularization: bool) -> Array:
        """The variable's gradient; zeros where the layer does not use it."""
        gradient = by_name.get(self.operand)
        if gradient is None:
            gradient = np.zeros(self._shape, self._dtype)
        gradient = gradient.astype(self._dtype, copy=False).reshape(self._shape)
        return gradient + self._penalty() if regularization and self._penalty else gradient
