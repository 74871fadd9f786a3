"""TF1's initializers that draw nothing: zeros, ones, constants, identity.

Source: ``tf.compat.v1.initializers``.
"""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.initializers.base import Initializer, check_floating
from nb_sepconv.tensors.convert import refuse_masked

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import Array, ArrayInput, Config, ShapeInput

_ARRAYS_OF_KERAS = ("__numpy__", "__tensor__")  # the class names of arrays in Keras configs


class Identity(Initializer):
    """``gain`` times the identity matrix.

    Args:
        gain: float. Default 1.
        dtype: float type where the call gives none. Default float32.

    Raises:
        ValueError: on calling, a shape that is not a matrix's.

    Example:
        >>> Identity(2.0)((2, 3)).tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0, dtype: DTypeLike = np.float32) -> None:
        super().__init__(dtype)
        check_floating(self.dtype)
        self.gain = gain

    def _values(self, shape, dtype):
        if len(shape) != 2:
            raise ValueError(f"`shape` must be two-dimensional. Received: {shape}")
        return np.eye(*shape, dtype=dtype) * dtype.type(self.gain)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"gain": self.gain, **super().get_config()}


class Zeros(Initializer):
    """Zeros.

    Args:
        dtype: the type where the call gives none. Default float32.

    Example:
        >>> Zeros()((2, 2)).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """

    def _values(self, shape, dtype):
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """Ones.

    Args:
        dtype: the type where the call gives none. Default float32.

    Example:
        >>> Ones()((2, 2)).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    def _values(self, shape, dtype):
        return np.ones(shape, dtype)


class Constant(Initializer):
    """Given values in row-major order; the last of them fills what remains.

    Args:
        value: a number, a list or an array of numbers. Default 0.
        dtype: the type where the call gives none. Default float32.
        verify_shape: bool, refuse values of another shape than the array's. Default False.

    Raises:
        TypeError: a value that is none of these or does not fit the type; with ``verify_shape``, another shape.
        ValueError: on calling, more values than the shape has room for.

    Example:
        >>> Constant([1, 2, 3])((2, 2)).tolist()
        [[1.0, 2.0], [3.0, 3.0]]
    """

    def __init__(
        self, value: ArrayInput | Config = 0, dtype: DTypeLike = np.float32, verify_shape: bool = False
    ) -> None:
        super().__init__(dtype)
        if isinstance(value, dict) and value.get("class_name") in _ARRAYS_OF_KERAS:
            value = np.array(value["config"]["value"], value["config"]["dtype"])
        if not isinstance(value, (numbers.Number, np.generic, list, tuple, np.ndarray)):
            raise TypeError(f"`value` must be a number, a list or an array of numbers. Received: {value!r}")
        self.value: Any = value
        self.verify_shape = verify_shape

    def __call__(
        self,
        shape: ShapeInput,
        dtype: DTypeLike | None = None,
        partition_info: None = None,
        verify_shape: bool | None = None,
    ) -> Array:
        """A new array; see :class:`Constant` and :meth:`Initializer.__call__`."""
        filled = super().__call__(shape, dtype, partition_info)
        if self.verify_shape if verify_shape is None else verify_shape:
            self._verify(filled.shape)
        return filled

    def _verify(self, shape):
        if np.shape(self.value) != shape:
            raise TypeError(f"`value` must have the shape {shape}. Received: shape {np.shape(self.value)}")

    def _values(self, shape, dtype):
        given = constant_values(self.value, dtype).ravel()
        size = math.prod(shape)
        if given.size > max(size, 1) or given.size == 0 < size:
            raise ValueError(
                f"Too {'many' if given.size else 'few'} elements provided by `value`. "
                f"The shape {shape} takes at most {size}. Received: {given.size}"
            )
        filled = np.empty(size, dtype)
        filled[: given.size] = given[:size]
        filled[given.size :] = given[-1:]
        return filled.reshape(shape)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"value": np.asarray(self.value).tolist(), "dtype": self.dtype.name}


def constant_values(value: ArrayInput | Config, dtype: np.dtype[Any]) -> Array:
    """The values in the type; only arrays may lose a fraction on the way.

    Raises:
        TypeError: they are not numbers, or do not fit the type.
    """
    refuse_masked(value)
    try:
        values = np.asarray(value)
    except ValueError:
        raise ValueError(f"`value` must not be ragged. Received: {value!r}") from None
    unfit = values.dtype.kind not in "biufcV" or (values.dtype.kind == "c" and dtype.kind != "c")
    if unfit or (values.dtype.kind == "f" and dtype.kind in "iu" and not isinstance(value, (np.ndarray, np.generic))):
        raise TypeError(f"`value` must hold numbers that fit {dtype}. Received: {value!r}")
    return values.astype(dtype)
