"""Destinations in HDF5: a contiguous dataset, written at its place, so that no kill can tear the file's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.destinations.file_destination import FileDestination, require_plain_float
from nb_sepconv.batch.needed import needed
from nb_sepconv.files.preallocated import allocate
from nb_sepconv.files.stored_array import StoredArray

if TYPE_CHECKING:
    import numpy as np

DATASET = "/outputs"


class Hdf5Destination(FileDestination):
    """A file with one dataset.

    Args:
        path: str.
        channels_last: bool.
        inside: str or None, the dataset's name; "/outputs" if None.
    """

    def __init__(self, path: str, channels_last: bool, inside: str | None) -> None:
        super().__init__(path, channels_last)
        self.inside: str = inside or DATASET

    def _make(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray:
        require_plain_float(dtype, "HDF5")
        h5py = needed("h5py", "HDF5")
        with h5py.File(self.part_path, "w", libver=("earliest", "v110")) as file:
            settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            dataset = file.create_dataset(self.inside, shape, dtype, dcpl=settings)
            stored = StoredArray(dataset.id.get_offset() or 0, dtype, shape)
        allocate(self.part_path, stored.nbytes, stored.offset, new=False)
        return stored

    def _found(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray | None:
        h5py = needed("h5py", "HDF5")
        try:
            with h5py.File(self.part_path, "r") as file:
                dataset = file[self.inside]
                if (dataset.shape, dataset.dtype) == (shape, dtype):
                    return StoredArray(dataset.id.get_offset() or 0, dtype, shape)
        except FileNotFoundError:
            raise
        except (OSError, KeyError):  # it was not made to its end
            pass
        return None
