"""Destinations in NumPy's ``.npy``."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from nb_sepconv.batch.destinations.file_destination import FileDestination
from nb_sepconv.files.preallocated import PreallocatedFile, allocate
from nb_sepconv.files.stored_array import StoredArray


class NpyDestination(FileDestination):
    """A file with the bytes that ``numpy.save`` writes."""

    def _make(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray:
        header = _header(shape, dtype)
        stored = StoredArray(len(header), dtype, shape)
        allocate(self.part_path, stored.offset + stored.nbytes)
        with PreallocatedFile(self.part_path) as file:
            file.write(0, header)
            file.sync()
        return stored

    def _found(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray | None:
        header = _header(shape, dtype)
        with open(self.part_path, "rb") as file:
            return StoredArray(len(header), dtype, shape) if file.read(len(header)) == header else None


def _header(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> bytes:
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    written = BytesIO()
    np.lib.format.write_array_header_1_0(written, described)
    return written.getvalue()
