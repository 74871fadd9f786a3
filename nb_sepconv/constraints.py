"""Projections of weights, which optimizers apply after each update: an array in, an array of its type out.

Source: the formulas of ``tf.keras.constraints``; norms are Euclidean, ``EPSILON`` keeps quotients finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.convert import floats, widely
from nb_sepconv.tensors.serialization import config_repr, interpret, keras_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, ArrayInput, Config, Identifier

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "get",
    "max_norm",
    "maxnorm",
    "min_max_norm",
    "non_neg",
    "nonneg",
    "serialize",
    "unit_norm",
    "unitnorm",
]

EPSILON = 1e-7


class Constraint:
    """The base of constraints: a callable of one array that returns an array like it."""

    def __call__(self, w: ArrayInput) -> Any:
        """The projected ``w``: here ``w`` itself."""
        return w

    def get_config(self) -> Config:
        """The arguments that make this constraint again, as a dict for JSON."""
        return {}

    def __repr__(self) -> str:
        return config_repr(self)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The constraint that ``get_config`` described."""
        return cls(**config)


class MaxNorm(Constraint):
    """``w * clip(norm, 0, max_value) / (EPSILON + norm)``: norms along ``axis`` of at most ``max_value``.

    Args:
        max_value: float, the largest norm. Default 2.
        axis: int or sequence of ints, the axes that make one vector. Default 0.

    Example:
        >>> MaxNorm(max_value=5.0)(np.array([[6.0, 0.3], [8.0, 0.4]])).round(5).tolist()
        [[3.0, 0.3], [4.0, 0.4]]
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: ArrayInput) -> Array:
        """The projection of an array of floats."""
        return _rescaled(w, self.axis, lambda norms: np.clip(norms, 0, self.max_value))

    def get_config(self) -> Config:
        """The arguments that make this constraint again."""
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """``w * (rate * clip(norm, min_value, max_value) + (1 - rate) * norm) / (EPSILON + norm)``.

    Args:
        min_value: float, the smallest norm. Default 0.
        max_value: float, the largest norm. Default 1.
        rate: float, how much of the way to go at once; 1 goes all of it. Default 1.
        axis: int or sequence of ints, the axes that make one vector. Default 0.

    Example:
        >>> MinMaxNorm(1.0, 5.0)(np.array([[6.0, 0.3], [8.0, 0.4]])).round(5).tolist()
        [[3.0, 0.6], [4.0, 0.8]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: ArrayInput) -> Array:
        """The projection of an array of floats."""
        return _rescaled(w, self.axis, self._desired)

    def _desired(self, norms):
        return self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms

    def get_config(self) -> Config:
        """The arguments that make this constraint again."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class UnitNorm(Constraint):
    """``w / (EPSILON + norm)``: norms along ``axis`` of 1.

    Args:
        axis: int or sequence of ints, the axes that make one vector. Default 0.

    Example:
        >>> UnitNorm()(np.array([[6.0, 0.3], [8.0, 0.4]])).round(5).tolist()
        [[0.6, 0.6], [0.8, 0.8]]
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: ArrayInput) -> Array:
        """The projection of an array of floats."""
        return _rescaled(w, self.axis, np.ones_like)

    def get_config(self) -> Config:
        """The arguments that make this constraint again."""
        return {"axis": self.axis}


class NonNeg(Constraint):
    """``max(w, 0)``.

    Example:
        >>> NonNeg()(np.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: ArrayInput) -> Array:
        """The projection of an array of floats."""
        return widely(lambda wide: np.maximum(wide, 0), floats(w, "w"))


def _rescaled(w, axis, desired):
    axis = axis if np.ndim(axis) == 0 else tuple(axis)

    def rescaled(wide):
        norms = np.sqrt(np.sum(np.square(wide), axis=axis, keepdims=True))
        return wide * (desired(norms) / (EPSILON + norms))

    return widely(rescaled, floats(w, "w"))


max_norm = maxnorm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm

_BY_NAME = {
    **{"MaxNorm": MaxNorm, "max_norm": MaxNorm, "maxnorm": MaxNorm},
    **{"MinMaxNorm": MinMaxNorm, "min_max_norm": MinMaxNorm},
    **{"NonNeg": NonNeg, "non_neg": NonNeg, "nonneg": NonNeg},
    **{"UnitNorm": UnitNorm, "unit_norm": UnitNorm, "unitnorm": UnitNorm},
}


def get(identifier: Identifier) -> Any:
    """The constraint that a name, a Keras config or a callable stands for.

    Args:
        identifier: None, a name (``"MaxNorm"``, ``"max_norm"``, ...), a config dict as :func:`serialize` and Keras
            write it, a callable, or a class.

    Returns:
        A callable of one array, or None. A callable is returned as it is, a class is called.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.

    Example:
        >>> get("max_norm").get_config(), get(None), get(abs) is abs
        ({'max_value': 2, 'axis': 0}, None, True)
    """
    return None if identifier is None else interpret(identifier, "constraint", _BY_NAME)


def serialize(constraint: Any) -> Any:
    """The Keras config of a constraint of this library; any other callable stands for itself.

    Args:
        constraint: what :func:`get` returned.

    Returns:
        A dict that :func:`get` and Keras understand, or ``constraint`` itself.

    Example:
        >>> serialize(UnitNorm(1))["class_name"], serialize(UnitNorm(1))["config"]
        ('UnitNorm', {'axis': 1})
    """
    return keras_config(constraint, Constraint, "keras.constraints")


def __dir__() -> list[str]:
    return __all__
