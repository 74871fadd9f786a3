"""Members of a group: a B-tree of symbol nodes whose names lie in a local heap."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights.hdf5.claims import UnusualHdf5, expect, number, require
from nb_sepconv.weights.hdf5.names import NameHeap, name_at

if TYPE_CHECKING:
    from nb_sepconv.weights.hdf5.claims import ClaimedFile

TREE_PREFIX_BYTES = 24
NODE_PREFIX_BYTES = 8
SYMBOL_BYTES = 40
NO_CACHE, GROUP_CACHE, SOFT_LINK = 0, 1, 2
DEEPEST = 16


class Symbol(NamedTuple):
    """A member of a group, whose name starts at ``name_offset`` in the group's heap.

    ``cached`` repeats the addresses of its own tree and heap, where it is a group.
    """

    name: str
    name_offset: int
    address: int
    cached: tuple[int, ...]


class Sizes(NamedTuple):
    """Half the number of entries of a full symbol node and of a full tree node."""

    leaf: int
    internal: int


def read_symbols(file: ClaimedFile, tree_address: int, heap_address: int, sizes: Any) -> list[Symbol]:
    """The Symbols of a group in the order of their names."""
    heap = NameHeap(file, heap_address)
    tree = _Tree(file, heap.names, sizes)
    symbols = tree.read(tree_address, None, 0)
    names = [symbol.name.encode() for symbol in symbols]
    if any(after <= before for before, after in pairwise(names)):
        raise WeightsError("expected the members of a group in the order of their names", file.path, tree_address)
    if tree.has_stale_bytes:
        heap.require_all_listed(symbols)
    return symbols


class _Tree:
    """The tree of a group.

    HDF5 before 1.10 left whatever was in its memory behind the entries of a node. They may then be entries that a
    damaged count leaves out, which ``has_stale_bytes`` tells.
    """

    def __init__(self, file, names, sizes):
        self.has_stale_bytes = False
        self._file, self._names, self._sizes = file, names, sizes

    def read(self, address, level, depth):
        """The symbols below a node; each key is the last name of the child before it."""
        most = 2 * self._sizes.internal
        node = self._file.take(address, TREE_PREFIX_BYTES + most * 16 + 8, "a node of a group's tree")
        with located(self._file.path, address):
            expect(node, 0, b"TREE\0", "a tree of a group")
            require(level is None or node[5] == level, f"expected a node of level {level}; received {node[5]}")
            require(depth <= DEEPEST and node[5] <= DEEPEST, f"expected a tree of at most {DEEPEST} levels")
            used = number(node, 6, 2)
            require(used <= most, f"expected at most {most} entries of a tree; received {used}")
            end = TREE_PREFIX_BYTES + (16 * used + 8 if used else 0)
            self.has_stale_bytes |= any(node[end:])
            keys = [number(node, TREE_PREFIX_BYTES + 16 * index, 8) for index in range(used + 1)]
            children = [number(node, TREE_PREFIX_BYTES + 16 * index + 8, 8) for index in range(used)]
        symbols = []
        for index, child in enumerate(children):
            below = self._read_child(child, node[5], depth)
            with located(self._file.path, address):
                key = name_at(self._names, keys[index + 1])
                require(below and key == below[-1].name, "expected the last name of a node as its key")
            symbols += below
        return symbols

    def _read_child(self, address, level, depth):
        if level:
            return self.read(address, level - 1, depth + 1)
        return self._read_node(address)

    def _read_node(self, address):
        """The symbols of one node, all that it has room for being claimed."""
        most = 2 * self._sizes.leaf
        node = self._file.take(address, NODE_PREFIX_BYTES + most * SYMBOL_BYTES, "a node of symbols")
        with located(self._file.path, address):
            expect(node, 0, b"SNOD\1\0", "a node of symbols")
            used = number(node, 6, 2)
            require(used <= most, f"expected at most {most} symbols; received {used}")
            starts = range(NODE_PREFIX_BYTES, NODE_PREFIX_BYTES + used * SYMBOL_BYTES, SYMBOL_BYTES)
            return [parse_symbol(node[start : start + SYMBOL_BYTES], self._names) for start in starts]


def parse_symbol(entry: bytes, heap: bytes) -> Symbol:
    """The Symbol of an entry of 40 bytes; a soft link is refused."""
    cache = number(entry, 16, 4)
    if cache == SOFT_LINK:
        raise UnusualHdf5("expected no soft links")
    require(cache in (NO_CACHE, GROUP_CACHE), f"expected a kind of member, 0 to {SOFT_LINK}; received {cache}")
    cached = (number(entry, 24, 8), number(entry, 32, 8)) if cache == GROUP_CACHE else ()
    name_offset = number(entry, 0, 8)
    return Symbol(name_at(heap, name_offset), name_offset, number(entry, 8, 8), cached)
