"""Keras 3's layers without weights that keep the shape: activations and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage, elementwise
from nb_sepconv.keras import activations
from nb_sepconv.keras.layer import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.nn.regularization import kept_by_chance, rescaled
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, Config, Identifier


class _ShapeKept(Streamed, Layer):
    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output, which is that of the input."""
        return tuple(as_shape(input_shape))

    def _stage(self):
        return elementwise(self.name, self.call)


class Activation(_ShapeKept):
    """An activation as a layer.

    Args:
        activation: callable, name or config.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: a name that is no activation's.

    Example:
        >>> import numpy as np
        >>> Activation("relu")(np.float32([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    def __init__(self, activation: Identifier, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation: Callable[..., Any] = activations.get(activation)

    def call(self, inputs: Array) -> Any:
        """Compute the outputs."""
        return self.activation(inputs)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {"activation": activations.serialize(self.activation), **super().get_config()}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; in one of tf_keras, ``"hard_sigmoid"`` is tf_keras' function."""
        if isinstance(config.get("dtype"), str):
            config = {**config, "activation": activations.of_tf_keras(config["activation"])}
        return super().from_config(config)


class ReLU(_ShapeKept):
    """``x`` from ``threshold`` to ``max_value``, which it ends at; ``negative_slope * (x - threshold)`` below.

    Args:
        max_value: number >= 0. Default None, no end.
        negative_slope, threshold: numbers >= 0. Default 0.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: an argument below 0.

    Example:
        >>> import numpy as np
        >>> ReLU(max_value=6.0)(np.float32([[-1.0, 2.0, 9.0]])).tolist()
        [[0.0, 2.0, 6.0]]
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value: float | None = None if max_value is None else _not_negative("max_value", max_value)
        self.negative_slope: float = _not_negative("negative_slope", negative_slope)
        self.threshold: float = _not_negative("threshold", threshold)

    def call(self, inputs: Array) -> Any:
        """Compute the outputs."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        names = ("max_value", "negative_slope", "threshold")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class LeakyReLU(_ShapeKept):
    """``x`` from 0 on, ``negative_slope * x`` below.

    Args:
        negative_slope: number >= 0. Default 0.3. ``alpha`` is its older name.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: a slope below 0.

    Example:
        >>> import numpy as np
        >>> LeakyReLU(0.5)(np.float32([[-1.0, 2.0]])).tolist()
        [[-0.5, 2.0]]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope: float = _not_negative("negative_slope", negative_slope)

    def call(self, inputs: Array) -> Any:
        """Compute the outputs."""
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


class Softmax(_ShapeKept):
    """``exp(x) / sum(exp(x))`` along an axis.

    Args:
        axis: int. Default -1, the last.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        TypeError: several axes.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.float32([[1.0, 1.0]])).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        if not isinstance(axis, int):
            raise TypeError(f"`axis` must be an integer. Received: {axis!r}")
        self.axis: int = axis

    def call(self, inputs: Array) -> Any:
        """Compute the outputs."""
        return activations.softmax(inputs, self.axis)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "axis": self.axis}


class Dropout(_ShapeKept):
    """Each element set to 0 with the probability ``rate`` in training, the others divided by ``1 - rate``.

    Args:
        rate: number from 0 to 1.
        noise_shape: sequence of ints and Nones (the inputs' size); a 1 drops whole slices. Default the inputs' shape.
        seed: int; each call then drops the same elements. Default None, from ``tf.set_random_seed`` or entropy.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: ``rate`` is out of its range.

    Example:
        >>> import numpy as np
        >>> Dropout(0.5)(np.ones((1, 3), np.float32)).tolist()
        [[1.0, 1.0, 1.0]]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"`rate` must lie in [0, 1]. Received: {rate!r}")
        self.rate: float = rate
        self.noise_shape: Any = None if noise_shape is None else tuple(noise_shape)
        self.seed: int | None = seed

    def call(self, inputs: Array, training: bool | None = False, kept: list[Any] | None = None) -> Array:
        """Compute the outputs; the list ``kept`` takes which elements were kept."""
        chosen = kept_by_chance(inputs, self.rate, self._noise_shape(inputs), self.seed) if training else True
        if kept is not None:
            kept.append(chosen)
        return rescaled(inputs, self.rate, chosen)

    def value_and_pullback(self, inputs: Any, training: bool | None = None) -> tuple[Any, FunctionPullback]:
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
        outputs, inputs = self(inputs, training=training, kept=kept), self._as_called(inputs)

        def gradients(d_outputs, weights, wanted):
            return {"inputs": rescaled(d_outputs, rate, kept[0])} if wanted else {}

        return outputs, FunctionPullback(self, {}, inputs, outputs, gradients)

    def _noise_shape(self, inputs):
        return self.noise_shape

    def _stage(self):
        return Stage(self.name, lambda inputs, zeros, out: written(inputs, out))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}


class SpatialDropout1D(Dropout):
    """Whole channels of series (N, L, C) set to 0 with the probability ``rate`` in training, as :class:`Dropout` does.

    Args:
        rate: number from 0 to 1.
        seed: as in :class:`Dropout`.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: ``rate`` is out of its range.

    Example:
        >>> import numpy as np
        >>> SpatialDropout1D(0.5)(np.ones((1, 2, 1), np.float32)).tolist()
        [[[1.0], [1.0]]]
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.input_spec: InputSpec | None = InputSpec(ndim=3)

    def _noise_shape(self, inputs):
        return len(inputs), 1, inputs.shape[2]

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {key: value for key, value in super().get_config().items() if key != "noise_shape"}


def _not_negative(name, value):
    if value is None or value < 0:
        raise ValueError(f"`{name}` must be a number >= 0. Received: {value!r}")
    return value
