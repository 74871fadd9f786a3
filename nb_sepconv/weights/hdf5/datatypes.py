"""Datatype messages: the exact bytes of each numeric type that Keras writes, and the two kinds of text."""

from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.element_types import BFLOAT16
from nb_sepconv.weights.hdf5.claims import UnusualHdf5, number

VERSION_1 = 0x10
INTEGER, FLOAT, TEXT, OPAQUE, ENUMERATION, VARIABLE_LENGTH = 0, 1, 3, 5, 8, 9
BIG_ENDIAN, SIGNED = 0x01, 0x08
FRACTION_BITS = {"float16": 10, "float32": 23, "float64": 52}
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
VARIABLE_TEXT_BYTES = 16
HEADER_BYTES = 8
TEXT_FLAGS = 0x1F


class Text(NamedTuple):
    """A type of text: its elements have ``size`` bytes, or refer to a heap where ``variable``."""

    size: int
    variable: bool


def type_name(message: bytes) -> str:
    """The name of a numeric type; whatever differs by a bit from the standard ones is refused."""
    for name, encoding in [*ENCODINGS.items(), (BFLOAT16, UNTAGGED_BFLOAT16)]:
        if message[: len(encoding)] == encoding and not any(message[len(encoding) :]):
            return name
    problem = f"expected a standard little-endian type of numbers; received {bytes(message[:24]).hex()}"
    if _is_big_endian(message):
        raise UnusualHdf5(problem)
    raise WeightsError(problem)


def _is_big_endian(message):
    """Whether a numeric type is standard but for the order of its bytes."""
    swapped = bytes([message[0], message[1] ^ BIG_ENDIAN, *message[2:]])
    return any(swapped[: len(encoding)] == encoding for encoding in ENCODINGS.values() if encoding[0] & 15 <= FLOAT)


def text_type(message: bytes) -> Text | None:
    """The Text that a datatype message stands for, or None where it is not text."""
    if message[0] == VERSION_1 | TEXT and not message[2] and not message[3] and message[1] <= TEXT_FLAGS:
        return Text(number(message, 4, 4), False)
    if (
        message[0] == VERSION_1 | VARIABLE_LENGTH
        and message[1] & 15 == 1
        and number(message, 4, 4) == VARIABLE_TEXT_BYTES
    ):
        return Text(VARIABLE_TEXT_BYTES, True)
    return None


def _header(kind, flags, size):
    return bytes([VERSION_1 | kind]) + flags.to_bytes(3, "little") + size.to_bytes(4, "little")


def _integer(name):
    dtype = np.dtype(name)
    flags = SIGNED if dtype.kind == "i" else 0
    return _header(INTEGER, flags, dtype.itemsize) + _words(0, 8 * dtype.itemsize)


def _float(name, fraction_bits):
    bits = 8 * np.dtype(name).itemsize
    exponent_bits = bits - 1 - fraction_bits
    implied_leading_one = 0x20
    flags = implied_leading_one | (bits - 1) << 8
    fields = bytes([fraction_bits, exponent_bits, 0, fraction_bits])
    bias = (1 << exponent_bits - 1) - 1
    return _header(FLOAT, flags, bits // 8) + _words(0, bits) + fields + bias.to_bytes(4, "little")


def _boolean():
    """An enumeration of int8: FALSE 0, TRUE 1, as h5py stores NumPy's bool."""
    return _header(ENUMERATION, 2, 1) + _integer("int8") + b"FALSE\0\0\0" + b"TRUE\0\0\0\0" + b"\0\1"


def _bfloat16():
    """Two opaque bytes under the name that NumPy gives them."""
    tag = b"NUMPY:|V2".ljust(16, b"\0")
    return _header(OPAQUE, len(tag), 2) + tag


def _words(*values):
    return b"".join(value.to_bytes(2, "little") for value in values)


ENCODINGS: dict[str, Any] = {
    **{name: _float(name, bits) for name, bits in FRACTION_BITS.items()},
    **{name: _integer(name) for name in INTEGERS},
    "bool": _boolean(),
    BFLOAT16: _bfloat16(),
}
UNTAGGED_BFLOAT16: bytes = _header(OPAQUE, 0, 2)
