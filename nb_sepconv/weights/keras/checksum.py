"""The checksum that this library's ``.weights.h5`` files carry beside each dataset, since HDF5 has none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.weights.tensorflow.crc32c import crc32c

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array


def dataset_checksum(path: str, name: str, array: Array) -> str:
    """Eight hexadecimal digits over where a dataset is, whose it is, its type, shape and values.

    Args:
        path: str, in the file.
        name: str or None, the name of its layer.
        array: array, little-endian.
    """
    description = f"{path}\n{name}\n{array.dtype.name}\n{list(array.shape)}\n"
    octets = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return f"{crc32c(octets, crc32c(description.encode())):08x}"
