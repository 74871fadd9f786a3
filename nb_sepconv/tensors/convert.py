"""How a value of the caller becomes an array: arrays keep their type, Python's numbers take TF's 32-bit types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = frozenset((int, float, bool))
_LARGEST = {
    **dict.fromkeys(map(np.dtype, ("float16", "float32", "float64")), 65504),  # of float16
    **dict.fromkeys(map(np.dtype, ("int8", "int16", "int32", "int64")), 127),
}
_DEFAULTS = {np.dtype(np.float64): np.dtype(np.float32), np.dtype(np.int64): np.dtype(np.int32)}


def as_array(value: Any) -> np.ndarray:
    """The value as an array: what has a ``dtype`` keeps it, Python floats become float32, Python ints int32.

    Raises:
        ValueError: a masked array with masked elements, whose mask nothing here would look at.
        TypeError: an array of Dask, which would be computed here.

    Source: TensorFlow's ``tf.convert_to_tensor``.
    """
    kind = type(value)
    if kind is np.ndarray:
        return value
    if kind not in _NUMBERS and not (kind in (list, tuple) and _NUMBERS.issuperset(map(type, value))):
        refuse_masked(value)
        refuse_lazy(value)
    array = np.asarray(value)
    if hasattr(value, "dtype") or hasattr(value, "__array__"):
        return array
    narrow = _DEFAULTS.get(array.dtype, array.dtype)
    return array.astype(narrow) if _fits(array, narrow) else array


def refuse_masked(value: Any) -> None:
    """Refuse a masked array with masked elements, or a list of such, instead of reading what is behind the mask."""
    parts = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise ValueError(
            "Arrays must have no masked elements: give the mask a value, as `array.filled(0.0)` does. "
            f"Received: {type(value).__name__} with a mask"
        )


def refuse_lazy(value: Any) -> None:
    """Refuse an array of Dask, what holds one, or a list of such, instead of computing it without a word."""
    for part in value if isinstance(value, (list, tuple)) else (value,):
        if hasattr(type(part), "__dask_graph__") and part.__dask_graph__() is not None:
            raise TypeError(
                "Arrays must be in memory here: use `.compute()`, or `.map_blocks` with this function; layers and the "
                "convolutions of `nb_sepconv.ops` take arrays of Dask as they are. "
                f"Received: {type(part).__module__.partition('.')[0]}.{type(part).__name__}"
            )


def _fits(array: np.ndarray, narrow: np.dtype) -> bool:
    if narrow.kind != "i" or array.size == 0:
        return True
    limits = np.iinfo(narrow)
    return bool(limits.min <= array.min() and array.max() <= limits.max)


def is_floating(dtype: np.dtype) -> bool:
    """Whether the type is float16, bfloat16, float32 or float64, the types that layers compute with."""
    return dtype.itemsize <= 8 if dtype.kind == "f" else dtype.kind == "V" and dtype.name == "bfloat16"


def number_in(dtype: np.dtype, value: Any) -> np.ndarray | None:
    """A Python number as an array without axes, of a type that surely takes it; None for all that needs a look."""
    kind = type(value)
    if kind is not int and not (kind is float and dtype.kind == "f"):
        return None
    largest = _LARGEST.get(dtype)
    return None if largest is None or not -largest <= value <= largest else np.array(value, dtype)


def widely(function: Callable[..., Any], x: np.ndarray) -> np.ndarray:
    """``function(x)`` in the type of ``x``, native byte order; 16-bit floats compute in float32 and round once.

    What leaves the range becomes an infinity, what has no value NaN, without a warning.
    """
    narrow = x.dtype.itemsize == 2 and is_floating(x.dtype)
    native = x.dtype if x.dtype.isnative else x.dtype.newbyteorder("=")
    return quietly(_in_type, function, x.astype(np.float32) if narrow else x, native)


def _in_type(function, x, dtype):
    return np.asarray(function(x), dtype)


def real_numbers(value: Any, name: str) -> np.ndarray:
    """The value as an array of integers or of one of the float types.

    Raises:
        TypeError: it holds something else; ``name`` is the argument's.
    """
    x = as_array(value)
    if x.dtype.kind not in "iu" and not is_floating(x.dtype):
        raise TypeError(f"`{name}` must be an array of integers or floats. Received: {x.dtype}")
    return x


def floats(value: Any, name: str) -> np.ndarray:
    """The value as an array of one of the float types.

    Raises:
        TypeError: it holds something else; ``name`` is the argument's.
    """
    x = as_array(value)
    if not is_floating(x.dtype):
        raise TypeError(f"`{name}` must be an array of float16, bfloat16, float32 or float64. Received: {x.dtype}")
    return x
