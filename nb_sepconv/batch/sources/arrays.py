"""Sources that are arrays: of NumPy, or of any library whose arrays have a shape, a type and slices."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.sources import axes

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

END_ELEMENTS = 1 << 14


def is_array(value: Any) -> bool:
    """Whether something is an array as far as a job is concerned."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__"))


class ArraySource:
    """An array as a source: each stretch is sliced from it, and only that is read of an array on disk.

    Args:
        array: what has a shape, a type and slices.
        name: str.
        channels_last: bool.
        dtype: numpy dtype that is read, or None for that of the array.
    """

    name: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    channels_last: bool
    rate: float | None = None

    def __init__(self, array: Any, name: str, channels_last: bool, dtype: np.dtype[Any] | None) -> None:
        self.name, self.channels_last = name, channels_last
        self.shape, self._axes = axes.canonical(array.shape, channels_last, name)
        self.dtype = axes.read_dtype(axes.stored_dtype(_dtype(array), dtype, name), dtype)
        self._array = array

    def identity(self) -> dict[str, Any]:
        """Shape, type, and a hash of the first and last values."""
        axis = axes.time_axis(self.channels_last)
        steps = self.shape[axis]
        count = min(steps, max(END_ELEMENTS // max(self.shape[0] * self.shape[3 - axis], 1), 1))
        digest = hashlib.blake2b()
        for start in (0, steps - count):
            shape = [*self.shape]
            shape[axis] = count
            values = np.empty(shape, self.dtype)
            self.read(start, start + count, values)
            digest.update(values.tobytes())
        return {"shape": list(self.shape), "dtype": self.dtype.name, "ends": digest.hexdigest()[:32]}

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of its examples, from ``first`` on."""
        wanted = [slice(None)] * 3
        wanted[axes.EXAMPLE] = slice(first, first + len(out))
        wanted[axes.time_axis(self.channels_last)] = slice(start, stop)
        values = np.asarray(self._array[tuple(wanted[axis] for axis in self._axes)])
        if values.dtype != out.dtype and values.dtype == np.dtype("V2"):
            values = values.view(out.dtype)
        out[...] = values.reshape(out.shape)

    def close(self) -> None:
        """The array is not the job's to close."""


def _dtype(array: Any) -> np.dtype[Any]:
    """NumPy's type for the elements of any library's array; where names differ, an empty slice tells."""
    try:
        return np.dtype(array.dtype)
    except TypeError:
        return np.asarray(array[(slice(0, 0),) * len(array.shape)]).dtype
