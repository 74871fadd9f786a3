"""TF1's layers without weights that keep or flatten an array: dropout and flatten."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.inputs import as_input
from nb_sepconv.nn.regularization import dropped
from nb_sepconv.tensors.tensor import of_word
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.tensors.typing import Array, Config


class Dropout(Layer):
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

    def __call__(self, inputs: Any, training: bool = False, *, scope: str | VariableScope | None = None) -> Any:
        """Drop elements of ``inputs`` in training; else the outputs are a copy.

        Args:
            inputs: array of floats.
            training: bool, whether to drop elements. Default False.
            scope: str or VariableScope; it counts in the first call only. Default the name.

        Returns:
            array of the shape and type of ``inputs``.
        """
        return self._call(inputs, scope, training=training)

    def call(self, inputs: Any, training: bool = False) -> Array:
        """Compute the outputs."""
        inputs = np.asarray(inputs)
        return dropped(inputs, self.rate, self.noise_shape, self.seed) if training else inputs.copy()

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
    return of_word(Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training))


class Flatten(Layer):
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

    def _as_called(self, inputs):
        return as_input(inputs, self.name)

    def call(self, inputs: Any) -> Array:
        """Compute the outputs."""
        inputs = np.asarray(inputs)
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = np.moveaxis(inputs, 1, -1)
        return inputs.reshape(len(inputs), math.prod(inputs.shape[1:])).copy()

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
    return of_word(Flatten(data_format=data_format, name=name)(inputs))
