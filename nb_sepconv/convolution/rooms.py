"""Memory for the arrays between the stages of a stack, which is used again by every call on the same thread."""

from __future__ import annotations

import threading
from math import prod
from typing import Any

import numpy as np


class Rooms(threading.local):
    """What ``apply_window`` takes as ``room``: one memory for the outputs of each second stage, as large as needed."""

    def __init__(self) -> None:
        self._memory = [np.empty(0, np.uint8), np.empty(0, np.uint8)]

    def __call__(self, number: int, shape: tuple[int, ...], dtype: Any) -> Any:
        """A C-contiguous array with any values, for the stage of a number."""
        dtype = np.dtype(dtype)
        size = prod(shape) * dtype.itemsize
        if len(self._memory[number % 2]) < size:
            self._memory[number % 2] = np.empty(size, np.uint8)
        return self._memory[number % 2][:size].view(dtype).reshape(shape)
