"""The small messages that V1 and V2 checkpoints share: types, shapes and slices of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.tensorflow.ordered_code import WHOLE
from nb_sepconv.weights.tensorflow.protobuf import BYTES, VARINT, last, message, signed, write_field, write_submessage

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPE_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "int8",
    12: "uint8",
    13: "int32",
    14: "bfloat16",
    15: "int16",
    16: "uint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}
QUANTIZED = {11, 12, 13, 15, 16}
TYPE_NUMBERS = {name: number for number, name in TYPE_NAMES.items() if number not in QUANTIZED}


def type_name(number: int) -> str:
    """The name of a DataType (framework/types.proto); quantized types go by the integers that carry them."""
    if number not in TYPE_NAMES:
        raise WeightsError(f"expected the number of a tensor's type, 1 to {max(TYPE_NAMES)}; received {number}")
    return TYPE_NAMES[number]


def parse_shape(data: bytes) -> tuple[int, ...]:
    """A TensorShapeProto as a tuple of ints; a size may not be unknown."""
    known = message(data, {2: BYTES, 3: VARINT})
    if last(known[3]):
        raise WeightsError("expected a shape of known rank")
    return tuple(signed(last(message(size, {1: VARINT})[1])) for size in known[2])


def write_shape(shape: Sequence[int]) -> bytes:
    """The bytes of a TensorShapeProto."""
    return b"".join(write_submessage(2, write_field(1, int(size))) for size in shape)


def parse_slice(data: bytes, rank: int) -> tuple[tuple[int, int], ...]:
    """A TensorSliceProto as a tuple of (start, length); length is -1 for a whole dimension."""
    extents = tuple(_parse_extent(extent) for extent in message(data, {1: BYTES})[1])
    if len(extents) != rank:
        raise WeightsError(f"expected a slice of {rank} dimensions; received {len(extents)}")
    return extents


def _parse_extent(data):
    known = message(data, {1: VARINT, 2: VARINT})
    return signed(last(known[1])), signed(known[2][-1]) if known[2] else WHOLE
