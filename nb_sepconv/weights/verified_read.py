"""Reading a long stretch of a file and its checksum in one pass, block by block while the bytes are in the cache."""

from __future__ import annotations

from collections import deque
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.weights.tensorflow import crc32c

if TYPE_CHECKING:
    from nb_sepconv.files.random_access import RandomAccessFile

BLOCK_BYTES = 1 << 21


def read_with_crc(file: RandomAccessFile, offset: int, buffer: Any, what: str) -> int:
    """Fill the buffer from ``offset`` on and return the CRC-32C of its bytes.

    Several threads take the blocks in turn where the caller may use them.

    Args:
        file: RandomAccessFile.
        offset: int.
        buffer: writable, C-contiguous array.
        what: str, what the bytes are, for errors.
    """
    octets = buffer.reshape(-1).view(np.uint8)
    file.require(offset, octets.size, what)
    blocks = [octets[start : start + BLOCK_BYTES] for start in range(0, octets.size, BLOCK_BYTES)]
    crcs = [0] * len(blocks)

    def read_block(number):
        file.read_into(offset + number * BLOCK_BYTES, blocks[number], what)
        crcs[number] = crc32c.crc32c(blocks[number])

    _share(read_block, len(blocks))
    pieces = zip(crcs, map(len, blocks), strict=True)
    return reduce(lambda crc, piece: crc32c.joined(crc, *piece), pieces, 0)


def _share(action, count):
    """Call ``action(number)`` once for each number below ``count``; the first error ends it."""
    left = deque(range(count))

    def take(_=0):
        try:
            while (number := _next(left)) is not None:
                action(number)
        finally:
            left.clear()

    if count > 1 and crc32c.is_compiled():
        from nb_sepconv.kernels.cpu.runtime.thread_pool import run_together
        from nb_sepconv.kernels.cpu.runtime.threads import get_num_threads

        run_together(take, min(count, get_num_threads()))
    else:
        take()


def _next(left):
    try:
        return left.popleft()
    except IndexError:
        return None
