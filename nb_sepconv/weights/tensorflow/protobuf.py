"""The wire format of protocol buffers: numbered fields in, numbered fields out, no schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10


def read_varint(data: Any, position: int) -> tuple[int, int]:
    """The unsigned integer at ``position`` and the position after it."""
    value = 0
    for index, octet in enumerate(data[position : position + LONGEST_VARINT]):
        value |= (octet & 127) << 7 * index
        if octet < 128:
            if value >> 64:
                raise WeightsError("expected an integer of at most 64 bits", offset=position)
            return value, position + index + 1
    raise WeightsError("expected the end of an integer within 10 bytes", offset=position)


def write_varint(value: Any) -> bytes:
    """The bytes of an unsigned integer, or of a negative 64-bit one."""
    value &= (1 << 64) - 1
    octets = bytearray()
    while value >= 128:
        octets.append(value & 127 | 128)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def signed(value: Any) -> int:
    """An int64 from the unsigned integer that carries it."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: Any) -> Iterator[tuple[int, int, Any]]:
    """Yield (number, wire type, value): an int for numbers, a memoryview for bytes."""
    data = memoryview(data)
    position = 0
    while position < len(data):
        start = position
        tag, position = read_varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise WeightsError("expected a field number above 0", offset=start)
        value, position = _read_value(data, position, wire_type)
        yield number, wire_type, value


def _read_value(data, position, wire_type):
    if wire_type == VARINT:
        return read_varint(data, position)
    if wire_type == BYTES:
        size, position = read_varint(data, position)
    elif wire_type in FIXED_SIZES:
        size = FIXED_SIZES[wire_type]
    else:
        raise WeightsError(f"expected a field of wire type 0, 1, 2 or 5; received {wire_type}", offset=position)
    if size > len(data) - position:
        raise WeightsError(f"expected a field of {size} bytes; {len(data) - position} are left", offset=position)
    value = data[position : position + size]
    return (value if wire_type == BYTES else int.from_bytes(value, "little")), position + size


def message(data: Any, kinds: Any) -> dict[int, list[Any]]:
    """The fields of a message as {number: [values]}; ``kinds`` {number: wire type} are those that matter.

    Other numbers are skipped, as protocol buffers ask; a known number of another wire type is an error.
    """
    values = {number: [] for number in kinds}
    for number, wire_type, value in fields(data):
        if number not in kinds:
            continue
        if wire_type != kinds[number]:
            raise WeightsError(f"expected field {number} with wire type {kinds[number]}; received {wire_type}")
        values[number].append(value)
    return values


def last(values: Any, default: Any = 0) -> Any:
    """The value of a field that may be given once: its last occurrence, or the default."""
    return values[-1] if values else default


def text(value: Any) -> str:
    """A memoryview of UTF-8 as str."""
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise WeightsError(f"expected UTF-8 text; received {bytes(value)[:64]!r}", offset=error.start) from None


def write_field(number: int, value: Any) -> bytes:
    """The bytes of one field: an int as a varint, bytes with their length; zero and empty ones are left out."""
    if not value:
        return b""
    if isinstance(value, int):
        return write_varint(number << 3 | VARINT) + write_varint(value)
    return write_submessage(number, value)


def write_submessage(number: int, value: Any) -> bytes:
    """The bytes of a field that is present even when empty."""
    return write_varint(number << 3 | BYTES) + write_varint(len(value)) + value


def write_fixed32(number: int, value: Any) -> bytes:
    """The bytes of a fixed32 field; zero is left out."""
    return write_varint(number << 3 | FIXED32) + value.to_bytes(4, "little") if value else b""
