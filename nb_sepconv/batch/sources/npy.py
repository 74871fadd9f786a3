"""Sources in NumPy's ``.npy``, which are never mapped into memory and never unpickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.errors import SourceError, read_by
from nb_sepconv.batch.sources.file_source import open_file
from nb_sepconv.batch.sources.stored import StoredSource
from nb_sepconv.files.foreign import PICKLE_START, POINTERS, WEB_PAGE, foreign_kind
from nb_sepconv.files.stored_array import StoredArray

if TYPE_CHECKING:
    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.files.random_access import RandomAccessFile

MAGIC = np.lib.format.MAGIC_PREFIX
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
OTHERS: list[tuple[bytes, str]] = [
    *POINTERS,
    WEB_PAGE,
    (PICKLE_START, "this is a pickle, which can run code and is never loaded: store its arrays with `numpy.save`"),
    (rb"PK\x03\x04", "this is an archive, such as .npz: store each of its arrays with `numpy.save`"),
]


def open_npy(request: Request) -> StoredSource:
    """The array of a file."""
    with open_file(request.path) as file:
        shape, fortran, stored, offset = _read_header(file)
        own = axes.stored_dtype(stored, request.dtype, request.path)
        _, places = axes.canonical(shape, request.channels_last, request.path)
        if fortran:
            shape, places = shape[::-1], places[::-1]
        array = StoredArray(offset, own, shape)
        if file.size != offset + array.nbytes:
            problem = f"its header promises {offset + array.nbytes} bytes, and the file has {file.size}"
            raise SourceError(problem, request.path)
    return StoredSource(request, array, places)


def _read_header(file: RandomAccessFile) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether in Fortran order, type, and the byte where the values start."""
    if file.size < len(MAGIC) or file.read(0, len(MAGIC), "the magic bytes") != MAGIC:
        raise SourceError(f"{foreign_kind(file, OTHERS)}expected a .npy file", file.path, 0)
    with file.duplicate() as stream, read_by("NumPy", file.path, Exception):  # its parser raises errors of many kinds
        version = np.lib.format.read_magic(stream)
        if version not in READERS:
            raise SourceError(f"expected the .npy format 1.0 or 2.0; it is {version}", file.path)
        shape, fortran, dtype = READERS[version](stream)
        return shape, fortran, dtype, stream.tell()
