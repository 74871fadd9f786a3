"""Members of a group: a B-tree of symbol nodes whose names lie in a local heap."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights.hdf5.claims import expect, number, require

if TYPE_CHECKING:
    from nb_sepconv.weights.hdf5.claims import ClaimedFile

TREE_PREFIX_BYTES = 24
NODE_PREFIX_BYTES = 8
SYMBOL_BYTES = 40
HEAP_BYTES = 32
NO_CACHE, GROUP_CACHE = 0, 1
DEEPEST = 16


class Symbol(NamedTuple):
    """A member of a group; ``cached`` repeats the addresses of its own tree and heap, where it is a group."""

    name: str
    address: int
    cached: tuple[int, ...]


class Sizes(NamedTuple):
    """Half the number of entries of a full symbol node and of a full tree node."""

    leaf: int
    internal: int


def read_symbols(file: ClaimedFile, tree_address: int, heap_address: int, sizes: Any) -> list[Symbol]:
    """The Symbols of a group in the order of their names."""
    heap = _read_heap(file, heap_address)
    symbols = _read_tree(file, tree_address, heap, sizes, None, 0)
    names = [symbol.name.encode() for symbol in symbols]
    if any(after <= before for before, after in pairwise(names)):
        raise WeightsError("expected the members of a group in the order of their names", file.path, tree_address)
    return symbols


def _read_heap(file, address):
    header = file.take(address, HEAP_BYTES, "the heap of a group")
    with located(file.path, address):
        expect(header, 0, b"HEAP\0\0\0\0", "a heap of names")
    return file.take(number(header, 24, 8), number(header, 8, 8), "the names of a group")


def _read_tree(file, address, heap, sizes, level, depth):
    """The symbols below a node of the tree; each key is the last name of the child before it."""
    node_bytes = TREE_PREFIX_BYTES + 2 * sizes.internal * 16 + 8
    node = file.take(address, node_bytes, "a node of a group's tree")
    with located(file.path, address):
        expect(node, 0, b"TREE\0", "a tree of a group")
        require(level is None or node[5] == level, f"expected a node of level {level}; received {node[5]}")
        require(depth <= DEEPEST and node[5] <= DEEPEST, f"expected a tree of at most {DEEPEST} levels")
        used = number(node, 6, 2)
        require(used <= 2 * sizes.internal, f"expected at most {2 * sizes.internal} entries of a tree; received {used}")
        end = TREE_PREFIX_BYTES + (16 * used + 8 if used else 0)
        require(not any(node[end:]), f"expected zeros behind the {used} entries of a tree", end)
        keys = [number(node, TREE_PREFIX_BYTES + 16 * index, 8) for index in range(used + 1)]
        children = [number(node, TREE_PREFIX_BYTES + 16 * index + 8, 8) for index in range(used)]
    symbols = []
    for index, child in enumerate(children):
        below = _read_child(file, child, heap, sizes, node[5], depth)
        with located(file.path, address):
            require(
                below and _name(heap, keys[index + 1]) == below[-1].name, "expected the last name of a node as its key"
            )
        symbols += below
    return symbols


def _read_child(file, address, heap, sizes, level, depth):
    if level:
        return _read_tree(file, address, heap, sizes, level - 1, depth + 1)
    return _read_node(file, address, heap, sizes)


def _read_node(file, address, heap, sizes):
    """The symbols of one node, all that it has room for being claimed."""
    node = file.take(address, NODE_PREFIX_BYTES + 2 * sizes.leaf * SYMBOL_BYTES, "a node of symbols")
    with located(file.path, address):
        expect(node, 0, b"SNOD\1\0", "a node of symbols")
        used = number(node, 6, 2)
        require(used <= 2 * sizes.leaf, f"expected at most {2 * sizes.leaf} symbols; received {used}")
        starts = range(NODE_PREFIX_BYTES, NODE_PREFIX_BYTES + used * SYMBOL_BYTES, SYMBOL_BYTES)
        return [parse_symbol(node[start : start + SYMBOL_BYTES], heap) for start in starts]


def parse_symbol(entry: bytes, heap: bytes) -> Symbol:
    """The Symbol of an entry of 40 bytes; a soft link is refused."""
    cache = number(entry, 16, 4)
    require(cache in (NO_CACHE, GROUP_CACHE), "expected no soft links")
    cached = (number(entry, 24, 8), number(entry, 32, 8)) if cache == GROUP_CACHE else ()
    return Symbol(_name(heap, number(entry, 0, 8)), number(entry, 8, 8), cached)


def _name(heap, offset):
    end = heap.find(b"\0", offset)
    starts_there = offset % 8 == 0 and (offset == 0 or heap[offset - 1 : offset] == b"\0")
    require(offset < len(heap) and end >= 0 and starts_there, f"expected a name in the heap at {offset}")
    try:
        name = heap[offset:end].decode()
    except UnicodeDecodeError:
        raise WeightsError(f"expected a name in UTF-8; received {heap[offset:end][:64]!r}") from None
    require(not any(character < " " for character in name), f"expected a name that can be printed; received {name!r}")
    return name
