"""Sources in HDF5 files: contiguous datasets are read at their place, all others by h5py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.needed import needed
from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.arrays import ArraySource
from nb_sepconv.batch.sources.errors import SourceError, read_by
from nb_sepconv.batch.sources.file_source import FileSource, open_file
from nb_sepconv.batch.sources.stored import StoredSource
from nb_sepconv.files.reopened import Reopened
from nb_sepconv.files.stored_array import StoredArray

if TYPE_CHECKING:
    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.tensors.typing import Array

ERRORS = OSError, RuntimeError, KeyError, ValueError, TypeError


def open_hdf5(request: Request) -> FileSource:
    """A dataset of a file: the one called ``inside``, or the only one."""
    path = request.path
    open_file(path).close()  # its errors name the file
    with read_by("h5py", path, *ERRORS), _open(path) as file:
        dataset = _dataset(file, request.inside, path)
        own = axes.stored_dtype(dataset.dtype, request.dtype, path)
        shape, places = axes.canonical(dataset.shape, request.channels_last, path)
        if not _is_at_one_place(dataset):
            source = Hdf5Source(request, shape, own, Reopened(_open, path))
            source.inside = dataset.name
            return source
        stored = StoredArray(dataset.id.get_offset(), own, dataset.shape)
    _check_size(stored, path)
    return StoredSource(request, stored, places)


class Hdf5Source(FileSource):
    """A dataset in chunks, which may be compressed."""

    inside: str

    def identity(self) -> dict[str, Any]:
        """That of the file, and the dataset's name."""
        return {**super().identity(), "dataset": self.inside}

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of its examples, from ``first`` on."""
        with read_by("h5py", self.path, *ERRORS):
            dataset = self._opened()[self.inside]
            ArraySource(dataset, self.name, self.channels_last, self.dtype).read(start, stop, out, first)


def _open(path: str) -> Any:
    return needed("h5py", "HDF5").File(path, "r")


def _dataset(file: Any, inside: str | None, path: str) -> Any:
    if inside is not None and hasattr(file.get(inside), "dtype"):
        return file[inside]
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "dtype") else None)
    if inside is None and len(found) == 1:
        return file[found[0]]
    asked = f"no dataset {inside!r}" if inside is not None else f"{len(found)} datasets, and none was named"
    names = ", ".join(f"{path}:/{name}" for name in found[:20])
    raise SourceError(f"expected the name of a dataset behind a colon; it has {asked}: {names}", path)


def _is_at_one_place(dataset: Any) -> bool:
    """Whether the numbers lie in the file itself, in one piece."""
    elsewhere = dataset.chunks is not None or dataset.external is not None or dataset.is_virtual
    return not elsewhere and dataset.id.get_offset() is not None and not dataset.file.userblock_size


def _check_size(stored: StoredArray, path: str) -> None:
    with open_file(path) as file:
        file.require(stored.offset, stored.nbytes, "the dataset")
