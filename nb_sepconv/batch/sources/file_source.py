"""What all sources that are files have in common."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.errors import SourceError
from nb_sepconv.files.random_access import RandomAccessFile

if TYPE_CHECKING:
    import numpy as np

    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.files.reopened import Reopened

END_BYTES = 1 << 16


def open_file(path: str) -> RandomAccessFile:
    """A file of a source."""
    return RandomAccessFile(path, error=SourceError)


class FileSource:
    """A file, or an array in one, as a source.

    Args:
        request: Request.
        shape: (N, L, C) or (N, C, L).
        stored: numpy dtype of what is in the file.
        opened: Reopened, what is read from.
        rate: float or None, steps per second.
    """

    name: str
    path: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    channels_last: bool
    rate: float | None

    def __init__(
        self,
        request: Request,
        shape: tuple[int, int, int],
        stored: np.dtype[Any],
        opened: Reopened,
        rate: float | None = None,
    ) -> None:
        self.name, self.path, self.channels_last = request.name, request.path, request.channels_last
        self.shape, self.rate = shape, rate
        self.dtype = axes.read_dtype(stored, request.dtype)
        self._opened = opened

    def identity(self) -> dict[str, Any]:
        """The array's shape, and of the file its size, its time and a hash of its ends."""
        return {"shape": list(self.shape), **identity_of_file(self.path)}

    def close(self) -> None:
        """Close the file."""
        self._opened.close()


def identity_of_file(path: str) -> dict[str, Any]:
    """Size, time of the last change, and a hash of the first and last bytes of a file."""
    with open_file(path) as file:
        count = min(END_BYTES, file.size)
        ends = file.read(0, count, "the start"), file.read(file.size - count, count, "the end")
        return {
            "bytes": file.size,
            "changed": file.changed_ns,
            "ends": hashlib.blake2b(b"".join(ends)).hexdigest()[:32],
        }
