"""``keras.initializers``: Keras's initializers by class, name, config and array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import initializers
from nb_sepconv.checks.missing_names import explain
from nb_sepconv.initializers import Initializer, serialize
from nb_sepconv.initializers.keras import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import Array, Identifier, ShapeInput

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = IdentityInitializer = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

_OTHER_NAMES = {"IdentityInitializer": "Identity", "OrthogonalInitializer": "Orthogonal"}


class _Given:
    """The values of an array, for weights of exactly its shape."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __call__(self, shape: ShapeInput, dtype: DTypeLike | None = None) -> Array:
        if tuple(shape) != self.values.shape:
            raise ValueError(
                f"An array given as initializer must have the shape {tuple(shape)} of the weights. "
                f"Received: shape {self.values.shape}"
            )
        return np.array(self.values, dtype)


def get(identifier: Identifier | Array | np.generic) -> Any:
    """The initializer that a name, a Keras config, an array or a callable stands for.

    Args:
        identifier: None, a name, a config dict, an array (the values themselves), a callable
            ``(shape, dtype) -> array``, or a class.

    Returns:
        A callable, or None.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.

    Example:
        >>> get("he_normal").get_config(), get(np.eye(2))((2, 2)).tolist()
        ({'seed': None}, [[1.0, 0.0], [0.0, 1.0]])
    """
    if isinstance(identifier, (np.ndarray, np.generic)):
        return _Given(np.array(identifier))
    if isinstance(identifier, str):
        identifier = _OTHER_NAMES.get(identifier, identifier)
    return initializers.get(identifier)


deserialize = get


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
