"""Arrays that live on a GPU, of whichever library: what they are, and new ones of the same kind.

A library is known by the module of its arrays' type, and is never imported here: who has its arrays has imported it.
"""

import sys
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.checks.outside_memory import is_tracer
from nb_sepconv.devices import dlpack
from nb_sepconv.kernels import engines


class ElementType(NamedTuple):
    """The name and the bytes of an element's type."""

    name: str
    itemsize: int

    def __str__(self) -> Any:
        return self.name


REMEMBERED = 4096  # shapes and types
ELEMENT_TYPES = {
    name: ElementType(name, size) for name, size in (("float16", 2), ("bfloat16", 2), ("float32", 4), ("float64", 8))
}


class DeviceArray(NamedTuple):
    """An array on a GPU: its address, its shape, and strides in elements. ``owner`` keeps its memory."""

    address: int
    shape: tuple[Any, ...]
    strides: tuple[Any, ...]
    dtype: ElementType
    device: int
    owner: object
    library: object

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether its elements lie in one piece, in order."""
        wanted = dlpack.contiguous(self.shape)
        return 0 in self.shape or all(
            size == 1 or stride == want for size, stride, want in zip(self.shape, self.strides, wanted, strict=True)
        )

    @property
    def form(self) -> Any:
        """All that a plan depends on."""
        return self.shape, self.strides, self.dtype, self.address % 16

    @property
    def aligned(self) -> bool:
        """Whether vectors of 16 bytes can begin at its first element."""
        return self.address % 16 == 0


class Library:
    """Arrays that say where they lie by ``__cuda_array_interface__`` or DLPack, with the Array API's ``empty``."""

    def describe(self, name: str, value: Any, stream: Any) -> DeviceArray:
        """The DeviceArray of an array; ``name`` is the argument's."""
        interface = getattr(value, "__cuda_array_interface__", None)
        if interface is None:
            address, shape, strides, type_name, owner = dlpack.read(value, stream)
        else:
            address, shape, owner = interface["data"][0] or 0, tuple(interface["shape"]), value
            type_name = self.type_name(value, interface)
            strides = _in_elements(name, interface.get("strides"), shape, int(interface["typestr"][2:]))
        return DeviceArray(address, shape, strides, element_type(name, type_name), self.device(value), owner, self)

    def type_name(self, value: Any, interface: Any) -> str:
        """The name of the elements' type; the interface has none for bfloat16."""
        return _type_of(interface["typestr"])

    def device(self, value: Any) -> Any:
        """The number of the array's GPU."""
        return value.__dlpack_device__()[1] if hasattr(value, "__dlpack_device__") else 0

    def holds(self, value: Any) -> bool:
        """Whether an array of a type of this library lies on a GPU."""
        return hasattr(value, "__cuda_array_interface__") or dlpack.lies_on_gpu(value)

    def stream(self, value: Any) -> Any:
        """The handle of the stream in whose order the caller works; 0 is the default stream."""
        return (getattr(value, "__cuda_array_interface__", None) or {}).get("stream") or 0

    def empty(self, like: Any, shape: Any, dtype: Any) -> Any:
        """A new array of the kind of ``like``."""
        if not hasattr(like, "__array_namespace__"):
            raise TypeError(
                "`inputs` must be an array of CuPy, PyTorch, JAX or Numba, or of a library with the Array API, which "
                f"says how to make another one. Received: {type(like).__name__}"
            )
        return like.__array_namespace__().empty(shape, dtype=self.dtype(like, dtype), device=like.device)

    def dtype(self, like: Any, name: str) -> Any:
        """The library's type called ``name``."""
        return getattr(like.__array_namespace__(), name)

    def finish(self, engine: Any, stream: Any) -> None:
        """What has to happen before results are handed out: nothing, whoever reads them does so on the same stream."""


class LikeNumPy(Library):
    """Arrays with NumPy's ``shape``, ``strides`` and ``dtype``, which are read sooner than the interface is made."""

    def described(self, name: str, value: Any, address: int, array: Any) -> DeviceArray:
        """The DeviceArray of ``value`` at an address, which lies in memory as ``array`` does."""
        shape, kind = array.shape, _named_type(name, array.dtype)
        strides = _in_elements(name, array.strides, shape, kind.itemsize)
        return DeviceArray(address, shape, strides, kind, self.device(value), value, self)


class Numba(LikeNumPy):
    """Numba's device arrays, and those of its simulator."""

    def holds(self, value: Any) -> Any:
        return True

    def describe(self, name: str, value: Any, stream: Any) -> DeviceArray:
        if hasattr(value, "device_ctypes_pointer"):
            return self.described(name, value, value.device_ctypes_pointer.value or 0, value)
        array = value._ary  # the simulator's arrays are NumPy's
        return self.described(name, value, array.ctypes.data, array)

    def device(self, value: Any) -> Any:
        return engines.gpu_engine().device_of(value)

    def empty(self, like: Any, shape: Any, dtype: Any) -> Any:
        return engines.gpu_engine().empty(shape, dtype)


class CuPy(LikeNumPy):
    """CuPy's arrays, on CuPy's current stream."""

    def holds(self, value: Any) -> Any:
        return True

    def describe(self, name: str, value: Any, stream: Any) -> DeviceArray:
        return self.described(name, value, value.data.ptr, value)

    def device(self, value: Any) -> Any:
        return value.device.id

    def stream(self, value: Any) -> Any:
        return sys.modules["cupy"].cuda.get_current_stream().ptr

    def empty(self, like: Any, shape: Any, dtype: Any) -> Any:
        with like.device:
            return sys.modules["cupy"].empty(shape, dtype)


class Torch(Library):
    """PyTorch's tensors, on PyTorch's current stream. Its own interface knows no bfloat16."""

    def holds(self, value: Any) -> Any:
        return getattr(value, "is_cuda", False)

    def describe(self, name: str, value: Any, stream: Any) -> DeviceArray:
        if value.requires_grad:
            raise TypeError(
                f"`{name}` must be a tensor that needs no gradient: PyTorch cannot see through this call; use "
                f"`.detach()`, and the gradients of `ops`. Received: a tensor with requires_grad=True"
            )
        if value.is_neg():
            raise TypeError(
                f"`{name}` must hold its numbers as they are; use `.resolve_neg()`. Received: a tensor whose signs are "
                f"changed when it is read"
            )
        shape, strides, kind = tuple(value.shape), value.stride(), _named_type(name, value.dtype)
        return DeviceArray(value.data_ptr(), shape, strides, kind, value.device.index, value, self)

    def stream(self, value: Any) -> Any:
        return sys.modules["torch"].cuda.current_stream(value.device).cuda_stream

    def empty(self, like: Any, shape: Any, dtype: Any) -> Any:
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=getattr(torch, dtype), device=like.device)


class Jax(Library):
    """JAX's arrays. JAX shows nobody its streams, so that both sides are waited for."""

    def holds(self, value: Any) -> bool:
        if is_tracer(value) or not hasattr(value, "devices"):
            return False
        return next(iter(value.devices())).platform in ("cuda", "gpu")

    def describe(self, name: str, value: Any, stream: Any) -> DeviceArray:
        value.block_until_ready()
        kind, shape = element_type(name, value.dtype.name), tuple(value.shape)
        device = self.device(value)
        return DeviceArray(value.unsafe_buffer_pointer(), shape, dlpack.contiguous(shape), kind, device, value, self)

    def device(self, value: Any) -> Any:
        return next(iter(value.devices())).id

    def stream(self, value: Any) -> int:
        return 0

    def empty(self, like: Any, shape: Any, dtype: Any) -> Any:
        return sys.modules["jax"].numpy.empty(shape, dtype, device=next(iter(like.devices())))

    def finish(self, engine: Any, stream: Any) -> None:
        engine.synchronize(stream)


NUMBA, CUPY, TORCH, JAX, OTHER = Numba(), CuPy(), Torch(), Jax(), Library()


def library_of(value: Any) -> Any:
    """The library of an array that lives on a GPU, or None for everything else."""
    library = _library_of_type(type(value))
    return library if library is not None and library.holds(value) else None


@lru_cache(256)
def _library_of_type(kind):
    """The library that may have arrays of a type on a GPU."""
    if kind is np.ndarray:
        return None
    if getattr(kind, "__cuda_ndarray__", False):
        return NUMBA
    known = {"torch": TORCH, "jax": JAX, "jaxlib": JAX, "cupy": CUPY}
    for base in kind.__mro__:  # a class of the caller's own may be derived from a library's
        library = known.get(base.__module__.partition(".")[0])
        if library is not None:
            return library
    offers = hasattr(kind, "__cuda_array_interface__") or hasattr(kind, "__dlpack__")
    return OTHER if offers else None


def describe(name: str, value: Any, stream: Any = 0) -> DeviceArray:
    """The DeviceArray of an argument called ``name``, which must live on a GPU."""
    library = library_of(value)
    if library is None:
        raise TypeError(
            f"`{name}` must lie on the GPU as `inputs` does; copy it there first. Received: {type(value).__name__}"
        )
    return library.describe(name, value, stream)


def element_type(name: str, type_name: str) -> ElementType:
    """The ElementType called ``type_name``; ``name`` is the argument's."""
    if type_name not in ELEMENT_TYPES:
        raise TypeError(f"`{name}` must be an array of {', '.join(ELEMENT_TYPES)}. Received: {type_name}")
    return ELEMENT_TYPES[type_name]


@lru_cache(REMEMBERED)
def _named_type(name, dtype):
    """The ElementType of a library's type."""
    return element_type(name, str(dtype).removeprefix("torch."))


def stream_handle(stream: Any) -> int:
    """The handle of a stream that a caller gave: an int, or an object of CuPy, PyTorch, Numba or ``cuda.core``."""
    if hasattr(stream, "__cuda_stream__"):
        return int(stream.__cuda_stream__()[1])
    for name in ("ptr", "cuda_stream", "handle"):
        if hasattr(stream, name):
            handle = getattr(stream, name)
            return int(getattr(handle, "value", handle) or 0)
    try:
        return int(stream)
    except (TypeError, ValueError):
        raise TypeError(
            f"`stream` must be a stream of CuPy, PyTorch or Numba, or the int that is its handle. Received: {stream!r}"
        ) from None


def _type_of(text):
    kind = {"f": "float", "V": "bytes "}.get(text[1], f"kind {text[1]} of bytes ")
    swapped = "byte-swapped " if text[0] == ">" else ""
    return f"{swapped}{kind}{int(text[2:]) * 8}"


@lru_cache(REMEMBERED)
def _in_elements(name, strides, shape, item_bytes):
    if strides is None:
        return dlpack.contiguous(shape)
    if any(stride % item_bytes for stride in strides):
        raise ValueError(
            f"`{name}` must have strides of whole elements on a GPU. Received: strides of {strides} bytes for elements "
            f"of {item_bytes}"
        )
    return tuple(stride // item_bytes for stride in strides)
