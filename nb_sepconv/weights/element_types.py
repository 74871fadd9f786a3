"""The types of elements in files of weights, and the arrays they become."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.files.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array

STRING = "string"
BFLOAT16 = "bfloat16"
NUMPY_NAMES = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)
SMALL_FLOAT_BYTES = {
    BFLOAT16: 2,
    "float8_e5m2": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e4m3b11fnuz": 1,
    "float8_e5m2fnuz": 1,
}
LARGEST_BYTES = 1 << 62
MOST_DIMENSIONS = 32


class TensorInfo(NamedTuple):
    """What a file says of a tensor before it is read.

    ``dtype`` is that of the array it becomes, None for a type that no array holds; ``type_name`` is the stored type.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    type_name: str
    nbytes: int


@cache
def small_float(name: str) -> np.dtype[Any] | None:
    """The dtype of that name in ml_dtypes, or None where the package is not installed."""
    try:
        import ml_dtypes
    except ImportError:
        return None
    return np.dtype(getattr(ml_dtypes, name))


def array_dtype(name: str) -> np.dtype[Any] | None:
    """The dtype of the array that a stored type becomes, or None."""
    if name in NUMPY_NAMES:
        return np.dtype(name)
    if name == STRING:
        return np.dtype(object)
    if name in SMALL_FLOAT_BYTES:
        widened = np.dtype(np.float32) if name == BFLOAT16 else None
        return small_float(name) or widened
    return None


def raw_dtype(name: str) -> np.dtype[Any]:
    """The little-endian dtype to read a stored numeric type with."""
    if name in SMALL_FLOAT_BYTES:
        return np.dtype(f"<u{SMALL_FLOAT_BYTES[name]}")
    if name == "bool":
        return np.dtype(np.uint8)
    return np.dtype(name).newbyteorder("<")


def from_raw(raw: Any, name: str) -> Array:
    """The array of a stored type from its ``raw_dtype`` elements; shares memory where it can."""
    if name == "bool":
        if raw.size and raw.max() > 1:
            raise WeightsError("expected booleans stored as 0 or 1")
        return raw.view(np.bool_)
    if name == BFLOAT16 and small_float(name) is None:
        return (raw.astype(np.uint32) << 16).view(np.float32)
    if name in SMALL_FLOAT_BYTES:
        return raw.astype(raw.dtype.newbyteorder("="), copy=False).view(small_float(name))
    return raw.astype(np.dtype(name), copy=False)


def element_count(shape: Sequence[int]) -> int:
    """The number of elements of a shape read from a file; refuses negative and unusable ones."""
    if len(shape) > MOST_DIMENSIONS:
        raise WeightsError(f"expected at most {MOST_DIMENSIONS} dimensions; received {len(shape)}")
    extent = 1
    for size in shape:
        if size < 0:
            raise WeightsError(f"expected a shape without negative sizes; received {list(shape)}")
        extent *= max(size, 1)
    if extent > LARGEST_BYTES // 16:
        raise WeightsError(f"expected a shape whose elements can be counted in 64 bits; received {list(shape)}")
    return 0 if 0 in shape else extent


def as_bytes(name: str, item: Any) -> bytes:
    """An element of an array of strings as bytes."""
    if not isinstance(item, (bytes, str)):
        raise ValueError(f"The array `{name}` of objects must hold bytes or str. Received: {type(item).__name__}")
    return item.encode() if isinstance(item, str) else item
