"""Files of every kind that a job writes."""

import numpy as np
import pytest

NAMES = ["a.npy", "a.h5", "a.hdf5:/group/y", "a.zarr"]


def loaded(path):
    """The array of a finished destination, as its library reads it."""
    file, _, name = str(path).partition(":/")
    if file.endswith(".npy"):
        return np.load(file)
    if file.endswith(".zarr"):
        return pytest.importorskip("zarr", minversion="3").open_array(file, mode="r")[...]
    with pytest.importorskip("h5py").File(file, "r") as opened_file:
        return opened_file[name or "outputs"][...]


def require(name):
    if ".h" in name:
        pytest.importorskip("h5py")
