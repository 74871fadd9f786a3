"""Values of attributes: an integer, or text of fixed size in place or of any size in a global heap."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights.hdf5.claims import expect, number, require
from nb_sepconv.weights.hdf5.datatypes import text_type, type_name
from nb_sepconv.weights.hdf5.messages import element_bytes, parse_shape

if TYPE_CHECKING:
    from nb_sepconv.weights.hdf5.claims import ClaimedFile
    from nb_sepconv.weights.hdf5.messages import Attribute

HEAP_PREFIX_BYTES = 16
OBJECT_PREFIX_BYTES = 16
LARGEST_PREFIX = "the head of a heap of text"


class GlobalHeaps:
    """The heaps of text of a file, each read once.

    Args:
        file: ClaimedFile.
    """

    def __init__(self, file: ClaimedFile) -> None:
        self._file = file
        self._heaps = {}

    def text(self, attribute: Any) -> list[str]:
        """The strings of an attribute, which must hold text unless it is empty."""
        count = prod(parse_shape(attribute.dataspace))
        if count == 0:
            return []
        kind = text_type(attribute.datatype)
        require(kind is not None, "expected text as an attribute")
        elements = element_bytes(attribute, count, kind.size)
        return [_decode(self._follow(element) if kind.variable else element.rstrip(b"\0")) for element in elements]

    def _follow(self, element):
        length, address, index = number(element, 0, 4), number(element, 4, 8), number(element, 12, 4)
        if length == 0:
            return b""
        if address not in self._heaps:
            self._heaps[address] = self._read(address)
        stored = self._heaps[address].get(index)
        require(stored is not None and len(stored) == length, f"expected {length} bytes of text in a heap", address)
        return stored

    def _read(self, address):
        size = number(self._file.file.read(address, HEAP_PREFIX_BYTES, LARGEST_PREFIX), 8, 8)
        heap = self._file.take(address, size, "a heap of text")
        with located(self._file.path, address):
            expect(heap, 0, b"GCOL\1\0\0\0", "a heap of text")
            return dict(_objects(heap))


def integer(attribute: Attribute) -> int:
    """The value of an attribute that holds one integer."""
    dtype = np.dtype(type_name(attribute.datatype))
    require(dtype.kind in "iu" and not parse_shape(attribute.dataspace), "expected an integer as an attribute")
    return int(np.frombuffer(element_bytes(attribute, 1, dtype.itemsize)[0], dtype.newbyteorder("<"))[0])


def _objects(heap):
    """Yield (index, bytes) of the objects that fill a heap up to its free space."""
    position, seen = HEAP_PREFIX_BYTES, set()
    while position + OBJECT_PREFIX_BYTES <= len(heap):
        index, size = number(heap, position, 2), number(heap, position + 8, 8)
        if index == 0:
            require(size == len(heap) - position, "expected the free space to end with the heap", position)
            return
        start = position + OBJECT_PREFIX_BYTES
        require(index not in seen and start + size <= len(heap), "expected an object that fits the heap", position)
        seen.add(index)
        yield index, heap[start : start + size]
        position = start + -(-size // 8) * 8


def _decode(stored):
    try:
        return stored.decode()
    except UnicodeDecodeError:
        raise WeightsError(f"expected UTF-8 text; received {stored[:64]!r}") from None
