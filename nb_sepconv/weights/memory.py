"""Memory for the tensors of a file."""

from __future__ import annotations

import mmap
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array

HUGE_PAGE_BYTES = 2 << 20


def empty(shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """An array like ``np.empty``; long ones lie in huge pages where the system has them.

    First touch of small pages takes longer than reading the file. NumPy asks for huge pages too, but its arrays start
    behind a header of the allocator, which keeps every other one of a row of arrays from being huge.

    Args:
        shape: tuple of int.
        dtype: np.dtype.
    """
    dtype = np.dtype(dtype)
    nbytes = prod(shape) * dtype.itemsize
    if nbytes < 2 * HUGE_PAGE_BYTES or dtype.hasobject or not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.empty(shape, dtype)
    try:
        pages = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        pages.madvise(mmap.MADV_HUGEPAGE)
    except OSError:  # no huge pages in this system, or no more places in its table of maps
        return np.empty(shape, dtype)
    return np.frombuffer(pages, dtype, prod(shape)).reshape(shape)
