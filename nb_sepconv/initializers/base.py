"""What every initializer is: ``initializer(shape, dtype=None)`` -> array."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.initializers.seeds import checked, operation_seeds
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.serialization import config_repr
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from numpy.typing import DTypeLike
    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, Config, ShapeInput


class Initializer:
    """The base of initializers; subclasses say in ``_values`` what the array holds.

    Args:
        dtype: the type of the array where the call gives none. Default float32.
    """

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self.dtype: np.dtype[Any] = as_dtype(dtype)

    def __call__(self, shape: ShapeInput, dtype: DTypeLike | None = None, partition_info: None = None) -> Array:
        """A new array.

        Args:
            shape: int or sequence of ints.
            dtype: the array's type. Default None, the initializer's own.
            partition_info: None; variables are never partitioned here.

        Returns:
            An array of this shape and type.

        Raises:
            ValueError: a negative or unknown size, a shape or type that this initializer cannot fill, a partition.
            TypeError: a shape or type that is none.
        """
        if partition_info is not None:
            raise ValueError(
                f"`partition_info` must be None, variables are not partitioned. Received: {partition_info}"
            )
        dtype = self.dtype if dtype is None else as_dtype(dtype)
        shape = as_shape(shape)
        if None in shape:
            raise ValueError(f"`shape` must be known in every dimension. Received: {tuple(shape)}")
        return self._values(tuple(shape), dtype)

    def _values(self, shape, dtype):
        raise NotImplementedError(f"{type(self).__name__} must define `_values` or `__call__`.")

    def __repr__(self) -> str:
        return config_repr(self)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The initializer that ``get_config`` described."""
        return cls(**config)


class SeededInitializer(Initializer):
    """The base of random initializers.

    Args:
        seed: int or None, the operation's seed. Default None: the graph gives the next of its own, or entropy does.
        dtype: float type of the array where the call gives none. Default float32.
    """

    def __init__(self, seed: int | None = None, dtype: DTypeLike = np.float32) -> None:
        super().__init__(dtype)
        self.seed: int | None = checked(seed)
        check_floating(self.dtype)

    def _draw(self, distribution, shape, dtype):
        """Numbers of a distribution of :mod:`.distributions`."""
        check_floating(dtype)
        return distribution(self._seeds(), math.prod(shape), dtype).reshape(shape)

    def _seeds(self):
        return operation_seeds(self.seed)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"seed": self.seed, "dtype": self.dtype.name}


def check_floating(dtype: np.dtype[Any]) -> None:
    """Refuse a type that is not a float that layers compute with."""
    if not is_floating(dtype):
        raise ValueError(
            f"`dtype` is expected to be floating point: float16, bfloat16, float32 or float64. Received: {dtype}"
        )
