"""Reading of HDF5 files as Keras writes them, strictly and in Python alone.

The library behind h5py never returns from some damaged files, so that it is not asked to read any.
Every structure is checked against the others, and no byte of the file may belong to two of them.
"""

from nb_sepconv.weights.hdf5.file import Hdf5, is_hdf5

__all__ = ["Hdf5", "is_hdf5"]
