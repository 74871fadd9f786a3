"""Arrays whose numbers are not in memory: lazy arrays of Dask, JAX's tracers, arrays that lie in a file or a store.

Their libraries are known by what their objects offer, and are never imported here.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

import numpy as np

from nb_sepconv.tensors.array_like import ArrayLike

MOST_LOADED_BYTES = 128 * 2**20
_MEMORY = ("__array_interface__", "__array_struct__", "__dlpack__", "__cuda_array_interface__")


@lru_cache(256)
def _is_dask_array_type(kind):
    return any(base.__module__.startswith("dask.array.") and base.__name__ == "Array" for base in kind.__mro__)


def is_dask_array(value: Any) -> bool:
    """Whether ``value`` is an array of Dask."""
    return _is_dask_array_type(type(value))


@lru_cache(256)
def _is_tracer_type(kind):
    return any(base.__module__.startswith("jax.") and base.__name__ == "Tracer" for base in kind.__mro__)


def is_tracer(value: Any) -> bool:
    """Whether ``value`` is what JAX gives a function in place of an array inside ``jax.jit``."""
    return _is_tracer_type(type(value))


def refuse_unknown_sizes(name: str, array: Any) -> None:
    """Refuse an array of Dask, an argument called ``name``, of sizes that computing it would tell.

    Raises:
        ValueError: a size is unknown.
    """
    if any(math.isnan(size) for size in array.shape):
        raise ValueError(f"`{name}` must have known sizes; use `compute_chunk_sizes()`. Received: {_described(array)}")


def refuse_outside_memory(name: str, value: Any) -> None:
    """Refuse an argument called ``name`` that would be computed or loaded to become an array in memory.

    Raises:
        TypeError: Dask would have to compute it; JAX traces it.
        ValueError: it lies in a file or a store, and has more than 128 MiB.
    """
    if isinstance(value, np.ndarray):
        return
    if is_dask_array(value):
        raise TypeError(
            f"`{name}` must be in memory: only the `inputs` of a convolution and of a layer may be a Dask array. Use "
            f"`.compute()`. Received: {_described(value)}"
        )
    if is_tracer(value):
        raise TypeError(
            f"`{name}` has no values inside `jax.jit` and JAX's other transforms: use "
            f"`nb_sepconv.interop.jax.separable_conv1d`, which JAX can trace. Received: {_described(value)}"
        )
    if getattr(value, "__dask_graph__", None) is not None and value.__dask_graph__() is not None:
        raise TypeError(
            f"`{name}` holds a Dask array, which would be computed here: pass `.data`, the Dask array itself, for a "
            f"lazy result, or `.compute()`. Received: {_described(value)}"
        )
    if is_stored(value) and _bytes_of(value) > MOST_LOADED_BYTES:
        raise ValueError(
            f"`{name}` of more than {MOST_LOADED_BYTES // 2**20} MiB must be in memory, and this one may not be: use "
            "`batch.apply` or `dask.array.from_array` to work on it in chunks, or `np.asarray` to load it whole. "
            f"Received: {_described(value)}, {_bytes_of(value) / 2**20:.0f} MiB"
        )


def is_stored(value: Any) -> bool:
    """Whether an object is an array that shows nobody its memory, as one in a file does not."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")) or isinstance(value, ArrayLike):
        return False
    if any(hasattr(value, name) for name in _MEMORY):
        return False
    if getattr(getattr(value, "variable", None), "_in_memory", False):  # xarray's
        return False
    try:
        memoryview(value)
    except TypeError:
        return True
    return False


def _bytes_of(value):
    """The bytes of all elements; 0 where nobody knows their number, as of a symbol's."""
    sizes, widths = value.shape or (), re.search(r"\d+", str(value.dtype))
    width = getattr(value.dtype, "itemsize", None) or (int(widths[0]) // 8 if widths else 1)
    return math.prod(sizes) * width if all(isinstance(size, (int, np.integer)) for size in sizes) else 0


def _described(value):
    kind = type(value)
    shape, dtype = tuple(getattr(value, "shape", ())), getattr(value, "dtype", None)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__} of shape {shape} and type {dtype}"
