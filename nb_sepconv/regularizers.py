"""Penalties on weights: a float array in, a number of its type out.

Source: the formulas of ``tf.keras.regularizers``.
"""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.convert import floats, widely
from nb_sepconv.tensors.serialization import config_repr, interpret, keras_config
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, ArrayInput, Config, Identifier

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "get",
    "gradient",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

_SMALLEST_NORM = 1e-6


class Regularizer:
    """The base of regularizers: a callable of one array that returns a number."""

    def __call__(self, x: ArrayInput) -> Any:
        """The penalty on ``x``: none."""
        return 0.0

    def gradient(self, x: ArrayInput) -> Array:
        """The derivative of the penalty by each element of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `gradient`.")

    def get_config(self) -> Config:
        """The arguments that make this regularizer again, as a dict for JSON."""
        raise NotImplementedError(f"{type(self).__name__} does not implement `get_config`.")

    def __repr__(self) -> str:
        return config_repr(self)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The regularizer that ``get_config`` described."""
        return cls(**config)


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x**2)``.

    Args:
        l1: finite float, the factor of the magnitudes. Default 0.
        l2: finite float, the factor of the squares. Default 0.

    Raises:
        ValueError: a factor that is not a finite number.

    Example:
        >>> L1L2(l1=1.0, l2=10.0)(np.array([-1.0, 2.0])).item()
        53.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1: float = _factor("l1", 0.0 if l1 is None else l1)
        self.l2: float = _factor("l2", 0.0 if l2 is None else l2)

    @word
    def __call__(self, x: ArrayInput) -> Array:
        """The penalty on an array of floats, in its type."""
        return widely(lambda wide: self.l1 * _magnitude(wide) + self.l2 * _energy(wide), floats(x, "x"))

    def gradient(self, x: ArrayInput) -> Array:
        """``l1 * sign(x) + 2 * l2 * x``, an array like ``x``."""
        return widely(lambda wide: self.l1 * np.sign(wide) + 2 * self.l2 * wide, floats(x, "x"))

    def get_config(self) -> Config:
        """The arguments that make this regularizer again."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """``l1 * sum(|x|)``.

    Args:
        l1: finite float. Default 0.01. ``l`` is its older name.

    Raises:
        ValueError: a factor that is not a finite number.
        TypeError: an unknown argument.

    Example:
        >>> L1(0.5)(np.array([-1.0, 2.0])).item()
        1.5
    """

    def __init__(self, l1: float | None = 0.01, **older: Any) -> None:
        self.l1: float = _factor("l1", _renamed(l1, older))

    @word
    def __call__(self, x: ArrayInput) -> Array:
        """The penalty on an array of floats, in its type."""
        return widely(lambda wide: self.l1 * _magnitude(wide), floats(x, "x"))

    def gradient(self, x: ArrayInput) -> Array:
        """``l1 * sign(x)``, an array like ``x``."""
        return widely(lambda wide: self.l1 * np.sign(wide), floats(x, "x"))

    def get_config(self) -> Config:
        """The arguments that make this regularizer again."""
        return {"l1": self.l1}


class L2(Regularizer):
    """``l2 * sum(x**2)``.

    Args:
        l2: finite float. Default 0.01. ``l`` is its older name.

    Raises:
        ValueError: a factor that is not a finite number.
        TypeError: an unknown argument.

    Example:
        >>> L2(0.5)(np.array([-1.0, 2.0])).item()
        2.5
    """

    def __init__(self, l2: float | None = 0.01, **older: Any) -> None:
        self.l2: float = _factor("l2", _renamed(l2, older))

    @word
    def __call__(self, x: ArrayInput) -> Array:
        """The penalty on an array of floats, in its type."""
        return widely(lambda wide: self.l2 * _energy(wide), floats(x, "x"))

    def gradient(self, x: ArrayInput) -> Array:
        """``2 * l2 * x``, an array like ``x``."""
        return widely(lambda wide: 2 * self.l2 * wide, floats(x, "x"))

    def get_config(self) -> Config:
        """The arguments that make this regularizer again."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean of ``|cosine|`` between each two rows, or columns, of a matrix.

    Args:
        factor: finite float. Default 0.01.
        mode: ``"rows"`` or ``"columns"``. Default ``"rows"``.

    Raises:
        ValueError: a factor that is not a finite number, another mode; on calling, an array that is not a matrix.

    Example:
        >>> OrthogonalRegularizer(factor=2.0)(np.array([[3.0, 0.0], [5.0, 5.0]])).round(6).item()
        1.414214
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor: float = _factor("factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(f'`mode` must be "rows" or "columns". Received: {mode!r}')
        self.mode = mode

    def __call__(self, inputs: ArrayInput) -> Array:
        """The penalty on a matrix of floats, in its type."""
        return widely(self._penalty, floats(inputs, "inputs"))

    def gradient(self, inputs: ArrayInput) -> Array:
        """The derivative of the penalty by each element of a matrix."""
        return widely(self._penalty_gradient, floats(inputs, "inputs"))

    def _penalty(self, matrix):
        unit, _ = self._unit_vectors(matrix)
        cosines = np.abs(unit @ unit.T)
        return self.factor * (np.sum(cosines) - np.trace(cosines)) / 2 / _pairs(unit)

    def _penalty_gradient(self, matrix):
        unit, norms = self._unit_vectors(matrix)
        signs = np.sign(unit @ unit.T)
        np.fill_diagonal(signs, 0)
        d_unit = self.factor / _pairs(unit) * (signs @ unit)
        along = np.where(norms > _SMALLEST_NORM, np.sum(d_unit * unit, axis=1, keepdims=True), 0)
        d_vectors = (d_unit - along * unit) / norms
        return d_vectors if self.mode == "rows" else d_vectors.T

    def _unit_vectors(self, matrix):
        """The rows or columns as rows of length one, and their lengths (vectors, 1), which are kept from zero."""
        if matrix.ndim != 2:
            raise ValueError(f"`inputs` to OrthogonalRegularizer must have rank 2. Received: shape {matrix.shape}")
        vectors = matrix if self.mode == "rows" else matrix.T
        norms = np.sqrt(np.maximum(np.sum(vectors**2, axis=1, keepdims=True), _SMALLEST_NORM**2))
        return vectors / norms, norms

    def get_config(self) -> Config:
        """The arguments that make this regularizer again."""
        return {"factor": self.factor, "mode": self.mode}


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """An :class:`L1L2` whose factors are 0.01 unless given.

    Args:
        l1: finite float, the factor of the magnitudes. Default 0.01.
        l2: finite float, the factor of the squares. Default 0.01.

    Returns:
        The regularizer.

    Raises:
        ValueError: a factor that is not a finite number.

    Example:
        >>> l1_l2().get_config()
        {'l1': 0.01, 'l2': 0.01}
    """
    return L1L2(l1=l1, l2=l2)


l1 = L1
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

_BY_NAME = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1,
    "l2": L2,
    "l1_l2": l1_l2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Identifier) -> Any:
    """The regularizer that a name, a Keras config or a callable stands for.

    Args:
        identifier: None, a name (``"l1"``, ``"l2"``, ``"l1_l2"``: factors 0.01), a config dict as :func:`serialize`
            and Keras write it, a callable, or a class.

    Returns:
        A callable of one array, or None. A callable is returned as it is, a class is called.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.

    Example:
        >>> get("l2").get_config(), get(None), get(sum) is sum
        ({'l2': 0.01}, None, True)
    """
    return None if identifier is None else interpret(identifier, "regularizer", _BY_NAME)


def serialize(regularizer: Any) -> Any:
    """The Keras config of a regularizer of this library; any other callable stands for itself.

    Args:
        regularizer: what :func:`get` returned.

    Returns:
        A dict that :func:`get` and Keras understand, or ``regularizer`` itself.

    Example:
        >>> serialize(L2(0.5))["class_name"], serialize(L2(0.5))["config"]
        ('L2', {'l2': 0.5})
    """
    return keras_config(regularizer, Regularizer, "keras.regularizers")


def gradient(regularizer: Any, x: ArrayInput) -> Array:
    """The derivative of a regularizer's penalty by each element of an array: what it adds to a weight's gradient.

    Args:
        regularizer: what :func:`get` returned: None, a regularizer of this library, or a callable that has a method
            ``gradient`` of the same argument. Nothing is guessed for other callables.
        x: array of floats.

    Returns:
        An array of the shape and type of ``x``; zeros for None. At zero, ``|x|`` counts as flat, as in TensorFlow.

    Raises:
        TypeError: a callable without ``gradient``.

    Example:
        >>> gradient(L1L2(l1=1.0, l2=0.5), np.float32([-3, 0, 2])).tolist()
        [-4.0, 0.0, 3.0]
    """
    if regularizer is None:
        return np.zeros_like(floats(x, "x"))
    if not callable(getattr(regularizer, "gradient", None)):
        raise TypeError(
            "`regularizer` must be one of this library, or a callable with a method `gradient` that returns the "
            f"derivative of its penalty. Received: {regularizer!r}"
        )
    return regularizer.gradient(x)


def _factor(name, value):
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"`{name}` must be a finite number, a regularization factor. Received: {value!r}")
    return float(value)


def _renamed(factor, older):
    factor = older.pop("l", factor)
    if older:
        raise TypeError(f"A regularizer takes no `{next(iter(older))}`. Received: {older}")
    return 0.01 if factor is None else factor


def _pairs(vectors):
    return len(vectors) * (len(vectors) - 1) / 2


def _magnitude(x):
    return np.sum(np.abs(x))


def _energy(x):
    return np.sum(x * x)


def __dir__() -> list[str]:
    return __all__
