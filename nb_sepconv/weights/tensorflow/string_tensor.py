"""Tensors of strings in V2 checkpoints: all lengths, a checksum of them, then all bytes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.tensorflow.crc32c import crc32c, masked
from nb_sepconv.weights.tensorflow.protobuf import read_varint, write_varint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array

CHECKSUM_BYTES = 4


def decode(stored: bytes, shape: Sequence[int], crc: int) -> Array:
    """An object array of bytes from what is stored; ``crc`` is the masked checksum in the tensor's entry."""
    count = prod(shape)
    if count > len(stored):
        raise WeightsError(f"expected at least one byte for each of {count} strings; received {len(stored)}", offset=0)
    lengths, position = [], 0
    for _ in range(count):
        length, position = read_varint(stored, position)
        lengths.append(length)
    start = position + CHECKSUM_BYTES
    if start + sum(lengths) != len(stored):
        raise WeightsError(f"expected {start + sum(lengths)} bytes of strings; received {len(stored)}", offset=0)
    if _checksum(lengths, stored[position:start], stored[start:]) != (stored[position:start], crc):
        raise WeightsError("the checksum of the strings does not match their bytes", offset=0)
    return _split(stored[start:], lengths, shape)


def encode(strings: Any) -> tuple[bytes, int]:
    """The bytes to store for a list of bytes, and the masked checksum for the entry."""
    lengths = [len(string) for string in strings]
    data = b"".join(strings)
    lengths_checksum = masked(crc32c(_fixed(lengths))).to_bytes(CHECKSUM_BYTES, "little")
    checksum = _checksum(lengths, lengths_checksum, data)[1]
    return b"".join(write_varint(length) for length in lengths) + lengths_checksum + data, checksum


def _checksum(lengths, lengths_checksum, data):
    """The stored checksum of the lengths, and the one of the entry, which runs on over that and the data."""
    crc = crc32c(_fixed(lengths))
    expected = masked(crc).to_bytes(CHECKSUM_BYTES, "little")
    return expected, masked(crc32c(data, crc32c(lengths_checksum, crc)))


def _fixed(lengths):
    return b"".join(length.to_bytes(4 if length < 1 << 32 else 8, "little") for length in lengths)


def _split(data, lengths, shape):
    strings = np.empty(len(lengths), object)
    position = 0
    for index, length in enumerate(lengths):
        strings[index] = data[position : position + length]
        position += length
    return strings.reshape(shape)
