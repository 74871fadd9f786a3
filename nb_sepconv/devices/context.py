"""Where a call on a GPU runs: the GPU, the stream, and the library of the caller's arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.checks.outside_memory import is_dask_array
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.kernels import engines

REMEMBERED_COPIES = 1024
DEVICES = (None, "cpu", "cuda")
LATER: Any = "later"  # what is requested for an array of Dask


class Request(NamedTuple):
    """What a caller asks of a GPU: for arrays of a library, None for arrays of the host, on the stream with a handle,
    None for the one that the library works on.
    """

    library: object
    stream: int | None = None

    def of_uploaded(self) -> Request:
        """The same for copies of the host's arrays on the GPU, whose stream is the default one."""
        return Request(device_arrays.NUMBA, self.stream or 0)


def requested(inputs: Any, device: Any, stream: Any) -> Any:
    """The Request of a call with these arguments, None where it runs on the host, or :data:`LATER` for a Dask array.

    Raises:
        ValueError: they do not fit each other, or ``device`` is none of :data:`DEVICES`.
        TypeError: ``stream`` is none.
    """
    if type(inputs) is np.ndarray and device is None and stream is None:
        return None
    if device not in DEVICES:
        raise ValueError(f'`device` must be None, "cpu" or "cuda". Received: {device!r}')
    if is_dask_array(inputs):
        if device == "cuda" or stream is not None:
            raise ValueError(
                "`device` and `stream` are not for a Dask array: its chunks are computed on the host. "
                f"Received: device={device!r}, stream={stream!r}"
            )
        return LATER
    library = device_arrays.library_of(inputs)
    if library is not None and device == "cpu":
        raise ValueError(f'`device` "cpu" does not fit inputs on a GPU. Received: {type(inputs).__name__}')
    if library is None and device != "cuda":
        if stream is not None:
            raise ValueError(f"`stream` is for arrays on a GPU. Received: stream={stream!r} with inputs on the host")
        return None
    return Request(library, None if stream is None else device_arrays.stream_handle(stream))


class Place:
    """Where and how a call runs: the engine, the library of the caller's arrays, the GPU and the stream's handle."""

    library: Any

    def __init__(self, request: Any, inputs: Any, engine: Any = None) -> None:
        library = request.library
        self.engine: Any = engines.gpu_engine(engine)
        self.library, self._like, self._kind = library, inputs, type(inputs)
        self.stream: Any = library.stream(inputs) if request.stream is None else request.stream
        self.device: Any = library.device(inputs)

    def describe(self, name: str, value: Any) -> Any:
        """The DeviceArray of an argument, which must lie on the same GPU."""
        if type(value) is self._kind and self.library.device(value) == self.device:
            return self.library.describe(name, value, self.stream)
        array = device_arrays.describe(name, value, self.stream)
        if array.device != self.device:
            raise ValueError(
                f"`{name}` must lie on the same GPU as `inputs`, number {self.device}. Received: one on {array.device}"
            )
        return array

    def new(self, shape: Any, dtype: Any, library: Any = None) -> tuple[Any, Any]:
        """A new array, of the caller's kind or that of another library, and its description."""
        library = library or self.library
        try:
            with self.engine.on_device(self.device):
                value = library.empty(self._like, shape, dtype.name)
        except Exception as error:  # every library has a type of its own for memory that is not there
            if "memory" in f"{type(error).__name__} {error}".lower():
                raise array_arguments.too_large(shape, dtype) from error
            raise
        return value, library.describe("out", value, self.stream)

    def contiguous(self, array: Any) -> Any:
        """``array``, or a copy of it in one piece."""
        if array is None or array.contiguous:
            return array
        _, copy = self.new(array.shape, array.dtype)
        self.launch("The copy of weights", _copy_plan(array.dtype.name, array.shape, array.strides).run, array, copy)
        return copy

    def launch(self, what: str, run: Any, *arrays: Any) -> None:
        """``run(stream, *arrays)`` on the GPU; its errors say ``what`` it was and of which inputs."""
        try:
            with self.engine.on_device(self.device):
                run(self.stream, *arrays)
        except Exception as error:  # the driver's, which only the packages of the GPU name
            shape = tuple(getattr(self._like, "shape", ()))
            raise RuntimeError(f"{what} of inputs of shape {shape} failed on the GPU: {error}") from error
        self.library.finish(self.engine, self.stream)


@lru_cache(REMEMBERED_COPIES)
def _copy_plan(dtype, shape, strides):
    return engines.gpu_engine().CopyPlan(dtype, shape, strides)


def upload(place: Any, array: Any) -> Any:
    """The DeviceArray of a copy of a host's array, which every stream may read."""
    with place.engine.on_device(place.device):
        copy = place.engine.upload(array, place.stream)
        place.engine.synchronize(place.stream)
    return device_arrays.describe("weights", copy)
