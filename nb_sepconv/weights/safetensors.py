"""Reading and writing of ``.safetensors``: a JSON header that places tensors in the bytes behind it.

The format has no checksums. What is written here carries them in its metadata, where other readers ignore them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights import element_types, memory
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.tensorflow.crc32c import crc32c
from nb_sepconv.weights.verified_read import read_with_crc
from nb_sepconv.weights.verified_write import write_with_crc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb_sepconv.tensors.typing import Array, FilePath

LENGTH_BYTES = 8
LARGEST_HEADER_BYTES = 100_000_000
METADATA = "__metadata__"
HEADER_CRC, TENSOR_CRCS = "nb_sepconv.header_crc32c", "nb_sepconv.tensor_crc32c"
TYPE_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
}
CODES = {name: code for code, name in TYPE_NAMES.items()}


class _Place(NamedTuple):
    type_name: str
    shape: tuple[int, ...]
    start: int
    stop: int


class Safetensors:
    """A ``.safetensors`` file; only its header is read at first.

    Args:
        path: str.
    """

    format = "safetensors"

    def __init__(self, path: FilePath) -> None:
        self._file = RandomAccessFile(path)
        self.path: str = self._file.path
        self.close: Callable[[], object] = self._file.close
        header, self._data_start = _read_header(self._file)
        with located(self.path, LENGTH_BYTES):
            metadata = _metadata(header)
            self._places = {name: _parse_place(name, entry) for name, entry in header.items()}
            _check_places(self._places, self._file.size - self._data_start)
            self._crcs = _checksums(metadata, header, self._places)
        self.tensors: dict[str, TensorInfo] = {name: _describe(place) for name, place in self._places.items()}

    def read(self, name: str) -> Array:
        """The tensor of that name as an array."""
        place, what = self._places[name], f"the tensor {name!r}"
        if self.tensors[name].dtype is None:
            raise WeightsError(f"{what} has the type {place.type_name}, which needs the package ml_dtypes", self.path)
        offset = self._data_start + place.start
        self._file.require(offset, place.stop - place.start, what)
        raw = memory.empty(place.shape, element_types.raw_dtype(place.type_name))
        if name not in self._crcs:
            self._file.read_into(offset, raw.reshape(-1).view(np.uint8), what)
        elif read_with_crc(self._file, offset, raw, what) != self._crcs[name]:
            raise WeightsError(f"the checksum of {what} does not match its bytes", self.path, offset)
        with located(self.path, offset):
            return element_types.from_raw(raw, place.type_name)


def write_safetensors(path: FilePath, tensors: Mapping[str, Any]) -> None:
    """Write a ``.safetensors`` file.

    Args:
        path: str.
        tensors: mapping of str to array.
    """
    header, position = {}, 0
    for name in tensors:
        array = np.asarray(tensors[name])
        header[name] = _entry(name, array, position)
        position += array.nbytes
    with replacing(path) as file:
        placeholder = _with_checksums(header, [0] * len(header))
        file.write(placeholder)
        crcs = [write_with_crc(file, tensors[name]) for name in tensors]
        file.seek(0)
        file.write(_with_checksums(header, crcs))


def is_safetensors(file: RandomAccessFile) -> bool:
    """Whether a file starts as these do: the length of a JSON object, then the object."""
    if file.size < LENGTH_BYTES + 2:
        return False
    start = file.read(0, LENGTH_BYTES + 1, "the length of a header")
    return int.from_bytes(start[:LENGTH_BYTES], "little") <= file.size - LENGTH_BYTES and start[LENGTH_BYTES:] == b"{"


def _read_header(file):
    length = int.from_bytes(file.read(0, LENGTH_BYTES, "the length of the header"), "little")
    if length > LARGEST_HEADER_BYTES:
        raise WeightsError(
            f"expected a header of at most {LARGEST_HEADER_BYTES} bytes; {length} are declared", file.path, 0
        )
    stored = file.read(LENGTH_BYTES, length, "the header")
    try:
        header = json.loads(stored.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"expected a JSON object; {error}", file.path, LENGTH_BYTES) from None
    if not isinstance(header, dict):
        raise WeightsError("expected a JSON object", file.path, LENGTH_BYTES)
    return header, LENGTH_BYTES + length


def _unique(pairs):
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("a name occurs twice")
    return keys


def _metadata(header):
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise WeightsError("expected metadata that maps names to text")
    return metadata


def _parse_place(name, entry):
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise WeightsError(f"expected `dtype`, `shape` and `data_offsets` for {name!r}")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in TYPE_NAMES:
        raise WeightsError(f"expected a type among {', '.join(TYPE_NAMES)} for {name!r}; received {code!r}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise WeightsError(f"expected lists of sizes as the shape and the offsets of {name!r}")
    place = _Place(TYPE_NAMES[code], tuple(shape), *offsets)
    needed = element_types.element_count(place.shape) * element_types.raw_dtype(place.type_name).itemsize
    if place.stop - place.start != needed:
        raise WeightsError(f"expected {needed} bytes for {name!r}; its offsets span {place.stop - place.start}")
    return place


def _are_sizes(values):
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _check_places(places, data_bytes):
    """The tensors must fill the data without holes and without sharing."""
    position = 0
    for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].stop)):
        if place.start != position:
            raise WeightsError(f"expected {name!r} at byte {position} of the data; its offset is {place.start}")
        position = place.stop
    if position != data_bytes:
        raise WeightsError(f"expected {position} bytes of data; the file has {data_bytes}")


def _checksums(metadata, header, places):
    """The checksum of each tensor, where the file carries them."""
    if HEADER_CRC in metadata and metadata[HEADER_CRC] != _header_crc(header):
        raise WeightsError("the checksum of the header does not match it")
    if TENSOR_CRCS not in metadata:
        return {}
    crcs = metadata[TENSOR_CRCS].split()
    if len(crcs) != len(places) or not all(len(crc) == 8 and set(crc) <= set("0123456789abcdef") for crc in crcs):
        raise WeightsError(f"expected {len(places)} checksums of 8 digits as `{TENSOR_CRCS}`")
    return {name: int(crc, 16) for name, crc in zip(places, crcs, strict=True)}


def _describe(place):
    return TensorInfo(
        place.shape, element_types.array_dtype(place.type_name), place.type_name, place.stop - place.start
    )


def _entry(name, array, position):
    if name == METADATA or array.dtype.name not in CODES:
        raise ValueError(f"The array `{name}` cannot be stored in a .safetensors. Received: dtype={array.dtype}")
    return {
        "dtype": CODES[array.dtype.name],
        "shape": list(array.shape),
        "data_offsets": [position, position + array.nbytes],
    }


def _header_crc(header):
    return f"{crc32c(json.dumps(header).encode()):08x}"


def _with_checksums(header, crcs):
    """The bytes before the data, whose length does not depend on the checksums."""
    metadata = {HEADER_CRC: _header_crc(header), TENSOR_CRCS: " ".join(f"{crc:08x}" for crc in crcs)}
    text = json.dumps({METADATA: metadata, **header}).encode()
    text = text.ljust(-(-len(text) // LENGTH_BYTES) * LENGTH_BYTES)
    return len(text).to_bytes(LENGTH_BYTES, "little") + text
