"""Every check of an operation's arrays, and its message."""

import math

import numpy as np

from nb_sepconv.conversion import as_array

FLOATING = ("float16", "bfloat16", "float32", "float64")


def series(value):
    """The inputs as an array of a floating type in native byte order with three axes."""
    array = floating("inputs", value)
    if array.ndim != 3:
        raise ValueError(
            "`inputs` must have 3 axes: (examples, steps, channels), or (examples, channels, steps) with "
            f'data_format="channels_first". Received: shape {array.shape}'
        )
    return array


def floating(name, value):
    """``value`` as an array of a floating type in native byte order; Python numbers and lists become float32."""
    if hasattr(value, "__cuda_array_interface__"):
        raise TypeError(f"`{name}` lies on a GPU; copy it to the host first. Received: {type(value).__name__}")
    array = _as_array(name, value)
    if array.dtype.name not in FLOATING:
        raise TypeError(f"`{name}` must be an array of {', '.join(FLOATING)}. Received: {array.dtype}")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _as_array(name, value):
    try:
        if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            return np.from_dlpack(value)
        return as_array(value)
    except (TypeError, ValueError, BufferError) as error:
        raise type(error)(
            f"`{name}` must be an array of {', '.join(FLOATING)}. Received: {type(value).__name__} ({error})"
        ) from None


def weight(name, value, shape, dtype):
    """A kernel or bias as a C-contiguous array of ``dtype`` and of ``shape``, whose names stand for any size.

    Python numbers and lists take the type of the inputs; an array must have it.
    """
    array = floating(name, value)
    if array.dtype != dtype:
        if hasattr(value, "dtype"):
            raise TypeError(f"`{name}` must have the type of `inputs`, {dtype.name}. Received: {array.dtype.name}")
        array = array.astype(dtype)
    sizes = tuple(size if isinstance(size, int) else None for size in shape)
    if array.ndim != len(shape) or any(want not in (None, have) for want, have in zip(sizes, array.shape, strict=True)):
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(f"`{name}` must have the shape ({wanted}). Received: shape {array.shape}")
    if 0 in array.shape:
        raise ValueError(f"`{name}` must have no axis of size 0. Received: shape {array.shape}")
    return np.ascontiguousarray(array)


def pointwise_kernel(value, hidden, dtype):
    """The pointwise kernel, (C*M, F) or (1, C*M, F)."""
    array = floating("pointwise_kernel", value)
    if array.ndim == 2:
        return weight("pointwise_kernel", value, (hidden, "F"), dtype)
    return weight("pointwise_kernel", value, (1, hidden, "F"), dtype)


def output(value, shape, dtype):
    """The ``out`` argument: a writable array of just this shape and type."""
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"`out` must be a NumPy array of shape {shape} and type {dtype}. Received: {type(value).__name__}"
        )
    if value.shape != shape or value.dtype != dtype:
        raise ValueError(
            f"`out` must have the shape {shape} and the type {dtype}. Received: shape {value.shape}, type {value.dtype}"
        )
    if not value.flags.writeable:
        raise ValueError(f"`out` must be writable. Received: a read-only array of shape {value.shape}")
    return value


def addressable(shape, dtype):
    """Refuse an output of more bytes than an address counts."""
    if math.prod(shape) * dtype.itemsize > np.iinfo(np.intp).max:
        raise _too_large(shape, dtype)


def allocated(shape, dtype):
    """A new array, or a MemoryError that says how much was asked for."""
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise _too_large(shape, dtype) from None


def _too_large(shape, dtype):
    gibibytes = math.prod(shape) * dtype.itemsize / 2**30
    return MemoryError(f"The output of shape {shape} and type {dtype} needs {gibibytes:.1f} GiB, more than there is")


def like_outputs(name, value, shape, dtype):
    """``d_outputs`` and their like: an array of the outputs' shape and type; lists take the type."""
    array = floating(name, value)
    if array.dtype != dtype:
        if hasattr(value, "dtype"):
            raise TypeError(f"`{name}` must have the type of `inputs`, {dtype.name}. Received: {array.dtype.name}")
        array = array.astype(dtype)
    if array.shape != shape:
        raise ValueError(f"`{name}` must have the shape of the outputs, {shape}. Received: shape {array.shape}")
    return array
