"""The values of a TensorProto (framework/tensor.proto): a field of its own for each family of types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights import element_types
from nb_sepconv.weights.tensorflow.protobuf import BYTES, FIXED_SIZES, VARINT, fields, last, message, write_varint

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

CONTENT_FIELD = 4
STRING_FIELD = 8
FIXED_FIELDS = {"float32": (5, "<f4"), "float64": (6, "<f8"), "complex64": (9, "<f4"), "complex128": (12, "<f8")}
VARINT_FIELDS = {
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32"), 7),
    "int64": 10,
    "bool": 11,
    "float16": 13,
    "bfloat16": 13,
    "uint32": 16,
    "uint64": 17,
}
LONGEST_VARINT = 10


def tensor_values(data: bytes, type_name: str) -> Array:
    """The values of a tensor as a flat array.

    Args:
        data: bytes-like, the TensorProto.
        type_name: str, the type it must be of.
    """
    if type_name == element_types.STRING:
        strings = message(data, {STRING_FIELD: BYTES})[STRING_FIELD]
        values = np.empty(len(strings), object)
        values[:] = [bytes(string) for string in strings]
        return values
    content = last(message(data, {CONTENT_FIELD: BYTES})[CONTENT_FIELD], b"")
    if len(content):
        return element_types.from_raw(_elements(content, element_types.raw_dtype(type_name)).copy(), type_name)
    if type_name in FIXED_FIELDS:
        number, dtype = FIXED_FIELDS[type_name]
        return (
            _elements(_joined(data, number), dtype).copy().view(np.dtype(type_name).newbyteorder("<")).astype(type_name)
        )
    if type_name in VARINT_FIELDS:
        return _narrow(_varints(_joined(data, VARINT_FIELDS[type_name])), type_name)
    raise WeightsError(f"values of the type {type_name} are not read from this format")


def _joined(data, number):
    """The bytes of a repeated numeric field, packed or not."""
    pieces = []
    for found, wire_type, value in fields(data):
        if found == number:
            pieces.append(_unpacked(wire_type, value))
    return b"".join(pieces)


def _unpacked(wire_type, value):
    if wire_type == BYTES:
        return value
    return write_varint(value) if wire_type == VARINT else value.to_bytes(FIXED_SIZES[wire_type], "little")


def _elements(data, dtype):
    if len(data) % np.dtype(dtype).itemsize:
        raise WeightsError(f"expected values of {np.dtype(dtype).itemsize} bytes; received {len(data)} bytes")
    return np.frombuffer(data, dtype)


def _varints(data):
    """The uint64 values of varints one after the other."""
    octets = np.frombuffer(data, np.uint8)
    if not octets.size:
        return np.empty(0, np.uint64)
    ends = np.flatnonzero(octets < 128)
    if not ends.size or ends[-1] != octets.size - 1:
        raise WeightsError("expected the values to end with the field")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > LONGEST_VARINT:
        raise WeightsError(f"expected integers of at most {LONGEST_VARINT} bytes")
    places = np.arange(octets.size) - np.repeat(starts, lengths)
    shifted = (octets & 127).astype(np.uint64) << (7 * places).astype(np.uint64)
    return np.bitwise_or.reduceat(shifted, starts)


def _narrow(values, type_name):
    """The values in their type, none of which may be cut."""
    if type_name in ("float16", "bfloat16"):
        carrier = np.dtype(np.uint16)
    else:
        carrier = np.dtype(np.uint8 if type_name == "bool" else type_name)
    narrow = values.astype(carrier)
    widened = narrow.astype(np.int64).view(np.uint64) if carrier.kind == "i" else narrow.astype(np.uint64)
    if not np.array_equal(widened, values):
        raise WeightsError(f"expected values that fit {type_name}")
    return narrow.view(np.float16) if type_name == "float16" else element_types.from_raw(narrow, type_name)
