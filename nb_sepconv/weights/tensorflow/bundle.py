"""Reading of TensorFlow V2 checkpoints: an index table that places tensors in data files (core/util/tensor_bundle)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.foreign import pointers_named
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights import element_types, memory
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.tensorflow import string_tensor
from nb_sepconv.weights.tensorflow.crc32c import masked
from nb_sepconv.weights.tensorflow.ordered_code import slice_key
from nb_sepconv.weights.tensorflow.protobuf import BYTES, FIXED32, VARINT, last, message, text
from nb_sepconv.weights.tensorflow.slices import paste_slices
from nb_sepconv.weights.tensorflow.sstable import Table
from nb_sepconv.weights.tensorflow.tensor_messages import parse_shape, parse_slice, type_name
from nb_sepconv.weights.verified_read import read_with_crc

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

NEWEST_FORMAT = 1
MOST_SHARDS = 99_999
HEADER_KEY = b""


class Header(NamedTuple):
    """The header of an index."""

    shards: int
    big_endian: bool


class Entry(NamedTuple):
    """Where a tensor, or a slice of one, lies."""

    type_name: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    slices: tuple[Any, ...]


class Bundle:
    """A V2 checkpoint; only the index is read at first.

    Args:
        prefix: str, the path without ``.index``.
    """

    format = "TensorFlow V2 checkpoint"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        with RandomAccessFile(f"{prefix}.index") as index:
            self.path: str = index.path
            with pointers_named(index):
                self._header, self._entries = _read_index(index)
        self._files = {}
        names = [name for name in self._entries if not name.startswith("\0")]
        self.tensors: dict[str, TensorInfo] = {name: self._describe(name, self._entries[name]) for name in names}

    def close(self) -> None:
        """Close the data files; reading opens them again."""
        while self._files:
            self._files.popitem()[1].close()

    def fingerprint(self, name: str) -> tuple[Any, ...]:
        """What tells the value of a tensor from others without reading it."""
        entry = self._entries[name]
        return entry.type_name, entry.shape, entry.size, entry.crc, name if entry.slices else None

    def read(self, name: str) -> Array:
        """The tensor of that name as an array; its checksum is verified."""
        info, entry = self.tensors[name], self._entries[name]
        if info.dtype is None:
            raise WeightsError(f"the tensor {name!r} has the type {info.type_name}, which no array holds", self.path)
        if entry.slices:
            return self._read_slices(name, info, entry)
        return self._read_entry(name, entry)

    def _describe(self, name, entry):
        with located(self.path):
            count = element_types.element_count(entry.shape)
        nbytes = entry.size
        if entry.type_name != element_types.STRING and element_types.array_dtype(entry.type_name) is not None:
            nbytes = count * element_types.raw_dtype(entry.type_name).itemsize
            if not entry.slices and nbytes != entry.size:
                raise WeightsError(f"the tensor {name!r} needs {nbytes} bytes; its entry has {entry.size}", self.path)
        return TensorInfo(entry.shape, element_types.array_dtype(entry.type_name), entry.type_name, nbytes)

    def _read_slices(self, name, info, entry):
        pieces = []
        for extents in entry.slices:
            piece = self._entries.get(slice_key(name, extents).decode("latin-1"))
            if piece is None or piece.type_name != entry.type_name:
                raise WeightsError(f"expected the slice {list(extents)} of {name!r}", self.path)
            pieces.append((extents, self._read_entry(name, piece)))
        with located(self.path):
            return paste_slices(name, info, pieces)

    def _read_entry(self, name, entry):
        file = self._shard(entry.shard)
        what = f"the tensor {name!r}"
        with pointers_named(file):
            file.require(entry.offset, entry.size, what)
        if entry.type_name == element_types.STRING:
            stored = file.read(entry.offset, entry.size, what)
            with located(file.path, entry.offset):
                return string_tensor.decode(stored, entry.shape, entry.crc)
        raw = memory.empty(entry.shape, element_types.raw_dtype(entry.type_name))
        if masked(read_with_crc(file, entry.offset, raw, what)) != entry.crc:
            raise WeightsError(f"the checksum of {what} does not match its bytes", file.path, entry.offset)
        if self._header.big_endian:
            raw.byteswap(inplace=True)
        with located(file.path, entry.offset):
            return element_types.from_raw(raw, entry.type_name)

    @property
    def shards(self) -> int:
        """The number of data files."""
        return self._header.shards

    def _shard(self, number):
        if number not in self._files:
            path = data_path(self.prefix, number, self._header.shards)
            try:
                self._files[number] = RandomAccessFile(path)
            except FileNotFoundError:
                raise WeightsError(f"expected the data file {path}, which is missing", self.path) from None
        return self._files[number]


def data_path(prefix: str, shard: int, shards: int) -> str:
    """The path of a data file."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def is_v1_header(value: bytes | memoryview) -> bool:
    """Whether the first value of a table belongs to a V1 checkpoint, whose field 1 is a message and not a number."""
    return bool(len(value)) and value[0] & 7 == BYTES


def _read_index(file):
    rows = iter(Table(file))
    key, value = next(rows, (None, b""))
    if key != HEADER_KEY or is_v1_header(value):
        raise WeightsError("expected the header of a V2 checkpoint as the first entry", file.path, 0)
    with located(file.path):
        header = _parse_header(value)
        entries = {}
        for key, value in rows:
            name = key.decode("latin-1") if key.startswith(b"\0") else text(key)
            entries[name] = _parse_entry(name, value, header)
    return header, entries


def _parse_header(value):
    known = message(value, {1: VARINT, 2: VARINT, 3: BYTES})
    shards, byte_order = last(known[1]), last(known[2])
    oldest_reader = last(message(last(known[3], b""), {2: VARINT})[2])
    if not 0 < shards <= MOST_SHARDS:
        raise WeightsError(f"expected 1 to {MOST_SHARDS} data files; the header has {shards}")
    if byte_order > 1:
        raise WeightsError(f"expected the byte order 0 (little) or 1 (big); the header has {byte_order}")
    if oldest_reader > NEWEST_FORMAT:
        raise WeightsError(f"expected a format up to {NEWEST_FORMAT}; the header asks for {oldest_reader}")
    return Header(shards, byte_order == 1)


def _parse_entry(name, value, header):
    known = message(value, {1: VARINT, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: FIXED32, 7: BYTES})
    shape = parse_shape(last(known[2], b""))
    shard = last(known[3])
    if shard >= header.shards:
        raise WeightsError(f"expected {name!r} in one of {header.shards} data files; its entry names file {shard}")
    slices = tuple(parse_slice(piece, len(shape)) for piece in known[7])
    return Entry(type_name(last(known[1])), shape, shard, last(known[4]), last(known[5]), last(known[6]), slices)
