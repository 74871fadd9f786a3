"""What the TF1 layer and the Keras layer of a separable convolution share; each adds a life cycle of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import ops
from nb_sepconv.checks.outside_memory import refuse_outside_memory
from nb_sepconv.convolution import precisions, settings
from nb_sepconv.convolution.device import DeviceConvolution
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.lengths import lengths_elsewhere
from nb_sepconv.convolution.packed import PackedConvolution, packed_of
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.layers import stages
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.inputs import as_input
from nb_sepconv.layers.lengths import keywords_with, lengths_or_mask
from nb_sepconv.layers.pullback import Pullback, refuse_own_gradient
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array, ArrayInput, ArrayT, Precision


class Computed:
    """A weight that a layer converts or computes before it is used, as a variable that packs can be kept of."""

    def __init__(self, weight: Any, array: Callable[[Any], Any]) -> None:
        self._weight, self._array = weight, array

    @property
    def array(self) -> Any:
        """The values as the layer uses them."""
        return self._array(self._weight)

    @property
    def version(self) -> int:
        """What changes with the values."""
        return getattr(self._weight, "version", 0)


class Weighted(Streamed):
    """What every layer with a product has: weights with settings of their own, and the product's exactness."""

    _precision = None

    @property
    def precision(self) -> Precision | None:
        """The least exactness of the pointwise product, as in ``ops``: a name, or None (the default) for that of the
        block of :func:`nb_sepconv.precision` or of the type. It may be set at any time.
        """
        return self._precision

    @precision.setter
    def precision(self, value: Precision | None) -> None:
        self._precision = precisions.checked(value)

    def _create(self, kind, name, shape):
        weight = self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
            trainable=True,
        )
        setattr(self, name, weight)

    def _kept(self, *weights):
        """Weights as variables whose values are those that the layer uses, of the types that it computes in."""
        return [None if weight is None else self._kept_one(weight) for weight in weights]

    def _kept_one(self, weight):
        return weight if self._array(weight) is getattr(weight, "array", None) else Computed(weight, self._array)

    def _serialized(self, module, *names):
        return {name: module.serialize(getattr(self, name)) for name in names}


class SeparableConvolution(Weighted):
    """The weights' shapes, the convolution and the output's shape, from the settings that a layer keeps.

    A subclass sets ``filters``, ``kernel_size``, ``strides``, ``padding``, ``data_format``, ``dilation_rate``,
    ``depth_multiplier``, ``activation``, ``use_bias``, the initializers, regularizers and constraints of
    ``depthwise``, ``pointwise`` and ``bias``, and has ``name`` and ``add_weight``.
    """

    @property
    def _channel_axis(self):
        return -1 if self.data_format == "channels_last" else -2

    def __repr__(self) -> str:
        weights = {name: getattr(self, name) for name in ("depthwise_kernel", "pointwise_kernel", "bias")}
        shapes = "".join(f", {name}={tuple(weight.shape)}" for name, weight in weights.items() if weight is not None)
        return (
            f"<{type(self).__name__} name={self.name!r}, filters={self.filters}, kernel_size={self.kernel_size[0]}, "
            f"dtype={self.dtype}, built={self.built}{shapes}>"
        )

    def _channels(self, shape):
        InputSpec(min_ndim=3).check(shape, self.name)
        if shape[self._channel_axis] is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. "
                f"The input_shape received is {tuple(shape)}, where axis {self._channel_axis} (0-based) "
                "is the channel dimension, which found to be `None`."
            )
        return shape[self._channel_axis]

    def _create_weights(self, channels):
        if self.filters is None:
            raise ValueError("The `filters` argument must be an integer before the layer is built. Received: None")
        for name, (kind, shape) in self._shapes(channels).items():
            self._create(kind, name, shape)

    def _shapes(self, channels):
        """The kinds and shapes of the weights by name, for a number of channels."""
        shapes = {
            "depthwise_kernel": ("depthwise", (*self.kernel_size, channels, self.depth_multiplier)),
            "pointwise_kernel": ("pointwise", (1, channels * self.depth_multiplier, self.filters)),
        }
        return {**shapes, "bias": ("bias", (self.filters,))} if self.use_bias else shapes

    def _wanted(self, shape):
        if self.filters is None:
            return None
        channels = shape[self._channel_axis]
        return InputSpec(ndim=3, axes={self._channel_axis: channels}), self._shapes(channels)

    _packed_convolution = _device_convolution = _pullbacks = None

    @property
    def _given(self):
        return self.strides, self.padding, self.data_format, self.dilation_rate, self.activation, self.precision

    def _convolution(self):
        """The convolution with the settings as they are now, which keeps its variables packed between calls."""
        if self._packed_convolution is None or self._packed_convolution.given != self._given:
            self._packed_convolution = packed_of(self.depthwise_kernel, PackedConvolution, self._given)
        return self._packed_convolution

    def _convolution_on_gpu(self):
        """The same for inputs on a GPU; it keeps its variables there."""
        if self.activity_regularizer is not None:
            raise TypeError(
                "`activity_regularizer` is computed on the host alone: leave it out for inputs on a GPU. "
                f"Received: {self.activity_regularizer!r} in the layer {self.name}"
            )
        if self._device_convolution is None or self._device_convolution.given != self._given:
            self._device_convolution = DeviceConvolution(*self._given)
        return self._device_convolution

    def call(self, inputs: ArrayT, lengths: ArrayInput | None = None, mask: ArrayInput | None = None) -> ArrayT:
        """Convolve ``inputs`` with the weights as they are now.

        Args:
            inputs, lengths, mask: as the layer is called with.
        """
        lengths = lengths_or_mask(lengths, mask, inputs.shape, self.data_format == "channels_last")
        weights = self.depthwise_kernel, self.pointwise_kernel, self.bias
        arrays = [None if weight is None else self._array(weight) for weight in weights]
        library = device_arrays.library_of(inputs)
        if library is not None:
            if lengths is not None:
                raise lengths_elsewhere(inputs)
            return self._convolution_on_gpu()(library, inputs, weights, arrays)
        if all(array is getattr(weight, "array", None) for array, weight in zip(arrays, weights, strict=True)):
            convolution = self._convolution()
            if lengths is None:
                return convolution(inputs, *weights)
            return convolution.with_lengths(inputs, lengths, weights)
        return ops.separable_conv1d(
            inputs,
            *arrays,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
            activation=self.activation,
            lengths=lengths,
            precision=self.precision,
        )

    def compute_output_lengths(self, lengths: ArrayInput) -> Array:
        """The output steps of examples that have some lengths, as :func:`nb_sepconv.ops.output_lengths`.

        Args:
            lengths: array of ints >= 0 of any shape, or ints.

        Returns:
            array of ints of that shape, 0 where the kernel does not fit.
        """
        return ops.output_lengths(lengths, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _stage(self):
        stages.refuse_unbuilt(self)
        stages.refuse_own_call(self, SeparableConvolution)
        own = self.depthwise_kernel, self.pointwise_kernel, self.bias
        weights = self._kept(*own)
        shared = all(kept is weight for kept, weight in zip(weights, own, strict=True))
        convolution = self._convolution() if shared else PackedConvolution(*self._given)  # which keeps others packed
        after = settings.fused_activation(self.activation)[1]
        dtype = weights[0].array.dtype

        def compute(inputs, zeros, out):
            return convolution.window(stages.called_with(self, inputs, dtype), zeros, weights, out)

        return Stage(
            self.name,
            compute,
            *(self.kernel_size[0], self.strides[0], self.dilation_rate[0], self.padding),
            channels_last=self.data_format == "channels_last",
            dtype=dtype,
            channels=int(self.depthwise_kernel.shape[1]),
            filters=self.filters,
            activation=after,
            by_numpy=after is not None,
            repeated=lambda: convolution.repeated(weights),
        )

    def value_and_pullback(
        self, inputs: ArrayT, lengths: ArrayInput | None = None, mask: ArrayInput | None = None
    ) -> tuple[ArrayT, Pullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into those of all else.

        Args:
            inputs, lengths, mask: as the layer is called with.

        Returns:
            (outputs, pullback). ``pullback(d_outputs, regularization=False, inputs=True)`` returns ``d_inputs``, of the
            shape of the inputs and the type that the layer computes in (None without ``inputs``), and a list of
            gradients in the order of ``trainable_variables``; with ``regularization`` those of this call's and the
            variables' losses are added. Until then, inputs and outputs must not be changed in place; variables may.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
            ValueError: as calling the layer does.

        >>> import numpy as np, nb_sepconv as tf
        >>> layer = tf.layers.SeparableConv1D(6, 3)
        >>> y, pullback = layer.value_and_pullback(np.ones((2, 9, 4), np.float32))
        >>> d_x, gradients = pullback(np.ones_like(y))
        >>> d_x.shape, [gradient.shape for gradient in gradients]
        ((2, 9, 4), [(3, 4, 1), (1, 4, 6), (6,)])
        """
        refuse_own_gradient(self, SeparableConvolution)
        if lengths is mask is None and type(inputs) is np.ndarray:
            outputs = self(inputs)
            if type(outputs) is np.ndarray and inputs.dtype == outputs.dtype:
                return outputs, Pullback(self, inputs, outputs)
        else:
            refuse_outside_memory("inputs", inputs)
            outputs = self(inputs, **keywords_with({}, lengths, mask))
        inputs = self._as_called(inputs)
        lengths = lengths_or_mask(lengths, mask, inputs.shape, self.data_format == "channels_last")
        return outputs, Pullback(self, inputs, as_input(outputs, self.name), lengths)

    def _output_shape(self, input_shape):
        """The output's shape as a tuple; steps of 0 or less where the kernel does not fit, None where unknown."""
        shape = as_shape(input_shape)
        InputSpec(ndim=3).check(shape, self.name)
        batch, length = shape[0], shape[1 if self.data_format == "channels_last" else 2]
        taps, stride, dilation = self.kernel_size[0], self.strides[0], self.dilation_rate[0]
        steps = None if length is None else geometry(length, taps, stride, dilation, self.padding).output_length
        return (batch, steps, self.filters) if self.data_format == "channels_last" else (batch, self.filters, steps)
