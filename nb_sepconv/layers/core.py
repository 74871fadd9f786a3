"""TF1's elementary layers: dense, dropout and flatten."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations, constraints, initializers, regularizers
from nb_sepconv.checks import arguments
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.layers import functional, product, stages
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.call_arguments import call_keywords
from nb_sepconv.layers.flattened import Flattened
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.inputs import as_input
from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient
from nb_sepconv.layers.quick_calls import QuickCalls
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.nn.regularization import kept_by_chance, rescaled
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor import Tensor, of_word
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.variable_store import ReuseMode
    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import Array, Config, Identifier

_ZEROS = functional.ZEROS


class Dense(QuickCalls, product.Dense, Layer):
    """A dense layer: ``y[..., f] = activation(bias[f] + sum_d x[..., d] * K[d, f])``.

    Args:
        units: int > 0, the outputs' channels F.
        activation: callable or name. Default None, linear.
        use_bias: bool. Default True.
        kernel_initializer: callable, name or config. Default the variable scope's, else Glorot uniform.
        bias_initializer: callable, name or config. Default zeros.
        kernel_regularizer, bias_regularizer: functions of the variable; their values join the layer's losses and
            ``REGULARIZATION_LOSSES``. Default None.
        activity_regularizer: function of the output; its value over the batch size joins them. Default None.
        kernel_constraint, bias_constraint: kept on the layer and on the variable for optimizers. Default None.
        trainable, name, kwargs: as in ``SeparableConv1D``.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    >>> layer = Dense(6, activation="relu")
    >>> layer(np.zeros((2, 9, 4), np.float32)).shape, layer.count_params()
    ((2, 9, 6), 30)
    """

    def __init__(
        self,
        units: int,
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
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.units: int = arguments.units(units)
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
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the variables for inputs of ``input_shape``.

        Args:
            input_shape: sequence of ints and Nones; the last size must be known.

        Raises:
            ValueError: when it is unknown.
        """
        width = self._width(as_shape(input_shape))
        with self._building, self._all_or_nothing():
            self.input_spec = InputSpec(min_ndim=2, axes={-1: width})
            self._create_weights((width, self.units))
            self.built = True

    def _as_called(self, inputs):
        inputs = as_input(inputs, self.name)
        return inputs.astype(as_dtype(self._dtype), copy=False) if type(inputs) is np.ndarray else inputs

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output for inputs of ``input_shape``, a sequence of ints and Nones."""
        shape = as_shape(input_shape)
        self._width(shape)
        return Shape((*shape[:-1], self.units))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        return {
            **super().get_config(),
            "units": self.units,
            **self._config_of_weights(activations, initializers, regularizers, constraints),
        }


def dense(
    inputs: Any,
    units: int,
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
    """A dense layer with variables that the current graph keeps by name.

    Args:
        inputs: array (N, ..., D) of float16, bfloat16, float32 or float64.
        name: str, the variables' scope, used as it is; or a VariableScope. Default "dense", made unique.
        reuse: True shares the variables of the same name, AUTO_REUSE shares or creates them. Default as the scope.
        units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
        activity_regularizer, kernel_constraint, bias_constraint, trainable: as in ``Dense``.

    Returns:
        array (N, ..., F) of the type of ``inputs``.

    Raises:
        ValueError: when an argument is out of its range, the input does not fit, or the variables exist already and
            are not to be shared (or the reverse).
        TypeError: when an argument or the input has a wrong type.

    >>> dense(np.zeros((2, 4), np.float32), 6, name="doc_example_of_dense").shape
    (2, 6)
    """
    settings = units, use_bias
    penalties = kernel_regularizer, bias_regularizer
    made_with = product.made_with(kernel_initializer, bias_initializer, *penalties, kernel_constraint, bias_constraint)
    outputs = functional.again("dense", inputs, settings, activation, name, reuse, made_with, activity_regularizer)
    if outputs is not None:
        return outputs
    before = functional.count_variables()
    layer = Dense(
        units,
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
        product.remember("dense", layer, settings, fewest_axes=2)
    return outputs


class Dropout(Streamed, Layer):
    """Each element set to 0 with the probability ``rate`` in training, the others divided by ``1 - rate``.

    Args:
        rate: number from 0 to 1. Default 0.5.
        noise_shape: sequence of ints and Nones (the inputs' size); a 1 drops whole slices. Default the inputs' shape.
        seed: int; each call then drops the same elements. Default None, from ``tf.set_random_seed`` or entropy.
        name: str. Default "dropout", made unique.
        kwargs: as in ``SeparableConv1D``.

    Raises:
        ValueError: ``rate`` is out of its range.

    >>> layer = Dropout(0.5)
    >>> layer(np.ones((1, 3), np.float32)).tolist()
    [[1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        rate: float = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"`rate` must lie in [0, 1]. Received: {rate!r}")
        self.rate: float = rate
        self.noise_shape: Any = noise_shape
        self.seed: int | None = seed
        self.input_spec = InputSpec()

    def __call__(
        self, inputs: Any, training: bool = False, *, scope: str | VariableScope | None = None, **kwargs: Any
    ) -> Any:
        """Drop elements of ``inputs`` in training; else the outputs are a copy.

        Args:
            inputs: array of floats.
            training: bool, whether to drop elements. Default False.
            scope: str or VariableScope; it counts in the first call only. Default the name.
            kwargs: passed on to ``call``.

        Returns:
            array of the shape and type of ``inputs``.
        """
        return self._call(inputs, scope, training=training, **call_keywords(type(self).call, None, kwargs))

    def _is_blind(self, inputs, keywords):
        plain = keywords.get("training") is False and len(keywords) == 1
        return plain and type(self).call is Dropout.call and self.activity_regularizer is None

    def call(self, inputs: Any, training: bool = False, kept: list[Any] | None = None) -> Array:
        """Compute the outputs; the list ``kept`` takes which elements were kept."""
        inputs = np.asarray(inputs)
        chosen = kept_by_chance(inputs, self.rate, self.noise_shape, self.seed) if training else True
        if kept is not None:
            kept.append(chosen)
        return rescaled(inputs, self.rate, chosen)

    def value_and_pullback(self, inputs: Any, training: bool = False) -> tuple[Any, FunctionPullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into that of the inputs.

        Args:
            inputs, training: as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``; the list of the variables' gradients is empty. The gradient
            is dropped and divided where the outputs were.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
        """
        refuse_own_gradient(self, Dropout)
        kept, rate = [], self.rate
        outputs, inputs = self._call(inputs, None, training=training, kept=kept), self._as_called(inputs)

        def gradients(d_outputs, weights, wanted):
            return {"inputs": rescaled(d_outputs, rate, kept[0])} if wanted else {}

        return outputs, FunctionPullback(self, {}, inputs, outputs, gradients)

    def _stage(self):
        stages.refuse_own_call(self, Dropout)
        return Stage(self.name, lambda inputs, zeros, out: written(inputs, out), by_numpy=False)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output, which is that of the input."""
        return as_shape(input_shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


def dropout(
    inputs: Any,
    rate: float = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: bool = False,
    name: str | None = None,
) -> Any:
    """Each element set to 0 with the probability ``rate`` in training, the others divided by ``1 - rate``.

    Args:
        inputs: array of floats.
        training: bool, whether to drop elements. Default False: the outputs are a copy.
        rate, noise_shape, seed, name: as in ``Dropout``.

    Returns:
        array of the shape and type of ``inputs``.

    Raises:
        ValueError: ``rate`` is out of its range.
        TypeError: ``inputs`` does not hold floats.
    """
    if training is False and type(rate) in (float, int) and 0 <= rate <= 1:
        plain = functional.passed("dropout", inputs, name)
        if plain is not None:
            return plain.copy().view(Tensor)
    return of_word(Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training))


class Flatten(Flattened, Streamed, Layer):
    """All axes but the first one as one.

    Args:
        data_format: "channels_last", or "channels_first", which puts the channels last before. Default
            "channels_last".
        kwargs: as in ``SeparableConv1D``.

    >>> Flatten()(np.zeros((2, 3, 4), np.float32)).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format: str = arguments.data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def _check(self, inputs):
        self.input_spec.check(inputs.shape, self.name)

    def _is_blind(self, inputs, keywords):
        return not keywords and type(self).call is Flatten.call and self.activity_regularizer is None

    def _as_called(self, inputs):
        return as_input(inputs, self.name)

    def _stage(self):
        stages.refuse_joined_steps(self)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        batch, *rest = as_shape(input_shape)
        return Shape((batch, None if None in rest else math.prod(rest)))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "data_format": self.data_format}


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """All axes but the first one as one.

    Args:
        inputs: array of one axis or more, of any type.
        name, data_format: as in ``Flatten``.

    Returns:
        array (N, the product of the other sizes) of the type of ``inputs``.

    >>> flatten(np.zeros((2, 3, 4), np.float32)).shape
    (2, 12)
    """
    if data_format == "channels_last":
        plain = functional.passed("flatten", inputs, name)
        if plain is not None:
            return plain.reshape(len(plain), math.prod(plain.shape[1:])).copy().view(Tensor)
    return of_word(Flatten(data_format=data_format, name=name)(inputs))
