"""Sources in Zarr stores of version 2 and 3."""

from __future__ import annotations

import os
from errno import ENOENT
from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.needed import needed
from nb_sepconv.batch.sources.arrays import ArraySource
from nb_sepconv.batch.sources.errors import SourceError, read_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.tensors.typing import Array

METADATA = ("zarr.json", ".zarray", ".zgroup")
ERRORS = OSError, RuntimeError, KeyError, ValueError, TypeError


def is_store(path: str) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any(os.path.isfile(os.path.join(path, name)) for name in METADATA)


class ZarrSource(ArraySource):
    """An array of a store, read by zarr: the one called ``inside``, or the store itself, or the only one in it."""

    def __init__(self, request: Request) -> None:
        self.path: str = request.path
        if not os.path.exists(self.path):
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), self.path)
        zarr = needed("zarr", "Zarr")
        with read_by("zarr", self.path, *ERRORS):
            array = _array(zarr.open(self.path, mode="r"), request)
        super().__init__(array, request.name, request.channels_last, request.dtype)

    def identity(self) -> dict[str, Any]:
        """Shape, type and a hash of the ends; how many files the store has, their bytes, and the time of the last."""
        count, size, changed = 0, 0, 0
        for entry in _files(self.path):
            status = entry.stat()
            count, size, changed = count + 1, size + status.st_size, max(changed, status.st_mtime_ns)
        return {**super().identity(), "files": count, "bytes": size, "changed": changed}

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of its examples, from ``first`` on."""
        with read_by("zarr", self.path, *ERRORS):
            super().read(start, stop, out, first)


def _array(found: Any, request: Request) -> Any:
    if request.inside is not None:
        found = found[request.inside.strip("/")]
    if hasattr(found, "dtype"):
        return found
    arrays = sorted(name for name, _ in found.arrays())
    if len(arrays) == 1:
        return found[arrays[0]]
    names = ", ".join(f"{request.path}:/{name}" for name in arrays[:20])
    problem = f"expected the name of an array behind a colon; it is a group of {len(arrays)}: {names}"
    raise SourceError(problem, request.path)


def _files(folder: str) -> Iterator[Any]:
    """The files of a store, in whatever order."""
    if not os.path.isdir(folder):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path)
            else:
                yield entry
