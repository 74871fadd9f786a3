"""Keys of tensor slices, in TensorFlow's order-preserving code (core/lib/strings/ordered_code.cc)."""

from __future__ import annotations

from typing import Any

WHOLE = -1


def slice_key(name: str, extents: Any) -> bytes:
    """The key under which a slice of a tensor is stored.

    Args:
        name: str, the tensor.
        extents: one (start, length) for each dimension; length -1 stands for the whole dimension.

    Returns:
        bytes.

    >>> slice_key("emb/w", [(0, 3), (0, -1)]).hex()
    '00656d622f77000101028083807f'
    """
    key = bytearray(_unsigned(0) + _string(name.encode()) + _unsigned(len(extents)))
    for start, length in extents:
        key += _signed(start) + _signed(length)
    return bytes(key)


def _unsigned(value):
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _string(value):
    escapes = {0: b"\0\xff", 255: b"\xff\0"}
    return b"".join(escapes.get(octet, bytes([octet])) for octet in value) + b"\0\1"


def _signed(value):
    """``n`` bytes hold -2**(7n-1) up to 2**(7n-1): n ones, the inverted sign, then the value in two's complement."""
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    header = ((1 << size) - 1) << (7 * size)
    return ((value & ((1 << 8 * size) - 1)) ^ header).to_bytes(size, "big")
