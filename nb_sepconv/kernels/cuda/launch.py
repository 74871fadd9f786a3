"""Launching: a kernel with its grid and its integers, which waits for nothing but addresses."""

import ctypes
import threading
import warnings
from typing import NamedTuple

import numpy as np

from nb_sepconv.kernels.cuda.memory import numpy_type
from nb_sepconv.kernels.cuda.runtime import SIMULATED, begin, cuda

THREADS = 4 if SIMULATED else 128
REACH = 2**31  # what offsets of 32 bits count
_one_at_a_time = threading.Lock()  # the simulator runs one kernel


class Step(NamedTuple):
    """One launch: its kernel, its blocks, their threads and the kernel's integers, which follow its addresses."""

    kernel: object
    blocks: int
    threads: int
    integers: tuple


def one_thread_each(kernel, count, *integers):
    """A step with a thread for each of ``count`` pieces of work."""
    return Step(kernel, -(-count // THREADS), THREADS, integers)


class Launcher:
    """A step that stays configured for each stream on which it runs."""

    __slots__ = ("_configured", "step")

    def __init__(self, step):
        self.step, self._configured = step, {}

    def __call__(self, stream, *arrays):
        """Launch on a stream, given by its handle, with arrays in the kernel's order; None for one it does not read."""
        begin()
        configured = self._configured.get(stream)
        if configured is None:
            configured = self._configured[stream] = _configured(self.step, stream)
        configured(*[0 if array is None else operand(array) for array in arrays], *self.step.integers)


def _configured(step, stream):
    if SIMULATED:
        return lambda *arguments: _simulate(step, arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a small grid is no mistake here
        return step.kernel[step.blocks, step.threads, cuda.external_stream(stream) if stream else 0]


def _simulate(step, arguments):
    with _one_at_a_time:
        step.kernel[step.blocks, step.threads](*arguments)


class Pointer:
    """An address in the simulator: it knows the array that it points into, and refuses what lies outside."""

    def __init__(self, items, at, item_bytes):
        self._items, self._at, self._item_bytes = items, at, item_bytes

    def __add__(self, count):
        return Pointer(self._items, self._at + count // self._item_bytes, self._item_bytes)

    def _index(self, offset):
        if not 0 <= self._at + offset < len(self._items):
            raise IndexError(f"{self._at + offset} of {len(self._items)} numbers")
        return self._at + offset

    def __getitem__(self, offset):
        return self._items[self._index(offset)]

    def __setitem__(self, offset, value):
        with np.errstate(all="ignore"):
            self._items[self._index(offset)] = value


def operand(array):
    """How a kernel is given an array."""
    return _pointer(array) if SIMULATED else array.address


def _pointer(array):
    item_bytes, reach = (
        array.dtype.itemsize,
        [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)],
    )
    lowest = sum(min(far, 0) for far in reach)
    count = 0 if 0 in array.shape else sum(map(abs, reach)) + 1
    memory = (ctypes.c_char * (count * item_bytes)).from_address(array.address + lowest * item_bytes)
    return Pointer(np.frombuffer(memory, numpy_type(array.dtype.name)), -lowest, item_bytes)


def wide(*counts):
    """Whether any of these numbers is more than 32 bits hold."""
    return any(abs(count) >= REACH for count in counts)


def extent(sizes, strides):
    """One more than the farthest offset from an array's first number."""
    return 1 + sum(max(size - 1, 0) * abs(stride) for size, stride in zip(sizes, strides, strict=True))
