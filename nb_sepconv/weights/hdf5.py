"""Reading datasets of an HDF5 file through h5py, with nothing followed out of the file and no size believed unchecked."""

from contextlib import contextmanager

import numpy as np

from nb_sepconv.weights import element_types
from nb_sepconv.weights.errors import WeightsError, located
from nb_sepconv.weights.hdf5_checks import check_dataset, require_apart

SIGNATURE = b"\x89HDF\r\n\x1a\n"
DEEPEST = 64


class Hdf5:
    """The datasets and the text attributes of an HDF5 file, by path.

    Args:
        path: str, the file, or its name for errors where ``stream`` holds it.
        stream: a binary file object, or None.
    """

    format = "Keras HDF5"

    def __init__(self, path, stream=None):
        self.path = path
        self._h5py = import_h5py()
        with self._guarded("an HDF5 file"):
            self._file = self._h5py.File(stream or path, "r")
        self.close = self._file.close
        try:
            self._list()
        except BaseException:
            self.close()
            raise

    def read(self, name):
        """The dataset at that path as an array."""
        info, dataset = self.tensors[name], self._datasets[name]
        everything = self._h5py.h5s.ALL
        with self._guarded(f"the values of {name!r}"):
            if info.type_name == element_types.BFLOAT16:
                stored = np.empty(info.shape, "V2")
                dataset.id.read(everything, everything, stored)
                return element_types.from_raw(stored.view("<u2"), info.type_name)
            values = np.empty(info.shape, info.dtype)
            dataset.id.read(everything, everything, values)
            return values

    def group(self, path):
        """The names of the members of a group."""
        return self._members[path]

    def text(self, path, name):
        """An attribute of a group: str, list of str, or None where it is missing."""
        with self._guarded(f"text as the attribute {name!r} of {path!r}"):
            attributes = self._file[path].attrs
            return _as_text(attributes[name]) if name in attributes else None

    def _list(self):
        """Find every dataset, each by one path, and check all of them together."""
        self._members, self._datasets = {}, {}
        with self._guarded("the tree of an HDF5 file"):
            self._walk(self._file, "", set())
            self.tensors = {name: check_dataset(name, dataset) for name, dataset in self._datasets.items()}
            require_apart(self._datasets)

    def _walk(self, group, path, seen):
        address = self._h5py.h5o.get_info(group.id).addr
        if address in seen or path.count("/") > DEEPEST:
            raise WeightsError(f"expected a tree of at most {DEEPEST} levels without cycles; {path!r} is reached again")
        seen.add(address)
        self._members[path or "/"] = list(group)
        for name in group:
            self._visit(group, name, f"{path}/{name}" if path else name, seen)

    def _visit(self, group, name, path, seen):
        if not isinstance(group.get(name, getlink=True), self._h5py.HardLink):
            raise WeightsError(f"expected no soft or external links; {path!r} is one")
        member = group[name]
        if isinstance(member, self._h5py.Group):
            self._walk(member, path, seen)
        elif isinstance(member, self._h5py.Dataset):
            self._datasets[path] = member
        else:
            raise WeightsError(f"expected groups and datasets; {path!r} is neither")

    @contextmanager
    def _guarded(self, what):
        """Turn whatever h5py says of malformed bytes into a WeightsError."""
        try:
            with located(self.path):
                yield
        except (FileNotFoundError, PermissionError, IsADirectoryError, MemoryError, WeightsError):
            raise
        except Exception as error:
            raise WeightsError(f"expected {what}; {type(error).__name__}: {error}", self.path) from error


def is_hdf5(file):
    """Whether a file has the signature of HDF5 at a place where it may stand."""
    offset = 0
    while offset + len(SIGNATURE) <= file.size:
        if file.read(offset, len(SIGNATURE), "a signature") == SIGNATURE:
            return True
        offset = max(512, 2 * offset)
    return False


def import_h5py():
    """The package h5py, or an ImportError that says how to get it."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError("Reading and writing HDF5 needs h5py: pip install 'nb_sepconv[hdf5]'") from error
    return h5py


def _as_text(value):
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode()
    return [item if isinstance(item, str) else item.decode() for item in np.asarray(value).ravel().tolist()]
