"""What a DLPack capsule says of an array, read without taking it over.

Source: DLPack's ``dlpack.h``, versions 0 and 1 (https://dmlc.github.io/dlpack/latest/c_api.html).
"""

from __future__ import annotations

import ctypes
from typing import Any

CUDA_DEVICES = (2, 13)  # kDLCUDA, kDLCUDAManaged
FLOAT, BFLOAT = 2, 4


class _DataType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class _Device(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int32), ("number", ctypes.c_int32))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("axes", ctypes.c_int32),
        ("dtype", _DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


def _pointer_of(capsule):
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return get(capsule, b"dltensor")


def lies_on_gpu(value: Any) -> bool:
    """Whether an object offers memory of a GPU by DLPack."""
    return hasattr(value, "__dlpack__") and value.__dlpack_device__()[0] in CUDA_DEVICES


def read(value: Any, stream: Any) -> Any:
    """(address, shape, strides in elements, name of the type, the capsule that keeps the memory) of an array.

    ``stream`` is the handle of the stream in whose order the memory is going to be read.
    """
    capsule = value.__dlpack__(stream=stream or 1)  # 1 is the default stream there
    tensor = _Tensor.from_address(_pointer_of(capsule))
    shape = tuple(tensor.shape[axis] for axis in range(tensor.axes))
    strides = tuple(tensor.strides[axis] for axis in range(tensor.axes)) if tensor.strides else contiguous(shape)
    kind = {FLOAT: "float", BFLOAT: "bfloat"}.get(tensor.dtype.code, f"type {tensor.dtype.code} of bits ")
    return (tensor.data or 0) + tensor.byte_offset, shape, strides, f"{kind}{tensor.dtype.bits}", capsule


def contiguous(shape: Any) -> tuple[Any, ...]:
    """The strides, in elements, of a new array."""
    strides, count = [], 1
    for size in reversed(shape):
        strides.append(count)
        count *= max(size, 1)
    return tuple(reversed(strides))
