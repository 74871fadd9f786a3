"""Reading a long stretch of a file and its checksum in one pass, block by block while the bytes are in the cache."""

import numpy as np

from nb_sepconv.weights.crc32c import crc32c

BLOCK_BYTES = 1 << 20


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
    crc = 0
    for start in range(0, octets.size, BLOCK_BYTES):
        block = octets[start : start + BLOCK_BYTES]
        file.read_into(offset + start, block, what)
        crc = crc32c(block, crc)
    return crc
