"""Reading a long stretch of a file and its checksum in one pass, block by block while the bytes are in the cache."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np

from nb_sepconv.weights.crc32c import combine, crc32c, kernel_is_ready

BLOCK_BYTES = 1 << 18
THREADED_FROM_BYTES = 1 << 21
MOST_THREADS = 4


def read_with_crc(file, offset, buffer, what):
    """Fill the buffer from ``offset`` on and return the CRC-32C of its bytes.

    Args:
        file: RandomAccessFile.
        offset: int.
        buffer: writable, C-contiguous array.
        what: str, what the bytes are, for errors.
    """
    octets = buffer.reshape(-1).view(np.uint8)
    file.require(offset, octets.size, what)
    parts = _part_count(octets.size)
    if parts == 1:
        return _read_part(file, offset, octets, what)
    step = -(-octets.size // (parts * BLOCK_BYTES)) * BLOCK_BYTES
    starts = range(0, octets.size, step)
    pieces = [octets[start : start + step] for start in starts]
    with ThreadPoolExecutor(len(pieces)) as pool:
        crcs = list(pool.map(lambda start, piece: _read_part(file, offset + start, piece, what), starts, pieces))
    pairs = zip(crcs[1:], pieces[1:], strict=True)
    return reduce(lambda crc, pair: combine(crc, pair[0], pair[1].size), pairs, crcs[0])


def _part_count(size):
    """How many threads read; one while NumPy does the hashing, since it holds the interpreter's lock."""
    if size < THREADED_FROM_BYTES or not kernel_is_ready():
        return 1
    return min(MOST_THREADS, _usable_cpus())


def _usable_cpus():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_part(file, offset, octets, what):
    crc = 0
    for start in range(0, octets.size, BLOCK_BYTES):
        block = octets[start : start + BLOCK_BYTES]
        file.read_into(offset + start, block, what)
        crc = crc32c(block, crc)
    return crc
