"""Memory of the GPU that is ours: copies of the host's arrays, and arrays for results that have no other kind."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from typing import Any

import numpy as np

from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, begin, cuda, gpu_count


def numpy_type(name: str) -> Any:
    """The NumPy dtype of a storage type; bfloat16 comes from ``ml_dtypes``."""
    return np.dtype(importlib.import_module("ml_dtypes").bfloat16 if name == "bfloat16" else name)


def require_gpu() -> None:
    """Raise a RuntimeError that says what is missing where no GPU can be used."""
    begin()
    if cuda.is_available():
        return
    try:
        cuda.current_context()
        reason = "none was found"
    except Exception as error:  # Numba's own, which only its packages name
        reason = " ".join(str(error).split())
    raise RuntimeError(f"No NVIDIA GPU can be used here ({reason}). `pip` installs no driver: see nvidia-smi")


def device_of(array: Any) -> Any:
    """The number of the GPU on which an array of Numba's lies."""
    return 0 if SIMULATED or gpu_count() == 1 else array.gpu_data.context.device.id


def on_device(number: int) -> Any:
    """Make a GPU the current one of this thread, for a while."""
    if SIMULATED or gpu_count() == 1:
        return nullcontext()
    return cuda.gpus[number]


def empty(shape: Any, name: str) -> Any:
    """A new device array of Numba's."""
    begin()
    return cuda.device_array(tuple(shape), numpy_type(name))


def upload(array: Any, stream: Any) -> Any:
    """A device array of Numba's with the values of a host's array, copied in the order of a stream."""
    begin()
    if SIMULATED:
        return cuda.to_device(np.ascontiguousarray(array))
    target, array = empty(array.shape, array.dtype.name), np.ascontiguousarray(array)
    _as_integers(target).copy_to_device(_as_integers(array), stream=_stream(stream))
    return target


def _as_integers(array):
    """The same memory in a type that offers itself as a buffer, which bfloat16 does not."""
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def download(array: Any, stream: Any) -> Any:
    """A host's copy of a device array of Numba's, waited for."""
    if SIMULATED:
        return array.copy_to_host()
    host = array.copy_to_host(stream=_stream(stream))
    synchronize(stream)
    return host


def synchronize(stream: Any) -> None:
    """Wait for all that was launched on a stream."""
    if not SIMULATED:
        _stream(stream).synchronize()


def _stream(handle):
    return cuda.external_stream(handle) if handle else cuda.default_stream()
