"""TF1's convolution of series over all channels at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv import activations, constraints, initializers, regularizers
from nb_sepconv.checks import arguments
from nb_sepconv.layers import functional, product
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.quick_calls import QuickCalls
from nb_sepconv.tensors.tensor import of_word
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.variable_store import ReuseMode
    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import Config, Identifier, Integers

_ZEROS = functional.ZEROS


class Conv1D(QuickCalls, product.Conv1D, Layer):
    """Convolution of series: each output step is a product of all channels under the kernel.

    ``y[n,t,f] = activation(bias[f] + sum_{k,c} x_padded[n, t*s + k*d, c] * K[k,c,f])``

    Args:
        filters: int > 0, the output's channels F.
        kernel_size: int > 0 or a tuple of one, the taps K.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same" or "causal", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default "channels_last".
        dilation_rate: int > 0 or a tuple of one; not together with strides > 1. Default 1.
        activation: callable or name. Default None, linear.
        use_bias: bool. Default True.
        kernel_initializer: callable, name or config. Default the variable scope's, else Glorot uniform.
        bias_initializer: callable, name or config. Default zeros.
        kernel_regularizer, bias_regularizer: functions of the variable; their values join the layer's losses and
            ``REGULARIZATION_LOSSES``. Default None.
        activity_regularizer: function of the output; its value over the batch size joins them. Default None.
        kernel_constraint, bias_constraint: kept on the layer and on the variable for optimizers. Default None.
        trainable, name, kwargs: as in ``SeparableConv1D``; ``groups`` must be 1.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    >>> import numpy as np
    >>> layer = Conv1D(6, 3, padding="same")
    >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
    ((2, 9, 6), 78)
    """

    def __init__(
        self,
        filters: int | None,
        kernel_size: Integers,
        strides: Integers = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Integers = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        kernel_initializer: Identifier = None,
        bias_initializer: Identifier = _ZEROS,
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        activity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        trainable: bool = True,
        name: str | VariableScope | None = None,
        **kwargs: Any,
    ) -> None:
        groups = kwargs.pop("groups", None)
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.filters: int | None = arguments.filters(filters)
        self.groups: int = arguments.one_group(groups)
        self.kernel_size: tuple[int] = arguments.one_integer(kernel_size, "kernel_size")
        self.strides: tuple[int] = arguments.one_integer(strides, "strides", least=0)
        self.padding: str = arguments.padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.dilation_rate: tuple[int] = arguments.one_integer(dilation_rate, "dilation_rate")
        arguments.stride_or_dilation(self.strides, self.dilation_rate)
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
        self.input_spec = InputSpec(min_ndim=3)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the variables for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones or more; the channels must be known.

        Raises:
            ValueError: when the channels are unknown, or ``filters`` is None.
        """
        channels = self._channels(as_shape(input_shape))
        with self._building, self._all_or_nothing():
            self.input_spec = InputSpec(min_ndim=3, axes={self._channel_axis: channels})
            self._create_weights(self._kernel_shape(channels))
            self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output for inputs of ``input_shape``.

        Args:
            input_shape: sequence of three ints and Nones or more.

        Returns:
            A Shape, with None where it is unknown.

        Raises:
            ValueError: when the kernel does not fit into the length.
        """
        shape = self._output_shape(input_shape)
        steps = shape[-2 if self.data_format == "channels_last" else -1]
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
            "groups": self.groups,
            **self._config_of_weights(activations, initializers, regularizers, constraints),
            **self._serialized(regularizers, "activity_regularizer"),
        }


def conv1d(
    inputs: Any,
    filters: int | None,
    kernel_size: Integers,
    strides: Integers = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    use_bias: bool = True,
    kernel_initializer: Identifier = None,
    bias_initializer: Identifier = _ZEROS,
    kernel_regularizer: Identifier = None,
    bias_regularizer: Identifier = None,
    activity_regularizer: Identifier = None,
    kernel_constraint: Identifier = None,
    bias_constraint: Identifier = None,
    trainable: bool = True,
    name: str | VariableScope | None = None,
    reuse: bool | ReuseMode | None = None,
) -> Any:
    """Convolution of series over all channels with variables that the current graph keeps by name.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64.
        name: str, the variables' scope, used as it is; or a VariableScope. Default "conv1d", made unique.
        reuse: True shares the variables of the same name, AUTO_REUSE shares or creates them. Default as the scope.
        filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as in ``Conv1D``.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint, trainable: as in ``Conv1D``.

    Returns:
        array (N, T, F) or (N, F, T) of the type of ``inputs``.

    Raises:
        ValueError: when an argument is out of its range, the input does not fit, or the variables exist already and
            are not to be shared (or the reverse).
        TypeError: when an argument or the input has a wrong type.

    >>> import numpy as np
    >>> conv1d(np.zeros((2, 9, 4), np.float32), 6, 3, name="doc_example_of_conv1d").shape
    (2, 7, 6)
    """
    settings = filters, kernel_size, strides, padding, data_format, dilation_rate, use_bias
    penalties = kernel_regularizer, bias_regularizer
    made_with = product.made_with(kernel_initializer, bias_initializer, *penalties, kernel_constraint, bias_constraint)
    outputs = functional.again("conv1d", inputs, settings, activation, name, reuse, made_with, activity_regularizer)
    if outputs is not None:
        return outputs
    before = functional.count_variables()
    layer = Conv1D(
        filters,
        kernel_size,
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        trainable,
        name,
        _reuse=reuse,
        _scope=name,
    )
    outputs = of_word(layer(inputs))
    if functional.count_variables() == before:
        product.remember("conv1d", layer, settings, fewest_axes=3)
    return outputs
