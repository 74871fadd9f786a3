"""TF1's separable convolution layer: check, build once, call the op."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations, constraints, initializers, regularizers
from nb_sepconv.checks import arguments
from nb_sepconv.convolution.packed import PackedConvolution
from nb_sepconv.convolution.settings import OPERANDS, fused_activation
from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers import functional
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.lengths import keywords_with, lengths_or_mask
from nb_sepconv.layers.shared import SeparableConvolution
from nb_sepconv.tensors.tensor import Tensor, of_word, tensor
from nb_sepconv.tensors.tensor_shape import Shape, as_shape
from nb_sepconv.tensors.tracing import open_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.variable_store import ReuseMode
    from nb_sepconv.tensors.typing import ArrayInput, ArrayT, Config, Identifier, Integers

__all__ = ["InputSpec", "SeparableConv1D", "separable_conv1d"]

_ZEROS = functional.ZEROS
_IGNORED = ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "conv_op")


class SeparableConv1D(SeparableConvolution, Layer):
    """Depthwise separable convolution of series: each channel by itself, then a mix of all channels.

    ``y[n,t,f] = activation(bias[f] + sum_{c,m} P[0, c*M+m, f] * sum_k x_padded[n, t*s + k*d, c] * D[k,c,m])``

    Args:
        filters: int > 0, the output's channels F.
        kernel_size: int > 0 or a tuple of one, the taps K.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same" or "causal", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default "channels_last".
        dilation_rate: int > 0 or a tuple of one; not together with strides > 1. Default 1.
        depth_multiplier: int > 0, depthwise channels M per input channel. Default 1.
        activation: callable or name. Default None, linear.
        use_bias: bool. Default True.
        depthwise_initializer, pointwise_initializer: callable, name or config. Default the variable scope's, else
            Glorot uniform.
        bias_initializer: callable, name or config. Default zeros.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: functions of the variable; their values join
            the layer's losses and ``REGULARIZATION_LOSSES``. Default None.
        activity_regularizer: function of the output; its value over the batch size joins them. Default None.
        depthwise_constraint, pointwise_constraint, bias_constraint: kept on the layer and on the variable for
            optimizers. Default None.
        trainable: bool, whether the variables join ``TRAINABLE_VARIABLES``. Default True.
        name: str, or a VariableScope that the variables go directly into. Default "separable_conv1d", made unique.
        kwargs: ``dtype`` (default that of the first input), ``weights`` (arrays to start from), ``autocast``,
            ``_scope``, ``_reuse``, and what else TF's layer accepts and does not use.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    >>> layer = SeparableConv1D(6, 3, padding="same")
    >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
    ((2, 9, 6), 42)
    """

    def __init__(
        self,
        filters: int | None,
        kernel_size: Integers,
        strides: Integers = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Integers = 1,
        depth_multiplier: int = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        depthwise_initializer: Identifier = None,
        pointwise_initializer: Identifier = None,
        bias_initializer: Identifier = _ZEROS,
        depthwise_regularizer: Identifier = None,
        pointwise_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        activity_regularizer: Identifier = None,
        depthwise_constraint: Identifier = None,
        pointwise_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        trainable: bool = True,
        name: str | VariableScope | None = None,
        **kwargs: Any,
    ) -> None:
        self.activation: Callable[..., Any] = activations.get(activation)
        self.depthwise_initializer: Any = initializers.get(depthwise_initializer)
        self.pointwise_initializer: Any = initializers.get(pointwise_initializer)
        self.bias_initializer: Any = initializers.get(bias_initializer)
        self.depthwise_regularizer: Any = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer: Any = regularizers.get(pointwise_regularizer)
        self.bias_regularizer: Any = regularizers.get(bias_regularizer)
        activity_regularizer = regularizers.get(activity_regularizer)
        self.depthwise_constraint: Any = constraints.get(depthwise_constraint)
        self.pointwise_constraint: Any = constraints.get(pointwise_constraint)
        self.bias_constraint: Any = constraints.get(bias_constraint)
        groups = kwargs.pop("groups", None)
        _warn_of_ignored({key: kwargs.pop(key) for key in _IGNORED if key in kwargs})
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.filters: int | None = arguments.filters(filters)
        self.kernel_size: tuple[int] = arguments.one_integer(kernel_size, "kernel_size")
        self.strides: tuple[int] = arguments.one_integer(strides, "strides", least=0)
        self.padding: str = arguments.padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.dilation_rate: tuple[int] = arguments.one_integer(dilation_rate, "dilation_rate")
        self.groups: int = arguments.groups(groups, self.filters)
        arguments.stride_or_dilation(self.strides, self.dilation_rate)
        self.depth_multiplier: int = arguments.depth_multiplier(depth_multiplier)
        self.use_bias: bool = use_bias
        self.depthwise_kernel: Variable | Any = None  # until the layer is built
        self.pointwise_kernel: Variable | Any = None
        self.bias: Variable | Any = None
        self.input_spec = InputSpec(min_ndim=3)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the variables for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones; the channels must be known.

        Raises:
            ValueError: when the channels are unknown, or ``filters`` is None.
        """
        channels = self._channels(as_shape(input_shape))
        with self._building, self._all_or_nothing():
            self.input_spec = InputSpec(ndim=3, axes={self._channel_axis: channels})
            self._create_weights(channels)
            self.built = True

    def __call__(
        self,
        inputs: ArrayT,
        *args: Any,
        scope: str | VariableScope | None = None,
        training: bool | None = None,
        lengths: ArrayInput | None = None,
        mask: ArrayInput | None = None,
        **kwargs: Any,
    ) -> ArrayT:
        """Build the layer if it is not, and convolve ``inputs``.

        Args:
            inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64.
            args, kwargs: passed on to the ``call`` of a subclass.
            scope: str or VariableScope, where the variables go; it counts in the first call only. Default the name.
            training: passed on to a ``call`` that takes it.
            lengths: array or sequence of ints (N,), the steps of each example, as in
                :func:`nb_sepconv.ops.separable_conv1d`. Default None, all steps.
            mask: array of booleans (N, L) in place of ``lengths``, True for the first steps of each example. Default
                None.

        Returns:
            array (N, T, F) or (N, F, T) of the type of ``inputs``.

        Raises:
            ValueError: when the rank, the channels or the length do not fit, or variables may not be shared or created.
            TypeError: when the type is not that of the weights.
        """
        if lengths is not None or mask is not None:
            outputs = None if args or kwargs or open_traces else self._quickly_with_lengths(inputs, lengths, mask)
            if outputs is not None:
                return outputs
            kwargs = keywords_with(kwargs, lengths, mask)
        if open_traces:  # perhaps of this thread, which records the call
            return super().__call__(inputs, *args, scope=scope, training=training, **kwargs)
        if type(inputs) is Tensor:
            plain = inputs.view(np.ndarray)
            return tensor(SeparableConv1D.__call__(self, plain, *args, scope=scope, training=training, **kwargs))
        plain = type(inputs) is np.ndarray and not args and not kwargs
        short = None if args or kwargs else self._fast_path or (self._short_way(inputs) if plain else None)
        if short is not None and type(inputs) is np.ndarray and inputs.ndim == 3:
            convolve, dtype, axis, channels, weights, graph, scope_path, watched = short
            if inputs.dtype == dtype and inputs.shape[axis] == channels:
                if watched:
                    return self._call_in_scope(inputs)
                graph.thread.scope_names.add(scope_path)
                return convolve.by(weights, inputs)
        elif short is not None and self._device_convolution is not None and not short[-1]:
            *_, weights, graph, scope_path, _ = short
            outputs = self._device_convolution.again(inputs, *weights)
            if outputs is not None:
                graph.thread.scope_names.add(scope_path)
                return outputs
        return super().__call__(inputs, *args, scope=scope, training=training, **kwargs)

    def _quickly_with_lengths(self, inputs, lengths, mask):
        """The outputs where the scope may be left out, else None."""
        if self._fast_path is None or type(inputs) is not np.ndarray or inputs.ndim != 3:
            return None
        convolve, dtype, axis, channels, weights, graph, scope_path, watched = self._fast_path
        if watched or inputs.dtype != dtype or inputs.shape[axis] != channels:
            return None
        graph.thread.scope_names.add(scope_path)
        lengths = lengths if mask is None else lengths_or_mask(lengths, mask, inputs.shape, axis == -1)
        return convolve.with_lengths(inputs, lengths, weights)

    def _build_fast_path(self):
        """What a call needs beside the arrays, looked up once, and whether what it runs could see the layer's scope.
        Where nothing could, taking its name, on which later default names depend, is all that entering it would do.
        """
        weights = (self.depthwise_kernel, self.pointwise_kernel, *([] if self.bias is None else [self.bias]))
        if (
            type(self).call is not SeparableConv1D.call
            or type(self)._add_activity_loss is not Layer._add_activity_loss
            or not all(type(weight) is Variable for weight in weights)
        ):
            return None
        watched = bool(self.activity_regularizer) or activations.fused_name(self.activation) is None
        return (
            self._convolution(),
            self.depthwise_kernel.dtype,
            self._channel_axis,
            self.depthwise_kernel.array.shape[1],
            (self.depthwise_kernel, self.pointwise_kernel, self.bias),
            self._scope.graph,
            self._scope.path,
            watched,
        )

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones.

        Returns:
            A Shape, with None where it is unknown.

        Raises:
            ValueError: when the kernel does not fit into the length.
        """
        shape = self._output_shape(input_shape)
        steps = shape[1 if self.data_format == "channels_last" else 2]
        if steps is not None and steps < (1 if self.padding == "valid" else 0):
            raise ValueError(
                f"One of the dimensions in the output is <= 0 due to downsampling in {self.name}. "
                f"Consider increasing the input size. Received: input shape {tuple(input_shape)}"
            )
        return Shape(shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._serialized(initializers, "bias_initializer"),
            **self._serialized(regularizers, "bias_regularizer", "activity_regularizer"),
            **self._serialized(constraints, "bias_constraint"),
            "depth_multiplier": self.depth_multiplier,
            **self._serialized(initializers, "depthwise_initializer", "pointwise_initializer"),
            **self._serialized(regularizers, "depthwise_regularizer", "pointwise_regularizer"),
            **self._serialized(constraints, "depthwise_constraint", "pointwise_constraint"),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; what tf_keras adds to it without use is dropped."""
        return cls(**{key: value for key, value in config.items() if key not in (*_IGNORED, "groups")})


def _warn_of_ignored(keywords):
    for key in keywords:
        warnings.warn(
            f"`{key}` is ignored by SeparableConv1D, as in TF: use `{key.replace('kernel', 'depthwise')}` and "
            f"`{key.replace('kernel', 'pointwise')}`",
            stacklevel=3,
        )


def separable_conv1d(
    inputs: ArrayT,
    filters: int | None,
    kernel_size: Integers,
    strides: Integers = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    depth_multiplier: int = 1,
    activation: Identifier = None,
    use_bias: bool = True,
    depthwise_initializer: Identifier = None,
    pointwise_initializer: Identifier = None,
    bias_initializer: Identifier = _ZEROS,
    depthwise_regularizer: Identifier = None,
    pointwise_regularizer: Identifier = None,
    bias_regularizer: Identifier = None,
    activity_regularizer: Identifier = None,
    depthwise_constraint: Identifier = None,
    pointwise_constraint: Identifier = None,
    bias_constraint: Identifier = None,
    trainable: bool = True,
    name: str | VariableScope | None = None,
    reuse: bool | ReuseMode | None = None,
) -> ArrayT:
    """Depthwise separable convolution of series with variables that the current graph keeps by name.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64.
        name: str, the variables' scope, used as it is; or a VariableScope. Default "separable_conv1d", made unique.
        reuse: True shares the variables of the same name, AUTO_REUSE shares or creates them. Default as the scope.
        filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation, use_bias:
            as in ``SeparableConv1D``.
        depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer, pointwise_regularizer,
        bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint, trainable:
            as in ``SeparableConv1D``.

    Returns:
        array (N, T, F) or (N, F, T) of the type of ``inputs``.

    Raises:
        ValueError: when an argument is out of its range, the input does not fit, or the variables exist already and
            are not to be shared (or the reverse).
        TypeError: when an argument or the input has a wrong type.

    >>> separable_conv1d(np.zeros((2, 9, 4), np.float32), 6, 3, name="doc_example").shape
    (2, 7, 6)
    """
    settings = filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, use_bias
    made_with = None
    if not (
        depthwise_initializer is pointwise_initializer is depthwise_regularizer is pointwise_regularizer is None
        and bias_regularizer is depthwise_constraint is pointwise_constraint is bias_constraint is None
        and bias_initializer is _ZEROS
    ):
        made_with = (
            (depthwise_initializer, pointwise_initializer, bias_initializer),
            (depthwise_regularizer, pointwise_regularizer, bias_regularizer),
            (depthwise_constraint, pointwise_constraint, bias_constraint),
        )
    outputs = functional.again(
        "separable_conv1d", inputs, settings, activation, name, reuse, made_with, activity_regularizer
    )
    if outputs is not None:
        return outputs
    before = functional.count_variables()
    layer = SeparableConv1D(
        filters,
        kernel_size,
        strides,
        padding,
        data_format,
        dilation_rate,
        depth_multiplier,
        activation,
        use_bias,
        depthwise_initializer,
        pointwise_initializer,
        bias_initializer,
        depthwise_regularizer,
        pointwise_regularizer,
        bias_regularizer,
        activity_regularizer,
        depthwise_constraint,
        pointwise_constraint,
        bias_constraint,
        trainable,
        name,
        _reuse=reuse,
        _scope=name,
    )
    outputs = of_word(layer(inputs))
    if functional.count_variables() == before:
        _remember(layer, settings)
    return outputs


def _remember(layer, settings):
    weights = layer.depthwise_kernel, layer.pointwise_kernel, layer.bias
    fused, _ = fused_activation(layer.activation)
    convolution = PackedConvolution(layer.strides, layer.padding, layer.data_format, layer.dilation_rate, fused)
    functional.remember(
        "separable_conv1d",
        layer,
        settings,
        dict(zip(OPERANDS[1:], weights, strict=True)),
        partial(convolution.by, weights),
        functional.Inputs(weights[0].dtype, 3, 3, layer._channel_axis, weights[0].shape[1]),
    )
