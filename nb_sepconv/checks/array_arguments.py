"""Every check of an operation's arrays, and its message."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nb_sepconv.checks.outside_memory import refuse_outside_memory
from nb_sepconv.tensors.convert import as_array

FLOATING = ("float16", "bfloat16", "float32", "float64")
UNREADABLE = (TypeError, ValueError, BufferError)  # what reading an array of another library raises
_NUMPYS = frozenset(map(np.dtype, ("float16", "float32", "float64")))


def series(value: Any) -> np.ndarray:
    """The inputs as an array of a floating type in native byte order with three axes."""
    array = floating("inputs", value)
    three_axes(array)
    return array


def three_axes(inputs: Any) -> None:
    """Refuse inputs that are no series."""
    if inputs.ndim != 3:
        raise ValueError(
            "`inputs` must have 3 axes: (examples, steps, channels), or (examples, channels, steps) with "
            f'data_format="channels_first". Received: shape {inputs.shape}'
        )


def floating(name: str, value: Any) -> np.ndarray:
    """``value`` as an array of a floating type in native byte order; Python numbers and lists become float32."""
    array = value if type(value) is np.ndarray else _as_array(name, value)
    if array.dtype in _NUMPYS:
        return array
    if array.dtype.name not in FLOATING:
        raise TypeError(
            f"`{name}` must be an array of {', '.join(FLOATING)}{of_integers(name, array.dtype)}. "
            f"Received: {array.dtype}"
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def of_integers(name: str, dtype: Any) -> str:
    """What to say to who has integers, such as samples of sound, where floats are wanted; nothing for other types."""
    if np.dtype(dtype).kind not in "iu":
        return ""
    scaled = f", divided by {2 ** (dtype.itemsize * 8 - 1)} where they stand for -1 to 1" if dtype.kind == "i" else ""
    return f"; convert integers by `{name}.astype(numpy.float32)`{scaled}"


def _as_array(name, value):
    if hasattr(value, "__cuda_array_interface__"):
        raise TypeError(f"`{name}` lies on a GPU; copy it to the host first. Received: {type(value).__name__}")
    refuse_outside_memory(name, value)
    try:
        if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
            return np.from_dlpack(value)
        return as_array(value)
    except UNREADABLE as error:
        raise builtin_kind(error)(
            f"`{name}` must be an array of {', '.join(FLOATING)}. Received: {type(value).__name__} ({error})"
        ) from None


def builtin_kind(error: Exception) -> type[Exception]:
    """Python's own class of an error in reading an array: a library's class may not take a message alone."""
    return next(kind for kind in UNREADABLE if isinstance(error, kind))


def weight(name: str, value: Any, shape: Any, dtype: Any) -> np.ndarray:
    """A kernel or bias as a C-contiguous array of ``dtype`` and of ``shape``, whose names stand for any size.

    Python numbers and lists take the type of the inputs; an array must have it.
    """
    array = floating(name, value)
    if hasattr(value, "dtype"):
        same_type(name, array, dtype)
    array = array.astype(dtype, copy=False)
    fitting(name, array, shape)
    return np.ascontiguousarray(array)


def same_type(name: str, array: Any, dtype: Any) -> None:
    """Refuse an array of another type than the inputs'."""
    if array.dtype != dtype:
        raise TypeError(
            f"`{name}` must have the type of `inputs`, {dtype.name}. Received: {array.dtype.name}; "
            f'`inputs.astype("{array.dtype.name}")` makes it the same'
        )


def fitting(name: str, array: Any, shape: Any) -> None:
    """Refuse a kernel or bias that is empty or not of ``shape``, whose names stand for any size."""
    sizes = [size if isinstance(size, int) else None for size in shape]
    if array.ndim != len(shape) or any(want not in (None, have) for want, have in zip(sizes, array.shape, strict=True)):
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(f"`{name}` must have the shape ({wanted}). Received: shape {array.shape}")
    if 0 in array.shape:
        raise ValueError(f"`{name}` must have no axis of size 0. Received: shape {array.shape}")


def pointwise_kernel(value: Any, hidden: int, dtype: Any) -> np.ndarray:
    """The pointwise kernel, (C*M, F) or (1, C*M, F)."""
    array = floating("pointwise_kernel", value)
    if array.ndim == 2:
        return weight("pointwise_kernel", value, (hidden, "F"), dtype)
    return weight("pointwise_kernel", value, (1, hidden, "F"), dtype)


def output(value: Any, shape: Any, dtype: Any) -> np.ndarray:
    """The ``out`` argument: a writable array of just this shape and type."""
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"`out` must be a NumPy array of shape {shape} and type {dtype}. Received: {type(value).__name__}"
        )
    if value.shape != shape or value.dtype != dtype:
        raise wrong_output(value, shape, dtype)
    if not value.flags.writeable:
        raise ValueError(f"`out` must be writable. Received: a read-only array of shape {value.shape}")
    return value


def wrong_output(value: Any, shape: Any, dtype: Any) -> ValueError:
    """What to raise for an ``out`` that does not fit."""
    return ValueError(
        f"`out` must have the shape {shape} and the type {dtype}. Received: shape {value.shape}, type {value.dtype}"
    )


def addressable(shape: Any, dtype: Any) -> None:
    """Refuse an output of more bytes than an address counts."""
    if math.prod(shape) * dtype.itemsize > np.iinfo(np.intp).max:
        raise too_large(shape, dtype)


def allocated(shape: Any, dtype: Any) -> np.ndarray:
    """A new array, or a MemoryError that says how much was asked for."""
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise too_large(shape, dtype) from None


def all_allocated(forms: Any) -> tuple[Any, ...]:
    """New arrays of ``forms``, (shape, dtype) or None each; None for None. A MemoryError as of :func:`allocated`."""
    try:
        return tuple([form and np.empty(*form) for form in forms])
    except MemoryError:
        return tuple([form and allocated(*form) for form in forms])


def too_large(shape: Any, dtype: Any) -> MemoryError:
    """What to raise where there is no memory for an array."""
    gibibytes = math.prod(shape) * dtype.itemsize / 2**30
    return MemoryError(f"The output of shape {shape} and type {dtype} needs {gibibytes:.1f} GiB, more than there is")


def lengths(value: Any, examples: int, most: int) -> np.ndarray:
    """The ``lengths`` argument as an array (N,): an integer from 0 to ``most`` for each example."""
    array = counts("lengths", value)
    if array.shape != (examples,):
        raise ValueError(
            f"`lengths` must have the shape ({examples},), one for each example. Received: shape {array.shape}"
        )
    if array.size and array.max() > most:
        raise ValueError(f"`lengths` must be from 0 to {most}, the steps of `inputs`. Received: {value!r}")
    return np.ascontiguousarray(array)


def counts(name: str, value: Any) -> np.ndarray:
    """An array of integers >= 0 of any shape."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"`{name}` must be integers. Received: {array.dtype}")
    if array.size and array.min() < 0:
        raise ValueError(f"`{name}` must be >= 0. Received: {value!r}")
    return array.astype(np.intp, copy=False)


def lengths_or_mask(lengths: Any, mask: Any, examples: int, steps: int) -> Any:
    """``lengths`` as they are, or those that a ``mask`` stands for; None for neither."""
    if mask is None:
        return lengths
    if lengths is not None:
        raise ValueError(
            f"`lengths` and `mask` say the same: give one of them. Received: lengths={lengths!r} and a mask"
        )
    return lengths_of_mask(mask, examples, steps)


def lengths_of_mask(value: Any, examples: int, steps: int) -> np.ndarray:
    """The lengths (N,) that a ``mask`` (N, L) stands for, True for the steps of each example that there are."""
    mask = np.asarray(value)
    if mask.dtype != np.bool_:
        raise TypeError(f"`mask` must be booleans. Received: {mask.dtype}")
    if mask.shape != (examples, steps):
        raise ValueError(
            f"`mask` must have the shape ({examples}, {steps}), one for each step. Received: shape {mask.shape}"
        )
    behind = mask[:, 1:] > mask[:, :-1]
    if behind.any():
        raise ValueError(
            "`mask` must be True up to each example's length and False behind. Received: a step that is True behind "
            f"one that is not, in example {behind.any(1).argmax()}"
        )
    return mask.sum(1)


def like_outputs(name: str, value: Any, shape: Any, dtype: Any) -> np.ndarray:
    """``d_outputs`` and their like: an array of the outputs' shape and type; lists take the type."""
    array = floating(name, value)
    if hasattr(value, "dtype"):
        same_type(name, array, dtype)
    array = array.astype(dtype, copy=False)
    shaped_like_outputs(name, array, shape)
    return array


def shaped_like_outputs(name: str, array: Any, shape: Any) -> None:
    """Refuse an array of another shape than the outputs'."""
    if array.shape != shape:
        raise ValueError(f"`{name}` must have the shape of the outputs, {shape}. Received: shape {array.shape}")
