"""The datasets and the text attributes of an HDF5 file, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights import element_types, memory
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.hdf5 import headers
from nb_sepconv.weights.hdf5.claims import ClaimedFile, UnusualHdf5, expect, number, require
from nb_sepconv.weights.hdf5.datatypes import type_name
from nb_sepconv.weights.hdf5.groups import Sizes, parse_symbol, read_symbols
from nb_sepconv.weights.hdf5.messages import UNDEFINED, parse_attribute, parse_layout, parse_shape
from nb_sepconv.weights.hdf5.text import GlobalHeaps, integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.files.random_access import RandomAccessFile
    from nb_sepconv.tensors.typing import Array

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SUPERBLOCK_BYTES = 96
ROOT_SYMBOL, SYMBOL_TABLE_BYTES = 56, 16
VERSIONS_AND_WIDTHS = bytes([0, 0, 0, 0, 0, 8, 8, 0])
LATER_VERSIONS = (1, 2, 3)
DEEPEST = 64


class Hdf5:
    """An HDF5 file; its tree is read at first, its values when they are asked for.

    Args:
        file: RandomAccessFile, which is closed with this one.
    """

    format = "Keras HDF5"

    def __init__(self, file: RandomAccessFile) -> None:
        self.path: str = file.path
        self.close: Callable[[], object] = file.close
        self._file = ClaimedFile(file)
        self._heaps = GlobalHeaps(self._file)
        self._sizes, root = _read_superblock(self._file)
        self.tensors: dict[str, TensorInfo] = {}
        self._places, self._members, self._attributes = {}, {}, {}
        self._read_object("", root, 0)

    def read(self, name: str) -> Array:
        """The dataset at that path as an array."""
        info, place = self.tensors[name], self._places[name]
        raw = memory.empty(info.shape, element_types.raw_dtype(info.type_name))
        octets = raw.reshape(-1).view(np.uint8)
        if place.address == UNDEFINED:
            octets[:] = place.compact
        else:
            self._file.file.read_into(place.address, octets, f"the values of {name!r}")
        with located(self.path, None if place.address == UNDEFINED else place.address):
            return element_types.from_raw(raw, info.type_name)

    def has_group(self, path: str) -> bool:
        """Whether there is a group of that path; the root is ""."""
        return path in self._members

    def group(self, path: str) -> Any:
        """The names of the members of a group."""
        return self._members[path]

    def text(self, path: str, name: str) -> Any:
        """The strings of an attribute, or None where it is missing."""
        with located(self.path):
            attribute = self._attributes[path].get(name)
            return None if attribute is None else self._heaps.text(attribute)

    def integer(self, path: str, name: str) -> int | None:
        """The integer of an attribute, or None where it is missing."""
        with located(self.path):
            attribute = self._attributes[path].get(name)
            return None if attribute is None else integer(attribute)

    def attributes(self, path: str) -> set[str]:
        """The names of the attributes of a group or dataset."""
        return set(self._attributes.get(path, ()))

    def _read_object(self, path, symbol, depth):
        messages = headers.read_messages(self._file, symbol.address)
        with located(self.path, symbol.address):
            require(depth <= DEEPEST, f"expected a tree of at most {DEEPEST} levels")
            pairs = [parse_attribute(message.data) for message in messages if message.kind == headers.ATTRIBUTE]
            self._attributes[path] = dict(pairs)
            require(len(pairs) == len(self._attributes[path]), "expected attributes with names of their own")
            if not headers.is_group(messages):
                require(not symbol.cached, "expected a group, as its symbol says")
                self._add_dataset(path, messages)
                return
            table = headers.only(messages, headers.SYMBOLS, "table of symbols")
            require(len(table) == SYMBOL_TABLE_BYTES, f"expected a table of 2 addresses; its size is {len(table)}")
            addresses = number(table, 0, 8), number(table, 8, 8)
            require(symbol.cached in ((), addresses), "expected a group's tree and heap where its symbol says")
        self._read_group(path, addresses, depth)

    def _read_group(self, path, addresses, depth):
        symbols = read_symbols(self._file, *addresses, self._sizes)
        self._members[path] = [symbol.name for symbol in symbols]
        for symbol in symbols:
            if not symbol.name or "/" in symbol.name:
                raise WeightsError(
                    f"expected a name without slashes; received {symbol.name!r}", self.path, addresses[0]
                )
            self._read_object(f"{path}/{symbol.name}" if path else symbol.name, symbol, depth + 1)

    def _add_dataset(self, path, messages):
        place = parse_layout(headers.only(messages, headers.LAYOUT, "place of values"))
        shape = parse_shape(headers.only(messages, headers.DATASPACE, "shape"))
        name = type_name(headers.only(messages, headers.DATATYPE, "type"))
        nbytes = element_types.element_count(shape) * element_types.raw_dtype(name).itemsize
        require(place.size == nbytes, f"expected {nbytes} bytes of values for {path!r}; {place.size} are stored")
        if place.address != UNDEFINED:
            self._file.claim(place.address, place.size, f"the values of {path!r}")
        require(
            len(place.compact) == nbytes or place.address != UNDEFINED or not nbytes, f"expected the values of {path!r}"
        )
        self.tensors[path] = TensorInfo(shape, element_types.array_dtype(name), name, nbytes)
        self._places[path] = place


def is_hdf5(file: RandomAccessFile) -> bool:
    """Whether a file starts with the signature of HDF5."""
    return file.size >= len(SIGNATURE) and file.read(0, len(SIGNATURE), "a signature") == SIGNATURE


def _read_superblock(file):
    """The sizes of nodes and the symbol of the root group."""
    block = file.take(0, SUPERBLOCK_BYTES, "the superblock")
    with located(file.path):
        expect(block, 0, SIGNATURE, "the signature of HDF5")
        if block[8] in LATER_VERSIONS:
            problem = f"expected the first format of HDF5, which Keras writes; the superblock has version {block[8]}"
            raise UnusualHdf5(problem, offset=8)
        expect(block, 8, VERSIONS_AND_WIDTHS, "versions 0 and addresses of 8 bytes:")
        sizes = Sizes(number(block, 16, 2), number(block, 18, 2))
        require(min(sizes) > 0, "expected nodes with room for entries", 16)
        base, end = number(block, 24, 8), number(block, 40, 8)
        require(base == 0 and end <= file.file.size, f"expected a file of {end} bytes that starts at byte {base}", 24)
        return sizes, parse_symbol(block[ROOT_SYMBOL:SUPERBLOCK_BYTES], b"\0")
