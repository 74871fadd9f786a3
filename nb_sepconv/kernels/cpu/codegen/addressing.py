"""Sizes and addresses as integers, for Python and for compiled loops alike."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

INTP_BYTES = 8
ALIGNMENT = 64  # a cache line, and the widest vector
PAGE_ROWS = 64  # vectors of 64 bytes in 4 KiB: buffers that far apart would share cache sets


@register_jitable
def ceil_div(a: Any, b: Any) -> Any:
    return (a + b - 1) // b


@register_jitable
def aligned(address: Any) -> Any:
    """The next multiple of a cache line."""
    return (address + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@register_jitable
def apart(rows: Any, vector_bytes: Any) -> Any:
    """Bytes of a block of so many rows, one more where blocks would lie a multiple of a page apart."""
    return (rows + (1 if rows % PAGE_ROWS == 0 else 0)) * vector_bytes
