"""Writing past the system's memory: of large files, which would push out what others have in it.

What goes straight from an array to a disk has to fill blocks of the disk, in memory and in the file.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import numpy as np

LARGE_BYTES = 1 << 30
"""Arrays from which on a file is a large one."""
BLOCK_BYTES = 1 << 12
LEAST_BYTES = 1 << 16
"""Fewer bytes are not worth a request of their own."""


def opened_direct(path: str, flags: int) -> int | None:
    """A descriptor that goes past the system's memory, None where the system or its file system has none."""
    with suppress(AttributeError, OSError):  # an error of the file itself comes again without O_DIRECT
        return os.open(path, flags | os.O_DIRECT)
    return None


def close_all(*descriptors: int | None) -> None:
    """Close descriptors, each of which may be None."""
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def whole_blocks(buffer: Any, offset: int) -> tuple[int, int]:
    """The range [first, last) of a buffer's bytes that fills blocks; an empty one where too few do.

    Args:
        buffer: contiguous bytes.
        offset: int, where they lie in the file.
    """
    array = np.frombuffer(buffer, np.uint8)
    first = -offset % BLOCK_BYTES
    last = len(array) - (offset + len(array)) % BLOCK_BYTES
    if last - first < LEAST_BYTES or (array.ctypes.data - offset) % BLOCK_BYTES:
        return 0, 0
    return first, last
