"""Writing of sorted string tables, uncompressed, as TensorFlow writes its indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from nb_sepconv.weights.tensorflow.crc32c import crc32c, masked
from nb_sepconv.weights.tensorflow.protobuf import write_varint
from nb_sepconv.weights.tensorflow.sstable import FOOTER_BYTES, MAGIC, UNCOMPRESSED, Handle

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK_BYTES = 1 << 18
RESTART_INTERVAL = 16


def write_table(file: BinaryIO, rows: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a table to an open binary file.

    Args:
        file: writable, at its start.
        rows: (key, value) pairs of bytes, in ascending order of their keys.
    """
    index, block, size, key = [], [], 0, b""
    for key, value in rows:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= BLOCK_BYTES:
            index.append((key, _handle(_write_block(file, block))))
            block, size = [], 0
    if block:
        index.append((key, _handle(_write_block(file, block))))
    metaindex = _handle(_write_block(file, []))
    handles = metaindex + _handle(_write_block(file, index, restart_interval=1))
    file.write(handles.ljust(FOOTER_BYTES - 8, b"\0") + MAGIC.to_bytes(8, "little"))


def _write_block(file, rows, restart_interval=RESTART_INTERVAL):
    handle_offset = file.tell()
    contents = _block(rows, restart_interval)
    stored = contents + bytes([UNCOMPRESSED])
    file.write(stored + masked(crc32c(stored)).to_bytes(4, "little"))
    return Handle(handle_offset, len(contents))


def _block(rows, restart_interval):
    contents, restarts, previous = bytearray(), [], b""
    for number, (key, value) in enumerate(rows):
        if number % restart_interval == 0:
            restarts.append(len(contents))
            previous = b""
        shared = _shared_length(previous, key)
        contents += (
            write_varint(shared) + write_varint(len(key) - shared) + write_varint(len(value)) + key[shared:] + value
        )
        previous = key
    restarts = restarts or [0]
    return bytes(contents) + b"".join(number.to_bytes(4, "little") for number in [*restarts, len(restarts)])


def _shared_length(first, second):
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return length


def _handle(handle):
    return write_varint(handle.offset) + write_varint(handle.size)
