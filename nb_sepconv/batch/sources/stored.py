"""Sources whose numbers lie in a file in order: read run by run, at the place of each."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.file_source import FileSource, open_file
from nb_sepconv.files.reopened import Reopened
from nb_sepconv.files.stored_array import as_bytes, runs

if TYPE_CHECKING:
    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.files.random_access import RandomAccessFile
    from nb_sepconv.files.stored_array import StoredArray
    from nb_sepconv.tensors.typing import Array

SCRATCH_BYTES = 1 << 20


class StoredSource(FileSource):
    """A stored array as a source.

    Args:
        request: Request.
        stored: StoredArray.
        places: for each axis of ``stored`` the one of (N, L, C) or (N, C, L) that it is.
    """

    def __init__(self, request: Request, stored: StoredArray, places: tuple[int, ...]) -> None:
        shape = [1, 1, 1]
        for axis, size in zip(places, stored.shape, strict=True):
            shape[axis] = size
        super().__init__(request, (shape[0], shape[1], shape[2]), stored.dtype, Reopened(open_file, request.path))
        self._stored, self._places = stored, places

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of its examples, from ``first`` on."""
        ranges = [(0, size) for size in self.shape]
        ranges[axes.EXAMPLE] = (first, first + len(out))
        ranges[axes.time_axis(self.channels_last)] = (start, stop)
        lacking = tuple({0, 1, 2} - {*self._places})
        view = out.transpose(*self._places, *lacking)[(..., *[0] * len(lacking))]
        file = self._opened()
        for run in runs(self._stored, [ranges[axis] for axis in self._places]):
            _read_run(file, self._stored.dtype, run.offset, view[run.where])


def _read_run(file: RandomAccessFile, dtype: np.dtype[Any], offset: int, out: Array) -> None:
    """Fill a block with the elements that lie in a row from ``offset`` on."""
    if dtype == out.dtype and out.flags.c_contiguous:
        file.read_into(offset, as_bytes(out), "values")
        return
    row_bytes = dtype.itemsize * prod(out.shape[1:])
    rows = max(SCRATCH_BYTES // row_bytes, 1)
    for first in range(0, len(out), rows):
        part = out[first : first + rows]
        scratch = np.empty(part.shape, dtype)
        file.read_into(offset + first * row_bytes, as_bytes(scratch), "values")
        part[...] = scratch
