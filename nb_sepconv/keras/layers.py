"""``keras.layers``: Keras 3's separable convolution layer, and the layers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.checks.missing_names import explain
from nb_sepconv.keras import activations, constraints, initializers, regularizers
from nb_sepconv.keras.elementwise_layers import Activation, Dropout, LeakyReLU, ReLU, Softmax, SpatialDropout1D
from nb_sepconv.keras.kernel_layers import Conv1D, Dense, convolved_shape
from nb_sepconv.keras.layer import Layer
from nb_sepconv.keras.normalization import BatchNormalization, LayerNormalization
from nb_sepconv.keras.pooling_layers import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from nb_sepconv.keras.shape_layers import Flatten, Input, InputLayer, Reshape, ZeroPadding1D
from nb_sepconv.keras.variable import CastVariable
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.lengths import keywords_with, lengths_or_mask
from nb_sepconv.layers.shared import SeparableConvolution
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor_shape import as_shape
from nb_sepconv.tensors.tracing import open_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import Array, ArrayInput, Config, Identifier, Integers

__all__ = [
    "Activation",
    "AveragePooling1D",
    "AvgPool1D",
    "BatchNormalization",
    "Conv1D",
    "Convolution1D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling1D",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPooling1D",
    "ReLU",
    "Reshape",
    "SeparableConv1D",
    "SeparableConvolution1D",
    "Softmax",
    "SpatialDropout1D",
    "ZeroPadding1D",
]

_CONVERTED = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))
_OF_TF_KERAS = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "batch_input_shape")


class SeparableConv1D(SeparableConvolution, Layer):
    """Depthwise separable convolution of series: each channel by itself, then a mix of all channels.

    ``y[n,t,f] = activation(bias[f] + sum_{c,m} P[0, c*M+m, f] * sum_k x_padded[n, t*s + k*d, c] * D[k,c,m])``

    The arguments are those of Keras 3; ``padding="causal"`` comes on top, and strides and dilation go together.

    Args:
        filters: int > 0, the output's channels F.
        kernel_size: int > 0 or a tuple of one, the taps K.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same" or "causal", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default None, what ``keras.json`` says,
            else "channels_last".
        dilation_rate: int > 0 or a tuple of one. Default 1.
        depth_multiplier: int > 0, depthwise channels M per input channel. Default 1.
        activation: callable, name or config. Default None, linear.
        use_bias: bool. Default True.
        depthwise_initializer, pointwise_initializer: callable, name, config or array. Default "glorot_uniform".
        bias_initializer: callable, name, config or array. Default "zeros".
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: callables, names or configs; their values join
            the losses while the weights are trained. Default None.
        activity_regularizer: function of the output; its value over the batch size joins the losses. Default None.
        depthwise_constraint, pointwise_constraint, bias_constraint: kept on the layer and on the variables for
            optimizers. Default None.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    Example:
        >>> import numpy as np
        >>> layer = SeparableConv1D(6, 3, strides=2, dilation_rate=2, padding="same")
        >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
        ((2, 5, 6), 42)
    """

    def __init__(
        self,
        filters: int | None,
        kernel_size: Integers,
        strides: Integers = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Integers = 1,
        depth_multiplier: int = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        depthwise_initializer: Identifier | Array = "glorot_uniform",
        pointwise_initializer: Identifier | Array = "glorot_uniform",
        bias_initializer: Identifier | Array = "zeros",
        depthwise_regularizer: Identifier = None,
        pointwise_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        activity_regularizer: Identifier = None,
        depthwise_constraint: Identifier = None,
        pointwise_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size: tuple[int] = arguments.one_integer(kernel_size, "kernel_size")
        self.strides: tuple[int] = arguments.one_integer(strides, "strides")
        self.dilation_rate: tuple[int] = arguments.one_integer(dilation_rate, "dilation_rate")
        self.padding: str = arguments.padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.activation: Callable[..., Any] = activations.get(activation)
        self.use_bias: bool = use_bias
        self.depthwise_initializer: Any = initializers.get(depthwise_initializer)
        self.pointwise_initializer: Any = initializers.get(pointwise_initializer)
        self.bias_initializer: Any = initializers.get(bias_initializer)
        self.depthwise_regularizer: Any = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer: Any = regularizers.get(pointwise_regularizer)
        self.bias_regularizer: Any = regularizers.get(bias_regularizer)
        self.depthwise_constraint: Any = constraints.get(depthwise_constraint)
        self.pointwise_constraint: Any = constraints.get(pointwise_constraint)
        self.bias_constraint: Any = constraints.get(bias_constraint)
        self.depth_multiplier: int = arguments.depth_multiplier(depth_multiplier)
        self.filters: int | None = arguments.filters(filters, cut_floats=False)
        self.depthwise_kernel: Variable | Any = None  # until the layer is built
        self.pointwise_kernel: Variable | Any = None
        self.bias: Variable | Any = None
        self.input_spec: InputSpec | None = InputSpec(min_ndim=3)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``, a sequence of three ints and Nones."""
        input_shape = as_shape(input_shape)
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.input_spec = InputSpec(ndim=3, axes={self._channel_axis: channels})
        self._create_weights(channels)

    def __call__(
        self,
        inputs: Any,
        *args: Any,
        training: bool | None = None,
        lengths: ArrayInput | None = None,
        mask: ArrayInput | None = None,
        **kwargs: Any,
    ) -> Any:
        """Build the layer if it is not, and convolve ``inputs``.

        Args:
            inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64.
            args, kwargs: passed on to the ``call`` of a subclass.
            training: passed on to a ``call`` that takes it.
            lengths: array or sequence of ints (N,), the steps of each example, as in
                :func:`nb_sepconv.ops.separable_conv1d`. Default None, all steps.
            mask: array of booleans (N, L) in place of ``lengths``, True for the first steps of each example. Default
                None.

        Returns:
            array (N, T, F) or (N, F, T) of the type that the layer computes in.

        Raises:
            ValueError: the rank, the channels or the length do not fit.
            TypeError: the type is no float.
        """
        if lengths is not None or mask is not None:
            outputs = None if args or kwargs or open_traces else self._quickly_with_lengths(inputs, lengths, mask)
            if outputs is not None:
                return outputs
            kwargs = keywords_with(kwargs, lengths, mask)
        short = None if args or kwargs or open_traces else self._fast_path
        if short is not None and type(inputs) is np.ndarray and inputs.ndim == 3:
            convolve, weights, dtype, axis, channels, converted = short
            if inputs.shape[axis] == channels and (inputs.dtype == dtype or inputs.dtype in converted):
                self._losses.clear()
                return convolve(inputs if inputs.dtype == dtype else inputs.astype(dtype), *weights)
        outputs = super().__call__(inputs, *args, training=training, **kwargs)
        vars(self)["_fast_path"] = self._build_fast_path()
        return outputs

    def _quickly_with_lengths(self, inputs, lengths, mask):
        """The outputs of an array that needs no conversion, where all is looked up already; else None."""
        if self._fast_path is None or type(inputs) is not np.ndarray or inputs.ndim != 3:
            return None
        convolve, weights, dtype, axis, channels, _ = self._fast_path
        if inputs.dtype != dtype or inputs.shape[axis] != channels:
            return None
        self._losses.clear()
        return convolve.with_lengths(inputs, lengths_or_mask(lengths, mask, inputs.shape, axis == -1), weights)

    def _build_fast_path(self):
        """What a call needs beside its inputs, looked up once; setting any attribute of the layer forgets it."""
        if type(self).call is not SeparableConv1D.call or self.activity_regularizer is not None:
            return None
        dtype = as_dtype(self.compute_dtype)
        weights = self.depthwise_kernel, self.pointwise_kernel, self.bias
        if self.compute_dtype != self.variable_dtype:
            weights = tuple(None if weight is None else CastVariable(weight, dtype) for weight in weights)
        converted = _CONVERTED if self.autocast else ()
        return self._convolution(), weights, dtype, self._channel_axis, self.depthwise_kernel.shape[1], converted

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones.

        Returns:
            A tuple, with None where it is unknown.

        Raises:
            ValueError: the kernel does not fit into the length.
        """
        return convolved_shape(self, input_shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._serialized(initializers, "depthwise_initializer", "pointwise_initializer", "bias_initializer"),
            **self._serialized(regularizers, "depthwise_regularizer", "pointwise_regularizer", "bias_regularizer"),
            **self._serialized(regularizers, "activity_regularizer"),
            **self._serialized(constraints, "depthwise_constraint", "pointwise_constraint", "bias_constraint"),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; of one of tf_keras, what has no use is dropped, and
        ``"hard_sigmoid"`` is tf_keras' function.
        """
        kept = {key: value for key, value in config.items() if key not in _OF_TF_KERAS}
        if len(kept) < len(config) or isinstance(config.get("dtype"), str):
            kept["activation"] = activations.of_tf_keras(config.get("activation"))
        return cls(**kept)


AvgPool1D, MaxPool1D = AveragePooling1D, MaxPooling1D
Convolution1D, SeparableConvolution1D = Conv1D, SeparableConv1D
GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
