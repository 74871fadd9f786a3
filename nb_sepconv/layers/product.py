"""What layers of one kernel share, TF1's and Keras's: the dense layer and the convolution of all channels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.activations import pullbacks
from nb_sepconv.checks import array_arguments
from nb_sepconv.checks.outside_memory import refuse_outside_memory
from nb_sepconv.convolution import precisions, product, settings
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.packed import packed_of
from nb_sepconv.convolution.rows import rows_of
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.layers import functional, stages
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.inputs import as_input
from nb_sepconv.layers.pullback import Differentiated, Pullback, refuse_own_gradient
from nb_sepconv.layers.shared import Weighted
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import ArrayT

_KEPT = "kernel", "bias"
_MOST_AXES = 64  # of NumPy's arrays


class KernelLayer(Weighted):
    """The weights ``kernel`` and ``bias``, their product with rows, and its gradients.

    A subclass sets ``activation``, ``use_bias``, the initializers, regularizers and constraints of ``kernel`` and
    ``bias``, and has ``name``, ``add_weight``, ``_moves()``, ``_arguments()`` of the product and
    ``_gradients(d_outputs, inputs, outputs, multiply)``.
    """

    def __repr__(self) -> str:
        weights = {name: getattr(self, name) for name in _KEPT}
        shapes = "".join(f", {name}={tuple(weight.shape)}" for name, weight in weights.items() if weight is not None)
        return f"<{type(self).__name__} name={self.name!r}, dtype={self.dtype}, built={self.built}{shapes}>"

    def _create_weights(self, kernel_shape):
        for name, (kind, shape) in self._shapes(kernel_shape).items():
            self._create(kind, name, shape)

    def _shapes(self, shape):
        """The kinds and shapes of the weights by name, for the kernel's shape."""
        return {"kernel": ("kernel", shape), **({"bias": ("bias", shape[-1:])} if self.use_bias else {})}

    def call(self, inputs: ArrayT) -> ArrayT:
        """Multiply ``inputs`` with the kernel as it is now."""
        if device_arrays.library_of(inputs) is not None:
            raise TypeError(
                f'`inputs` of the layer "{self.name}" must lie on the host: on a GPU there is the separable '
                f"convolution alone. Received: a {type(inputs).__name__} of shape {tuple(inputs.shape)}"
            )
        inputs, weights = array_arguments.floating("inputs", inputs), (self.kernel, self.bias)
        arrays = [None if weight is None else self._array(weight) for weight in weights]
        if all(array is getattr(weight, "array", None) for array, weight in zip(arrays, weights, strict=True)):
            return self._product()(inputs, *weights)
        fused, after = settings.fused_activation(self.activation)
        outputs = product.multiplied(inputs, *arrays, self._settings()._replace(activation=fused))
        return outputs if after is None else after(outputs)

    _packed_product = _pullbacks = None

    @property
    def _given(self):
        return *self._arguments(), self.activation, self.precision

    def _product(self):
        """The product with the settings as they are now, which keeps its variables packed between calls."""
        if self._packed_product is None or self._packed_product.given != self._given:
            self._packed_product = packed_of(self.kernel, product.PackedProduct, self._given)
        return self._packed_product

    def _settings(self):
        """The settings without the activation."""
        return settings.from_arguments(*self._arguments(), precision=self.precision)

    def _stage(self):
        stages.refuse_unbuilt(self)
        stages.refuse_own_call(self, KernelLayer)
        weights = self._kept(self.kernel, self.bias)
        dtype = weights[0].array.dtype
        multiply, after = self._product(), settings.fused_activation(self.activation)[1]

        def compute(inputs, zeros, out):
            return multiply.window(stages.called_with(self, inputs, dtype), zeros, weights, out)

        return Stage(
            self.name,
            compute,
            *self._moves(),
            channels_last=self._channel_axis == -1,
            dtype=dtype,
            channels=int(self.kernel.shape[-2]),
            filters=int(self.kernel.shape[-1]),
            activation=after,
            by_numpy=after is not None,
        )

    def _computation(self):
        """A function of arrays: what the layer computes up to an activation of the caller's own. It holds the variables
        and the settings, and not the layer.
        """
        fused, _ = settings.fused_activation(self.activation)
        multiply, weights = product.PackedProduct(*self._arguments(), fused, self.precision), (self.kernel, self.bias)
        return partial(multiply.by, weights)

    def value_and_pullback(self, inputs: ArrayT) -> tuple[ArrayT, Pullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into those of all else.

        Args:
            inputs: array, as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
            ValueError: as calling the layer does.
        """
        refuse_own_gradient(self, KernelLayer)
        refuse_outside_memory("inputs", inputs)
        outputs = self(inputs)
        return outputs, ProductPullback(self, self._as_called(inputs), as_input(outputs, self.name))

    def _config_of_weights(self, activations, initializers, regularizers, constraints):
        """The arguments of all such layers, serialized by the modules of TF1 or of Keras."""
        return {
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._serialized(initializers, "kernel_initializer", "bias_initializer"),
            **self._serialized(regularizers, "kernel_regularizer", "bias_regularizer"),
            **self._serialized(constraints, "kernel_constraint", "bias_constraint"),
        }


class Dense(KernelLayer):
    """Rows are all that lies along the last axis; ``units`` is the outputs' size there."""

    _channel_axis = -1

    def _width(self, shape):
        InputSpec(min_ndim=2).check(shape, self.name)
        if shape[-1] is None:
            raise ValueError(
                "The last dimension of the inputs to a Dense layer should be defined. Found None. "
                f"Full input shape received: {tuple(shape)}"
            )
        return shape[-1]

    def _wanted(self, shape):
        return InputSpec(min_ndim=2, axes={-1: shape[-1]}), self._shapes((shape[-1], self.units))

    def _moves(self):
        return 1, 1, 1, "valid"

    @staticmethod
    def _arguments():
        return 1, "same", "channels_last", 1

    def _gradients(self, d_outputs, inputs, outputs, multiply):
        outputs = None if outputs is None else product.as_rows(outputs)
        found = multiply(product.as_rows(d_outputs), product.as_rows(inputs), outputs)
        d_inputs = found["inputs"]
        return {**found, "inputs": None if d_inputs is None else d_inputs.reshape(inputs.shape)}


class Conv1D(KernelLayer):
    """Rows are the numbers under the kernel at each output step.

    A subclass also sets ``filters``, ``kernel_size``, ``strides``, ``padding``, ``data_format`` and ``dilation_rate``.
    """

    @property
    def _channel_axis(self):
        return -1 if self.data_format == "channels_last" else -2

    def _channels(self, shape):
        InputSpec(min_ndim=3).check(shape, self.name)
        if shape[self._channel_axis] is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. "
                f"The input_shape received is {tuple(shape)}, where axis {self._channel_axis} (0-based) "
                "is the channel dimension, which found to be `None`."
            )
        return shape[self._channel_axis]

    def _kernel_shape(self, channels):
        if self.filters is None:
            raise ValueError("The `filters` argument must be an integer before the layer is built. Received: None")
        return *self.kernel_size, channels, self.filters

    def _wanted(self, shape):
        if self.filters is None:
            return None
        channels = shape[self._channel_axis]
        return InputSpec(min_ndim=3, axes={self._channel_axis: channels}), self._shapes(self._kernel_shape(channels))

    def _moves(self):
        return *self.kernel_size, *self.strides, *self.dilation_rate, self.padding

    def _arguments(self):
        return self.strides, self.padding, self.data_format, self.dilation_rate

    def _rows_of(self, series):
        return rows_of(series.shape, *self.kernel_size, self._settings()._replace(precision=None))

    def _gradients(self, d_outputs, inputs, outputs, multiply):
        series = product.as_series(inputs)
        where = self._rows_of(series)
        d_outputs = where.parted(product.as_series(d_outputs))
        outputs = None if outputs is None else where.parted(product.as_series(outputs))
        found = multiply(d_outputs, where.rows(series), outputs)
        d_rows = found["inputs"]
        return {**found, "inputs": None if d_rows is None else where.d_inputs(d_rows).reshape(inputs.shape)}

    def _output_shape(self, input_shape):
        """The output's shape as a tuple; steps of 0 or less where the kernel does not fit, None where unknown."""
        shape = as_shape(input_shape)
        InputSpec(min_ndim=3).check(shape, self.name)
        *examples, length, _ = by_step(shape, self.data_format == "channels_last")
        steps = None if length is None else geometry(length, *self._moves()).output_length
        return by_step((*examples, steps, self.filters), self.data_format == "channels_last")


def made_with(
    kernel_initializer: Any,
    bias_initializer: Any,
    kernel_regularizer: Any,
    bias_regularizer: Any,
    kernel_constraint: Any,
    bias_constraint: Any,
) -> tuple[tuple[Any, ...], ...] | None:
    """These arguments of a functional call as :func:`functional.again` takes them."""
    if (
        kernel_initializer is kernel_regularizer is bias_regularizer is kernel_constraint is bias_constraint is None
        and bias_initializer is functional.ZEROS
    ):
        return None
    return (
        (kernel_initializer, bias_initializer),
        (kernel_regularizer, bias_regularizer),
        (kernel_constraint, bias_constraint),
    )


def remember(function: str, layer: Any, settings: Any, fewest_axes: int) -> None:
    """Keep what the layer of a functional call computes with; see :func:`functional.remember`."""
    kernel = layer.kernel
    functional.remember(
        function,
        layer,
        settings,
        {"kernel": kernel, "bias": layer.bias},
        layer._computation(),
        functional.Inputs(kernel.dtype, fewest_axes, _MOST_AXES, layer._channel_axis, kernel.shape[-2]),
    )


class DifferentiatedProduct(Differentiated):
    """What the pullbacks of a layer of one kernel have in common, whose gradients are planned once for a shape."""

    def planned(self, activation: str | None, precision: Any) -> product.ProductGradients:
        """The gradients by an activation that the kernels know and an exactness."""
        found = self._gradients.get((activation, precision))
        if found is None:
            found = self._gradients[activation, precision] = product.ProductGradients(activation, precision)
        return found

    def __init__(self, layer: Any, variables: list[Any], weights: Any) -> None:
        super().__init__(layer, variables, weights)
        self._gradients = {}


class ProductPullback(Pullback):
    """The gradients of one call of a layer of one kernel; see :class:`Pullback`.

    Args:
        layer: a built ``Dense`` or ``Conv1D``.
        inputs: array, what was multiplied.
        outputs: array, what the layer made of it.
    """

    def __init__(self, layer: Any, inputs: Any, outputs: Any) -> None:
        self._inputs, self._outputs = array_arguments.floating("inputs", inputs), outputs
        common, variables = layer._pullbacks, layer.trainable_variables
        if common is None or common.variables != variables:
            common = DifferentiatedProduct(layer, variables, {"kernel": layer.kernel, "bias": layer.bias})
            vars(layer)["_pullbacks"] = common
        self._common, self._copies, self._planned = common, common.copies(), common.planned
        self._function = layer.activation
        self._precision = layer.precision
        self._settings, self._layer_gradients = layer._settings(), layer._gradients

    def _gradients(self, d_outputs, wanted):
        outputs = self._outputs
        d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, outputs.shape, outputs.dtype)
        function = pullbacks.differentiable(self._function)
        name, after = settings.fused_activation(function)
        if after is not None:
            d_outputs, outputs = pullbacks.pullback(function, self._before_activation(), d_outputs), None
        planned, weights = self._planned(name, self._precision or precisions.of_context()), self._copies.weights

        def multiply(d_outputs, rows, outputs):
            return planned(d_outputs, rows, weights, outputs if name else None, tuple(wanted))

        found = self._layer_gradients(d_outputs, self._inputs, outputs, multiply)
        return found["inputs"], found["kernel"], found["bias"]

    def _before_activation(self):
        return product.multiplied(self._inputs, *self._copies.weights, self._settings)
