"""Keras 3's layers of one kernel: ``Dense`` and ``Conv1D``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.checks import arguments
from nb_sepconv.keras import activations, constraints, initializers, regularizers
from nb_sepconv.keras.layer import Layer
from nb_sepconv.layers import product
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import Array, Config, Identifier, Integers

_WITHOUT_USE = ("batch_input_shape", "lora_rank", "lora_alpha", "quantization_config")


class _KernelLayer(Layer):
    """The arguments of a layer with a kernel and a bias."""

    def __init__(
        self,
        activation: Any,
        use_bias: Any,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation: Callable[..., Any] = activations.get(activation)
        self.use_bias: bool = use_bias
        self.kernel_initializer: Any = initializers.get(kernel_initializer)
        self.bias_initializer: Any = initializers.get(bias_initializer)
        self.kernel_regularizer: Any = regularizers.get(kernel_regularizer)
        self.bias_regularizer: Any = regularizers.get(bias_regularizer)
        self.kernel_constraint: Any = constraints.get(kernel_constraint)
        self.bias_constraint: Any = constraints.get(bias_constraint)
        self.kernel: Variable | Any = None  # until the layer is built
        self.bias: Variable | Any = None

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; of one of tf_keras, what has no use is dropped, and
        ``"hard_sigmoid"`` is tf_keras' function.
        """
        kept = {key: value for key, value in config.items() if key not in _WITHOUT_USE}
        if "batch_input_shape" in config or isinstance(config.get("dtype"), str):
            kept["activation"] = activations.of_tf_keras(config.get("activation"))
        return cls(**kept)


class Dense(product.Dense, _KernelLayer):
    """A dense layer: ``y[..., f] = activation(bias[f] + sum_d x[..., d] * K[d, f])``.

    Args:
        units: int > 0, the outputs' channels F.
        activation: callable, name or config. Default None, linear.
        use_bias: bool. Default True.
        kernel_initializer: callable, name, config or array. Default "glorot_uniform".
        bias_initializer: callable, name, config or array. Default "zeros".
        kernel_regularizer, bias_regularizer: callables, names or configs; their values join the losses while the
            weights are trained. Default None.
        activity_regularizer: function of the output; its value over the batch size joins the losses. Default None.
        kernel_constraint, bias_constraint: kept on the layer and on the variables for optimizers. Default None.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    Example:
        >>> import numpy as np
        >>> layer = Dense(6, activation="relu")
        >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
        ((2, 9, 6), 30)
    """

    def __init__(
        self,
        units: int,
        activation: Identifier = None,
        use_bias: bool = True,
        kernel_initializer: Identifier | Array = "glorot_uniform",
        bias_initializer: Identifier | Array = "zeros",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        activity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.units: int = arguments.units(units)
        self.input_spec: InputSpec | None = InputSpec(min_ndim=2)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``, a sequence of ints and Nones."""
        width = self._width(as_shape(input_shape))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: width})
        self._create_weights((width, self.units))

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, a sequence of ints and Nones."""
        return (*as_shape(input_shape)[:-1], self.units)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        of_weights = self._config_of_weights(activations, initializers, regularizers, constraints)
        return {**super().get_config(), "units": self.units, **of_weights}


class Conv1D(product.Conv1D, _KernelLayer):
    """Convolution of series: each output step is a product of all channels under the kernel.

    ``y[n,t,f] = activation(bias[f] + sum_{k,c} x_padded[n, t*s + k*d, c] * K[k,c,f])``

    Args:
        filters: int > 0, the output's channels F.
        kernel_size: int > 0 or a tuple of one, the taps K.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same" or "causal", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default None, what ``keras.json`` says,
            else "channels_last".
        dilation_rate: int > 0 or a tuple of one. Default 1.
        groups: must be 1.
        activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, kwargs: as in :class:`Dense`.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    Example:
        >>> import numpy as np
        >>> layer = Conv1D(6, 3, strides=2, padding="same")
        >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
        ((2, 5, 6), 78)
    """

    def __init__(
        self,
        filters: int | None,
        kernel_size: Integers,
        strides: Integers = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Integers = 1,
        groups: int = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        kernel_initializer: Identifier | Array = "glorot_uniform",
        bias_initializer: Identifier | Array = "zeros",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        activity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.filters: int | None = arguments.filters(filters, cut_floats=False)
        self.groups: int = arguments.one_group(groups)
        self.kernel_size: tuple[int] = arguments.one_integer(kernel_size, "kernel_size")
        self.strides: tuple[int] = arguments.one_integer(strides, "strides")
        self.padding: str = arguments.padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.dilation_rate: tuple[int] = arguments.one_integer(dilation_rate, "dilation_rate")
        self.input_spec: InputSpec | None = InputSpec(min_ndim=3)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``, a sequence of three ints and Nones or more."""
        shape = as_shape(input_shape)
        channels = self._channels(shape)
        self.compute_output_shape(shape)
        self.input_spec = InputSpec(min_ndim=3, axes={self._channel_axis: channels})
        self._create_weights(self._kernel_shape(channels))

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones or more.

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
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            **self._config_of_weights(activations, initializers, regularizers, constraints),
            **self._serialized(regularizers, "activity_regularizer"),
        }


def convolved_shape(layer: Any, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """The shape of a convolution's output; a ValueError, in Keras's words, where the kernel does not fit."""
    shape: tuple[int | None, ...] = layer._output_shape(input_shape)
    steps = shape[-2 if layer.data_format == "channels_last" else -1]
    if layer.padding == "valid" and steps is not None and steps <= 0:
        raise ValueError(
            f"Computed output size would be zero or negative: the kernel of size {layer.kernel_size} with "
            f"`dilation_rate` {layer.dilation_rate} is longer than the input. "
            f"Received: input shape {tuple(input_shape)}"
        )
    return shape
