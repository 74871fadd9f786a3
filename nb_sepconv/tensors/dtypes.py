"""Data types under TF's names, and what a caller may write for one."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import AnyArray

FLOATS = ("float16", "bfloat16", "float32", "float64")
NAMES = ("float16", "float32", "float64", "int32", "int64", "bfloat16")
_NUMPYS = tuple(map(np.dtype, ("bool", "int32", "int64", "float16", "float32", "float64")))
_KNOWN = {
    **{dtype.name: dtype for dtype in _NUMPYS},
    **{dtype.type: dtype for dtype in _NUMPYS},
    **dict.fromkeys(("float", float), np.dtype(np.float32)),
}


def dtype_named(name: str) -> np.dtype[Any]:
    """The NumPy dtype called ``name``; bfloat16 comes from ``ml_dtypes``."""
    if name != "bfloat16":
        return np.dtype(name)
    if importlib.util.find_spec("ml_dtypes") is None:
        raise AttributeError("`bfloat16` needs the package ml_dtypes: pip install ml_dtypes")
    import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16)


def as_dtype(value: Any) -> np.dtype[Any]:
    """``value`` as a NumPy dtype in native byte order.

    Args:
        value: a NumPy dtype or scalar type, a name ("bfloat16" too), ``float`` (float32, as in TensorFlow), an object
            with ``as_numpy_dtype``, or the config of a Keras dtype policy.

    Raises:
        TypeError: when it names no NumPy dtype.
    """
    if isinstance(value, np.dtype) and value.isnative:
        return value
    if isinstance(value, (str, type)) and value in _KNOWN:
        return _KNOWN[value]
    value = value.get("config", {}).get("name") if isinstance(value, dict) else getattr(value, "as_numpy_dtype", value)
    if isinstance(value, str) and value == "bfloat16":
        return dtype_named(value)
    if value is None or isinstance(value, int):
        raise TypeError(f"`dtype` must be a NumPy dtype or its name. Received: {value!r}")
    try:
        return np.dtype(value).newbyteorder("=")
    except TypeError:
        raise TypeError(f"`dtype` must be a NumPy dtype or its name. Received: {value!r}") from None


def dtype_name_of(array: AnyArray) -> str:
    """The name of the type of an array of any library (``torch.float32`` is "float32")."""
    dtype = array.dtype
    return _name_of(dtype) if isinstance(dtype, np.dtype) else str(dtype).rsplit(".", 1)[-1]


@lru_cache(64)
def _name_of(dtype):
    """NumPy puts the name together each time."""
    return dtype.name
