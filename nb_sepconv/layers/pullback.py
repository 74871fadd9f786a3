"""A layer's gradients: what a call leaves behind for them, and the function that computes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv import regularizers
from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import device_gradients, precisions
from nb_sepconv.convolution.host_gradients import PlannedGradients
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.layers.inputs import as_input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nb_sepconv.layers.shared import SeparableConvolution
    from nb_sepconv.tensors.typing import AnyArray, Array, ArrayInput, Identifier


class Copies(NamedTuple):
    """The weights as they were at a call, and functions for the gradients of trained variables' penalties, or None."""

    versions: Sequence[int] | None
    weights: Sequence[Any]
    penalties: Sequence[Any]


class Trained(NamedTuple):
    """A trained variable: its place among the gradients if it has one, its shape and type, and the regularizer of its
    penalty or None.
    """

    place: int | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    regularizer: Identifier

    def gradient(self, found: Sequence[Any]) -> Array:
        """The variable's gradient among those that were found; zeros where the layer does not use it."""
        gradient = None if self.place is None else found[self.place]
        if gradient is None:
            gradient = np.zeros(self.shape, self.dtype)
        if gradient.dtype != self.dtype:
            gradient = gradient.astype(self.dtype)
        if gradient.shape != self.shape:
            gradient = gradient.reshape(self.shape)
        return gradient


class Differentiated:
    """What the pullbacks of a layer have in common until an attribute of the layer is set.

    Args:
        layer: a built layer.
        variables: its trainable variables.
        weights: its variables by the names of operands, None for those that it does not have.
    """

    variables: list[Any]
    trained: list[Trained]
    as_found = False  # whether the first gradients behind that of the inputs are the trained variables', as they are

    def __init__(self, layer: Any, variables: list[Any], weights: Mapping[str, Any]) -> None:
        self.variables, self._weights, self._array = variables, [*weights.values()], layer._array
        self.activity_regularizer = layer.activity_regularizer
        self.names: tuple[str, ...] = "inputs", *weights
        self.trained = [self._trained(variable, layer._regularizer_of(variable)) for variable in variables]
        self.operands: tuple[str, ...] = tuple(self.names[each.place] for each in self.trained if each.place)
        self.all_operands: tuple[str, ...] = "inputs", *self.operands
        tracked = {id(each): each for each in (*variables, *self._weights) if each is not None}.values()
        self._tracked = [*tracked] if all(hasattr(each, "version") for each in tracked) else None
        self._copies = Copies(None, (), ())

    def copies(self) -> Copies:
        """Copies of the weights as they are now, the same ones as long as they have not changed."""
        versions = None if self._tracked is None else [each.version for each in self._tracked]
        if versions is None or versions != self._copies.versions:
            weights = [None if weight is None else np.array(self._array(weight)) for weight in self._weights]
            penalties = [
                None if regularizer is None else partial(regularizers.gradient, regularizer, np.array(variable))
                for variable, (*_, regularizer) in zip(self.variables, self.trained, strict=True)
            ]
            self._copies = Copies(versions, weights, penalties)
        return self._copies

    def _trained(self, variable, regularizer):
        place = next((place for place, weight in enumerate(self._weights, 1) if weight is variable), None)
        values = getattr(variable, "array", variable)  # a variable would make a Shape
        return Trained(place, tuple(values.shape), values.dtype, regularizer)


class DifferentiatedConvolution(Differentiated):
    """The same for a separable convolution, whose gradients are planned once for calls of a shape."""

    def __init__(self, layer: SeparableConvolution, variables: list[Any]) -> None:
        weights = layer.depthwise_kernel, layer.pointwise_kernel, layer.bias
        super().__init__(layer, variables, dict(zip(OPERANDS[1:], weights, strict=True)))
        in_order = [each.place for each in self.trained] == [*range(1, len(variables) + 1)]
        self.as_found = in_order and all(self._array(each) is getattr(each, "array", None) for each in variables)
        self.activation, self.precision, self._convolution = layer.activation, layer.precision, layer._convolution()
        self._gradients = {}

    def gradients(self) -> PlannedGradients:
        """The gradients with the exactness that the block around asks for now, or the layer."""
        precision = self.precision or precisions.of_context()
        found = self._gradients.get(precision)
        if found is None:
            settings = self._convolution.settings_of_gradients(precision)
            found = self._gradients[precision] = PlannedGradients(settings, self.activation)
        return found


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
        common = layer._pullbacks
        variables = layer.trainable_variables
        if common is None or common.variables != variables:
            common = DifferentiatedConvolution(layer, variables)
            vars(layer)["_pullbacks"] = common
        self._common, self._copies, self._planned = common, common.copies(), common.gradients()

    def __repr__(self) -> str:
        shapes = f"{tuple(self._inputs.shape)} -> {tuple(self._outputs.shape)}"
        return f"<Pullback of inputs and outputs {shapes}, {len(self._common.trained)} trained variables>"

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
        common = self._common
        if regularization and common.activity_regularizer is not None and len(self._outputs):
            d_outputs = self._with_activity(d_outputs)
        found = self._gradients(d_outputs, common.all_operands if inputs else common.operands)
        if common.as_found:
            gradients = [*found[1 : len(common.trained) + 1]]
        else:
            gradients = [trained.gradient(found) for trained in common.trained]
        if regularization:
            with_penalties = zip(gradients, self._copies.penalties, strict=True)
            gradients = [each if penalty is None else each + penalty() for each, penalty in with_penalties]
        return found[0], gradients

    def _gradients(self, d_outputs, wanted):
        """The gradients in the order of the operands, None for those that are not wanted."""
        inputs, weights = self._inputs, self._copies.weights
        library = None if type(inputs) is np.ndarray else device_arrays.library_of(inputs)
        if library is None:
            return self._planned(d_outputs, inputs, weights, self._outputs, wanted, self._lengths)
        how = self._planned.settings, self._planned.activation, self._outputs, wanted
        return device_gradients.of_layer(library, d_outputs, inputs, weights, *how)

    def _with_activity(self, d_outputs):
        outputs = self._outputs
        d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, outputs.shape, outputs.dtype)
        penalty = regularizers.gradient(self._common.activity_regularizer, outputs)
        return d_outputs + (penalty / len(outputs)).astype(outputs.dtype)


class FunctionPullback(Pullback):
    """The gradients of one call of a layer whose own function computes them; see :class:`Pullback`.

    Args:
        layer: a built layer.
        weights: the variables that it uses by name, None for those that it does not have.
        inputs, outputs: arrays.
        gradients: a function of the outputs' gradient, the weights' values as they were at the call and the wanted
            names; returns the gradients of ``inputs`` and of the weights by name.
    """

    def __init__(
        self, layer: Any, weights: Mapping[str, Any], inputs: Any, outputs: Any, gradients: Callable[..., Any]
    ) -> None:
        self._inputs, self._outputs, self._function = inputs, as_input(outputs, layer.name), gradients
        common, variables = layer._pullbacks, layer.trainable_variables
        if common is None or common.variables != variables:
            common = Differentiated(layer, variables, weights)
            vars(layer)["_pullbacks"] = common
        self._common, self._copies = common, common.copies()

    def _gradients(self, d_outputs, wanted):
        outputs = self._outputs
        d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, outputs.shape, outputs.dtype)
        found = self._function(d_outputs, self._copies.weights, wanted)
        return [found.get(name) if name in wanted else None for name in self._common.names]


def refuse_own_gradient(layer: Any, library_class: Any) -> None:
    """Refuse a layer of a class that computes its outputs by itself, as nothing here knows their gradients.

    Raises:
        TypeError: its ``call`` is not that of ``library_class``.
    """
    if type(layer).call is not library_class.call:
        raise TypeError(
            "`value_and_pullback` knows the gradient of the library's own `call`; a class with another one must "
            f"define `value_and_pullback` too. Received: a {type(layer).__name__}"
        )
