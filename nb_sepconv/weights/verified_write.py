"""Writing the bytes of an array and their checksum in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from nb_sepconv.weights.element_types import NUMPY_NAMES
from nb_sepconv.weights.tensorflow.crc32c import crc32c

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

CHUNK_BYTES = 1 << 18


def write_with_crc(file: BinaryIO, array: Array) -> int:
    """Append the elements to an open file, little-endian and in C order, and return the CRC-32C of those bytes."""
    array = np.ascontiguousarray(array)
    if array.dtype.name in NUMPY_NAMES:
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    octets = array.reshape(-1).view(np.uint8)
    crc = 0
    for start in range(0, octets.size, CHUNK_BYTES):
        chunk = octets[start : start + CHUNK_BYTES]
        crc = crc32c(chunk, crc)
        file.write(chunk)
    return crc
