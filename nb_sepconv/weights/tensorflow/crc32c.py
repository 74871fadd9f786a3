"""CRC-32C (Castagnoli), the checksum of TensorFlow's files: by bytes, by NumPy, or by a compiled kernel for long data.

Polynomial 0x82F63B78 in reflected order, first and last xor 0xFFFFFFFF (RFC 3720, appendix B.4).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

POLYNOMIAL = 0x82F63B78
ALL_ONES = 0xFFFFFFFF
MASK_DELTA = 0xA282EAD8

BYTEWISE_BELOW = 1024
ROW_BYTES = 64
MOST_ROWS = 16384
KERNEL_FROM_BYTES = 16 << 20
KERNEL_AFTER_BYTES = 64 << 20

_seen = {"bytes": 0}


def crc32c(data: Any, crc: int = 0) -> int:
    """The CRC-32C of ``data``, continued from the checksum ``crc`` of what came before it.

    Args:
        data: bytes or any C-contiguous buffer.
        crc: int, default 0.

    Returns:
        int in [0, 2**32).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    octets = np.frombuffer(data, np.uint8)
    state = crc ^ ALL_ONES
    if octets.size >= BYTEWISE_BELOW:
        update = _update_by_kernel if _worth_compiling(octets.size) else _update_by_rows
        state, octets = update(state, octets)
    return _update_bytewise(state, octets.tobytes()) ^ ALL_ONES


def joined(first: int, second: int, second_bytes: int) -> int:
    """The checksum of two stretches, one behind the other, from those of each and the length of the second."""
    for exponent in range(second_bytes.bit_length()):
        if second_bytes >> exponent & 1:
            first = int(_apply(_skip_tables(exponent), first))
    return first ^ second


def is_compiled() -> bool:
    """Whether long data is hashed by the kernel, which runs beside other threads."""
    return _seen["bytes"] >= KERNEL_AFTER_BYTES


def masked(crc: int) -> int:
    """The checksum as TensorFlow stores it, so that a checksum of data holding checksums stays useful."""
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & ALL_ONES


def _worth_compiling(size):
    """Whether so much data has come that the kernel's compilation pays; from then on it hashes all long data."""
    if size >= KERNEL_FROM_BYTES:
        _seen["bytes"] = KERNEL_AFTER_BYTES
    if _seen["bytes"] < KERNEL_AFTER_BYTES:
        _seen["bytes"] += size
    return _seen["bytes"] >= KERNEL_AFTER_BYTES


def _update_bytewise(state, data):
    table = _byte_list()
    for octet in data:
        state = table[(state ^ octet) & 255] ^ state >> 8
    return state


def _update_by_kernel(state, octets, width_bytes=None):
    from nb_sepconv.kernels import crc32c as checksum

    kernel = checksum.crc32c_kernel(checksum.multiplier_bytes() if width_bytes is None else width_bytes, POLYNOMIAL)
    whole = octets.size // 8 * 8
    words = np.frombuffer(octets[:whole], "<u8")
    lane_tables = _skip_tables(checksum.LANE_BYTES.bit_length() - 1)
    return int(kernel(words, state, _byte_tables(), lane_tables)), octets[whole:]


def _update_by_rows(state, octets):
    """Treat the data as rows of 64 bytes, hash all rows at once, then fold the rows pairwise."""
    while octets.size >= ROW_BYTES:
        rows = min(MOST_ROWS, 1 << (octets.size // ROW_BYTES).bit_length() - 1)
        words = np.frombuffer(octets[: rows * ROW_BYTES], "<u4").reshape(rows, ROW_BYTES // 4)
        states = np.zeros(rows, "<u4")
        states[0] = state
        state = int(_fold(_hash_rows(words, states)))
        octets = octets[rows * ROW_BYTES :]
    return state, octets


def _hash_rows(words, states):
    low, high = _half_word_tables()
    for column in np.ascontiguousarray(words.T):
        halves = (states ^ column).view("<u2")
        states = low.take(halves[0::2]) ^ high.take(halves[1::2])
    return states


def _fold(states):
    exponent = ROW_BYTES.bit_length() - 1
    while states.size > 1:
        states = _apply(_skip_tables(exponent), states[0::2]) ^ states[1::2]
        exponent += 1
    return states[0]


def _apply(tables, states):
    """Multiply each of an array of states by the matrix that ``tables`` (4, 256) hold."""
    product = tables[0, states & 255] ^ tables[1, states >> 8 & 255]
    return product ^ tables[2, states >> 16 & 255] ^ tables[3, states >> 24]


@cache
def _byte_tables():
    """(8, 256) uint32: row r is what a byte followed by r zero bytes leaves."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = first >> 1 ^ np.where(first & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    rows = [first]
    for _ in range(7):
        rows.append(first[rows[-1] & 255] ^ rows[-1] >> 8)
    return np.stack(rows)


@cache
def _byte_list():
    return _byte_tables()[0].tolist()


@cache
def _half_word_tables():
    """Two tables of 65536: what the low and the high half of a 32-bit word leave."""
    tables = _byte_tables()
    half = np.arange(1 << 16)
    return tables[3, half & 255] ^ tables[2, half >> 8], tables[1, half & 255] ^ tables[0, half >> 8]


@cache
def _skip_tables(exponent):
    """(4, 256) uint32: what 2**exponent zero bytes make of each byte of a state."""
    if exponent == 0:
        states = np.arange(256, dtype=np.uint32)
        shifted = [states << np.uint32(8 * position) for position in range(4)]
        return np.stack([_byte_tables()[0, state & 255] ^ state >> 8 for state in shifted])
    half = _skip_tables(exponent - 1)
    return np.stack([_apply(half, row) for row in half])
