"""The messages that matter: shapes, places of values, and attributes."""

from typing import Any, NamedTuple

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights import element_types
from nb_sepconv.weights.hdf5.claims import UnusualHdf5, number, require

UNDEFINED = (1 << 64) - 1
COMPACT, CONTIGUOUS, CHUNKED = 0, 1, 2
HAS_LIMITS = 1


class Attribute(NamedTuple):
    """An attribute whose value is still in the form of the file."""

    datatype: memoryview
    dataspace: memoryview
    data: memoryview


def parse_shape(data: bytes) -> tuple[int, ...]:
    """The shape of a dataspace message of version 1, whose size must be that of its rank."""
    require(len(data) >= 8 and data[0] == 1, f"expected a dataspace of version 1; received {bytes(data[:1])!r}")
    rank, flags = data[1], data[2]
    require(flags in (0, HAS_LIMITS) and not any(data[3:8]), "expected a plain dataspace")
    require(len(data) == 8 + 8 * rank * (1 + flags), f"expected a dataspace of rank {rank}; its size is {len(data)}")
    shape = tuple(number(data, 8 + 8 * axis, 8) for axis in range(rank))
    limits = tuple(number(data, 8 + 8 * axis, 8) for axis in range(rank, rank * (1 + flags)))
    require(not limits or limits == shape, f"expected a shape that does not grow; received {shape} of {limits}")
    element_types.element_count(shape)
    return shape


class Place(NamedTuple):
    """Where the values of a dataset are: at an address, or in the header itself."""

    address: int
    size: int
    compact: memoryview


def parse_layout(data: bytes) -> Place:
    """The Place that a layout message of version 3 gives."""
    require(len(data) >= 8 and data[0] == 3, "expected a data layout of version 3")
    if data[1] == COMPACT:
        size = number(data, 2, 2)
        require(4 + size <= len(data), f"expected {size} bytes of values in the header")
        return Place(UNDEFINED, size, data[4 : 4 + size])
    problem = f"expected a contiguous dataset without chunks and filters; its layout is {data[1]}"
    if data[1] == CHUNKED:
        raise UnusualHdf5(problem)
    require(data[1] == CONTIGUOUS, problem)
    return Place(number(data, 2, 8), number(data, 10, 8), data[:0])


def parse_attribute(data: bytes) -> tuple[str, Attribute]:
    """The name and the Attribute of an attribute message."""
    version = data[0]
    require(version in (1, 2, 3) and (version == 1 or not data[1]), "expected an attribute of its own type and shape")
    sizes = [number(data, position, 2) for position in (2, 4, 6)]
    position = 9 if version == 3 else 8
    parts = []
    for size in sizes:
        require(position + size <= len(data), "expected an attribute that fits its message")
        parts.append(data[position : position + size])
        position += -(-size // 8) * 8 if version == 1 else size
    name, datatype, dataspace = parts
    require(len(datatype) >= 8 and len(name) > 0 and name[-1] == 0, "expected the name and the type of an attribute")
    return _text(name[:-1]), Attribute(datatype, dataspace, data[position:])


def element_bytes(attribute: Any, count: int, size: int) -> list[bytes]:
    """The bytes of each element of an attribute."""
    require(
        count * size <= len(attribute.data) < count * size + 8,
        f"expected {count} elements of {size} bytes in an attribute",
    )
    return [bytes(attribute.data[index * size : (index + 1) * size]) for index in range(count)]


def _text(data):
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        raise WeightsError(f"expected UTF-8 text; received {bytes(data)[:64]!r}") from None
