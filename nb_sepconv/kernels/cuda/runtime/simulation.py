"""What stands for addresses and for launching in Numba's simulator."""

from __future__ import annotations

import ctypes
import threading
from typing import Any

import numpy as np

from nb_sepconv.kernels.cuda.runtime.memory import numpy_type

_one_at_a_time = threading.Lock()  # the simulator runs one kernel


def simulate(step: Any, arrays: Any) -> None:
    """Run a step on arrays; None for one that its kernel does not read."""
    with _one_at_a_time:
        pointers = [0 if array is None else _pointer(array) for array in arrays]
        step.kernel[step.blocks, step.threads](*pointers, *step.integers)


class Pointer:
    """An address in the simulator: it knows the array that it points into, and refuses what lies outside."""

    def __init__(self, items: Any, at: Any, item_bytes: Any) -> None:
        self._items, self._at, self._item_bytes = items, at, item_bytes

    def __add__(self, count: Any) -> Pointer:
        return Pointer(self._items, self._at + count // self._item_bytes, self._item_bytes)

    def _index(self, offset):
        if not 0 <= self._at + offset < len(self._items):
            raise IndexError(f"{self._at + offset} of {len(self._items)} numbers")
        return self._at + offset

    def __getitem__(self, offset: Any) -> Any:
        return self._items[self._index(offset)]

    def __setitem__(self, offset: Any, value: Any) -> None:
        with np.errstate(all="ignore"):
            self._items[self._index(offset)] = value


def _pointer(array):
    item_bytes, reach = (
        array.dtype.itemsize,
        [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)],
    )
    lowest = sum(min(far, 0) for far in reach)
    count = 0 if 0 in array.shape else sum(map(abs, reach)) + 1
    memory = (ctypes.c_char * (count * item_bytes)).from_address(array.address + lowest * item_bytes)
    return Pointer(np.frombuffer(memory, numpy_type(array.dtype.name)), -lowest, item_bytes)
