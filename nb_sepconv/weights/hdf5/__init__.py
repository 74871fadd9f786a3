"""Reading of HDF5 files as Keras writes them, strictly and in Python alone.

The library behind h5py never returns from some damaged files, and others end the process. What only that library reads
is therefore copied into a plain file by a process of its own, with limits, and read from there.
Every structure is checked against the others, and no byte of the file may belong to two of them.
"""

from nb_sepconv.weights.hdf5.claims import UnusualHdf5
from nb_sepconv.weights.hdf5.copying import plain_copy
from nb_sepconv.weights.hdf5.file import Hdf5, is_hdf5

__all__ = ["Hdf5", "UnusualHdf5", "is_hdf5", "plain_copy"]
