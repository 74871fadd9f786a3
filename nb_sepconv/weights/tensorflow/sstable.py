"""Reading of sorted string tables (LevelDB's format), the container of TensorFlow's indexes and V1 checkpoints."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights.tensorflow import snappy
from nb_sepconv.weights.tensorflow.crc32c import crc32c, masked
from nb_sepconv.weights.tensorflow.protobuf import read_varint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.files.random_access import RandomAccessFile

MAGIC = 0xDB4775248B80FB57
FOOTER_BYTES = 48
TRAILER_BYTES = 5
UNCOMPRESSED, SNAPPY = 0, 1


class Handle(NamedTuple):
    """Where a block lies; the trailer of five bytes after it is not counted."""

    offset: int
    size: int


class Table:
    """A table in an open file; blocks are read when asked for and each one's checksum is verified.

    Args:
        file: RandomAccessFile.
    """

    def __init__(self, file: RandomAccessFile) -> None:
        self.file = file
        metaindex, index = _read_footer(file)
        with located(file.path, metaindex.offset):
            self._read_entries(metaindex)
        entries = self._read_entries(index)
        with located(file.path, index.offset):
            self._handles = [_parse_handle(value, 0)[0] for _, value in entries]
        self._last_keys = [key for key, _ in entries]

    def __iter__(self) -> Iterator[tuple[bytes, memoryview]]:
        """Yield every (key, value) in order."""
        previous = None
        for handle in self._handles:
            for key, value in self._read_entries(handle):
                if previous is not None and key <= previous:
                    raise WeightsError(
                        f"expected a key after {previous!r}; received {key!r}", self.file.path, handle.offset
                    )
                yield key, value
                previous = key

    def get(self, key: bytes) -> memoryview | None:
        """The value of a key, or None; reads one block."""
        index = bisect_left(self._last_keys, key)
        if index == len(self._handles):
            return None
        return dict(self._read_entries(self._handles[index])).get(key)

    def _read_entries(self, handle):
        block = self._read_block(handle)
        with located(self.file.path, handle.offset):
            entries = list(_parse_block(block))
            for (before, _), (after, _) in pairwise(entries):
                if after <= before:
                    raise WeightsError(f"expected a key after {before!r}; received {after!r}")
        return entries

    def _read_block(self, handle):
        stored = self.file.read(handle.offset, handle.size + TRAILER_BYTES, "a block of the table")
        checksum = int.from_bytes(stored[-4:], "little")
        if masked(crc32c(stored[:-4])) != checksum:
            raise WeightsError("the checksum of a block does not match its bytes", self.file.path, handle.offset)
        contents, kind = memoryview(stored)[:-TRAILER_BYTES], stored[-TRAILER_BYTES]
        with located(self.file.path, handle.offset):
            if kind == SNAPPY:
                return snappy.decode(contents)
            if kind != UNCOMPRESSED:
                raise WeightsError(f"expected a block of type 0 (plain) or 1 (Snappy); received {kind}")
        return contents


def is_table(file: RandomAccessFile) -> bool:
    """Whether a file ends as a table does."""
    return file.size >= FOOTER_BYTES and _magic(file) == MAGIC


def _magic(file):
    return int.from_bytes(file.read(file.size - 8, 8, "the magic number of a table"), "little")


def _read_footer(file):
    """The handles of the metaindex block and of the index block."""
    if file.size < FOOTER_BYTES:
        raise WeightsError(f"expected a table of at least {FOOTER_BYTES} bytes; the file has {file.size}", file.path, 0)
    start = file.size - FOOTER_BYTES
    if _magic(file) != MAGIC:
        raise WeightsError(f"expected the magic number {MAGIC:#x} of a table", file.path, file.size - 8)
    footer = file.read(start, FOOTER_BYTES, "the footer of a table")
    with located(file.path, start):
        metaindex, position = _parse_handle(footer, 0)
        index, position = _parse_handle(footer, position)
        if any(footer[position:-8]):
            raise WeightsError("expected zeros after the handles of the footer", offset=position)
        if max(handle.offset + handle.size + TRAILER_BYTES for handle in (metaindex, index)) > start:
            raise WeightsError("expected the blocks of the table before its footer", offset=0)
    return metaindex, index


def _parse_handle(data, position):
    offset, position = read_varint(data, position)
    size, position = read_varint(data, position)
    return Handle(offset, size), position


def _parse_block(block):
    """Yield (key, value) of a block, whose keys leave out what they share with the key before."""
    block = memoryview(block)
    end = _end_of_entries(block)
    key = b""
    position = 0
    while position < end:
        start = position
        shared, position = read_varint(block, position)
        unshared, position = read_varint(block, position)
        size, position = read_varint(block, position)
        if shared > len(key) or position + unshared + size > end:
            raise WeightsError("expected an entry that fits its block", offset=start)
        key = key[:shared] + bytes(block[position : position + unshared])
        position += unshared
        yield key, block[position : position + size]
        position += size


def _end_of_entries(block):
    """Where the list of restart points begins."""
    if len(block) < 4:
        raise WeightsError(f"expected a block of at least 4 bytes; received {len(block)}", offset=0)
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    if end < 0:
        raise WeightsError("expected restart points that fit the block", offset=len(block) - 4)
    return end
