"""Decoding of Snappy blocks (format_description.txt of google/snappy), whose size is checked before anything else."""

from __future__ import annotations

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.tensorflow.protobuf import read_varint

LARGEST_EXPANSION = 32
LITERAL = 0


def decode(data: bytes | memoryview) -> bytearray:
    """The bytes that a Snappy block stands for.

    Args:
        data: bytes-like.

    Returns:
        bytearray.

    Raises:
        WeightsError: the block is malformed, or declares more than a block of its size can hold.
    """
    data = memoryview(data)
    size, position = read_varint(data, 0)
    # The densest element copies 64 bytes in 3, so that 32 times the block bounds any honest size.
    if size > LARGEST_EXPANSION * len(data):
        raise WeightsError(
            f"expected at most {LARGEST_EXPANSION * len(data)} decoded bytes; {size} are declared", offset=0
        )
    output = bytearray()
    while position < len(data):
        position = _decode_element(data, position, output)
        if len(output) > size:
            raise WeightsError(f"expected {size} decoded bytes; received more", offset=position)
    if len(output) != size:
        raise WeightsError(f"expected {size} decoded bytes; received {len(output)}", offset=position)
    return output


def _decode_element(data, position, output):
    tag = data[position]
    if tag & 3 == LITERAL:
        return _decode_literal(data, position, output)
    if tag & 3 == 1:
        extra = _number(data, position + 1, 1)
        _copy(output, tag >> 5 << 8 | extra, (tag >> 2 & 7) + 4, position)
        return position + 2
    width = 2 if tag & 3 == 2 else 4
    _copy(output, _number(data, position + 1, width), (tag >> 2) + 1, position)
    return position + 1 + width


def _decode_literal(data, position, output):
    length = (data[position] >> 2) + 1
    start = position + 1
    if length > 60:
        width = length - 60
        length = _number(data, start, width) + 1
        start += width
    if length > len(data) - start:
        raise WeightsError(f"expected a literal of {length} bytes; {len(data) - start} are left", offset=position)
    output += data[start : start + length]
    return start + length


def _number(data, position, width):
    if position + width > len(data):
        raise WeightsError(f"expected {width} more bytes", offset=position)
    return int.from_bytes(data[position : position + width], "little")


def _copy(output, distance, length, position):
    if not 0 < distance <= len(output):
        raise WeightsError(f"expected a distance from 1 to {len(output)}; received {distance}", offset=position)
    start = len(output) - distance
    pattern = output[start : start + length]
    repeats = -(-length // len(pattern))
    output += (pattern * repeats)[:length]
