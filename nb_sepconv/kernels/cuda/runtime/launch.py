"""Launching: a kernel with its grid and its integers, which waits for nothing but addresses.

Numba's own launch converts every argument at every call, 30 microseconds for the kernels here. What it compiled is
handed to the driver directly instead: the arguments lie in memory that is made once, and a call writes the addresses.
"""

import ctypes
import threading
from typing import Any, NamedTuple

from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, begin, cuda, driver, gpu_count
from nb_sepconv.kernels.cuda.runtime.simulation import simulate

THREADS = 4 if SIMULATED else 128
REACH = 2**31  # what offsets of 32 bits count
WITHOUT_CONTEXT = (3, 201)  # CUDA_ERROR_NOT_INITIALIZED, CUDA_ERROR_INVALID_CONTEXT


class Step(NamedTuple):
    """One launch: its kernel, its blocks, their threads and the kernel's integers, which follow its addresses."""

    kernel: object
    blocks: int
    threads: int
    integers: tuple[Any, ...]


def one_thread_each(kernel: Any, count: int, *integers: Any) -> Step:
    """A step with a thread for each of ``count`` pieces of work."""
    return Step(kernel, -(-count // THREADS), THREADS, integers)


class Launcher:
    """A step that is compiled when it is first launched, and then stays ready."""

    __slots__ = ("_lock", "_ready", "step")

    def __init__(self, step: int) -> None:
        self.step, self._ready, self._lock = step, None, threading.Lock()

    def __call__(self, stream: Any, *arrays: Any) -> None:
        """Launch on a stream, given by its handle, with arrays in the kernel's order; None for one it does not read."""
        begin()
        if self.step.blocks == 0:  # which the driver refuses
            return
        if SIMULATED:
            simulate(self.step, arrays)
            return
        with self._lock:  # the driver has read the arguments when it returns
            if self._ready is None:
                self._ready = Ready(self.step, len(arrays))
            self._ready.launch(stream, arrays)


class Ready:
    """A compiled step with the memory in which the driver finds its arguments."""

    __slots__ = ("_arguments", "_compiled", "_function", "_places", "_shape")

    def __init__(self, step: int, arrays: Any) -> None:
        count = arrays + len(step.integers)
        self._compiled = _compiled(step.kernel, count)
        self._function = _function(self._compiled) if gpu_count() == 1 else None
        self._arguments = (ctypes.c_int64 * count)(*[0] * arrays, *step.integers)
        first, size = ctypes.addressof(self._arguments), ctypes.sizeof(ctypes.c_int64)
        self._places = (ctypes.c_void_p * count)(*range(first, first + count * size, size))
        self._shape = (step.blocks, 1, 1, step.threads, 1, 1, 0)

    def launch(self, stream: Any, arrays: Any) -> None:
        """Launch with these arrays.

        Raises:
            RuntimeError: the driver's answer.
        """
        for number, array in enumerate(arrays):
            self._arguments[number] = 0 if array is None else array.address
        status = self._launch(stream)
        if status in WITHOUT_CONTEXT:  # this thread launches for the first time
            cuda.current_context()
            status = self._launch(stream)
        if status != 0:
            raise RuntimeError(_explained(status))

    def _launch(self, stream):
        function = self._function or _function(self._compiled)
        return driver.cuLaunchKernel(function, *self._shape, stream, ctypes.addressof(self._places), 0)[0]


def _compiled(kernel, arguments):
    from numba.cuda import types

    return kernel.compile((types.int64,) * arguments)


def _function(compiled):
    """The driver's handle of a compiled kernel on this thread's current GPU."""
    return int(compiled._codelibrary.get_cufunc().handle)


def _explained(status):
    text = driver.cuGetErrorString(driver.CUresult(status))[1]
    return f"{driver.CUresult(status).name}: {(text or b'').decode()}"


def wide(*counts: Any) -> bool:
    """Whether any of these numbers is more than 32 bits hold."""
    return any(abs(count) >= REACH for count in counts)


def extent(sizes: Any, strides: Any) -> int:
    """One more than the farthest offset from an array's first number."""
    return 1 + sum(max(size - 1, 0) * abs(stride) for size, stride in zip(sizes, strides, strict=True))
