"""Reading and writing of NumPy's ``.npz``, without pickles."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights import element_types, memory
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.zip_archive import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb_sepconv.tensors.typing import Array, FilePath

SUFFIX = ".npy"
CHUNK_BYTES = 1 << 20
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
PLAIN_KINDS = "biufcSU"


class _Header(NamedTuple):
    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype


class Npz:
    """An ``.npz`` archive; only the headers of its arrays are read at first.

    Args:
        path: str.
    """

    format = "NumPy .npz"

    def __init__(self, path: FilePath) -> None:
        self.path = path
        self._archive = Archive(path)
        self.close: Callable[[], object] = self._archive.close
        try:
            self.tensors: dict[str, TensorInfo] = dict(self._describe(member) for member in self._archive.names)
        except BaseException:
            self.close()
            raise

    def read(self, name: str) -> Array:
        """The array of that name; the CRC-32 of its member is verified."""
        with self._archive.open(name + SUFFIX) as stream:
            header = _read_header(stream)
            self._check(name, header, stream.tell())
            raw = memory.empty(header.shape[::-1] if header.fortran_order else header.shape, header.dtype)
            if raw.dtype.itemsize:
                _fill(stream, raw)
            if stream.read(1):
                raise WeightsError(f"expected the end of {name!r}", self.path)
        with located(self.path):
            return _as_array(raw.T if header.fortran_order else raw)

    def _describe(self, member):
        if not member.endswith(SUFFIX):
            raise WeightsError(f"expected members that end in {SUFFIX}; received {member!r}", self.path)
        name = member.removesuffix(SUFFIX)
        with self._archive.open(member) as stream:
            header = _read_header(stream)
            self._check(name, header, stream.tell())
            size = self._archive.size(member) - stream.tell()
        dtype = _loaded_dtype(header.dtype)
        type_name = element_types.BFLOAT16 if header.dtype == np.dtype("V2") else header.dtype.name
        return name, TensorInfo(header.shape, dtype, type_name, size)

    def _check(self, name, header, start):
        """The declared size of the member must be that of the array; objects are a pickle, which has no such size."""
        with located(self.path):
            count = element_types.element_count(header.shape)
        if header.dtype.hasobject:
            return
        expected, declared = start + count * header.dtype.itemsize, self._archive.size(name + SUFFIX)
        if expected != declared:
            raise WeightsError(f"expected {expected} bytes for {name!r}; its member has {declared}", self.path)


def write_npz(path: FilePath, tensors: Mapping[str, Any]) -> None:
    """Write an uncompressed ``.npz``.

    Args:
        path: str.
        tensors: mapping of str to array.
    """
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in tensors:
            array = _as_stored(name, np.asarray(tensors[name]))
            with archive.open(zipfile.ZipInfo(name + SUFFIX), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _read_header(stream):
    version = np.lib.format.read_magic(stream)
    if version not in READERS:
        raise WeightsError(f"expected the .npy format 1.0 or 2.0; received {version}")
    return _Header(*READERS[version](stream))


def _fill(stream, raw):
    octets = memoryview(raw.reshape(-1).view(np.uint8))
    position = 0
    while position < octets.nbytes:
        chunk = stream.read(min(CHUNK_BYTES, octets.nbytes - position))
        if not chunk:
            raise WeightsError(f"expected {octets.nbytes} bytes of values; received {position}")
        octets[position : position + len(chunk)] = chunk
        position += len(chunk)


def _loaded_dtype(dtype):
    """The dtype of the array a user gets; ``V2`` is what NumPy makes of bfloat16."""
    if dtype == np.dtype("V2"):
        return element_types.array_dtype(element_types.BFLOAT16)
    return dtype.newbyteorder("=") if dtype.kind in PLAIN_KINDS else None


def _as_array(raw):
    if raw.dtype == np.dtype("V2"):
        return element_types.from_raw(np.ascontiguousarray(raw).view("<u2"), element_types.BFLOAT16)
    if raw.dtype == np.bool_:
        return element_types.from_raw(raw.view(np.uint8), "bool")
    return raw.astype(raw.dtype.newbyteorder("="), copy=False)


def _as_stored(name, array):
    if array.dtype.name == element_types.BFLOAT16:
        return array.view("V2")
    if array.dtype.kind == "O":
        array = np.array([element_types.as_bytes(name, item) for item in array.ravel()]).reshape(array.shape)
    if array.dtype.kind not in PLAIN_KINDS:
        raise ValueError(f"The array `{name}` cannot be stored in an .npz. Received: dtype={array.dtype}")
    return array
