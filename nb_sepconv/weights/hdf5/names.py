"""The heap of a group, which holds the names of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.weights.hdf5.claims import expect, number, require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb_sepconv.weights.hdf5.claims import ClaimedFile

HEADER_BYTES = 32
FREE_BYTES = 16
ALIGNMENT = 8


class NameHeap:
    """The names of a group's members.

    Args:
        file: ClaimedFile.
        address: int.
    """

    def __init__(self, file: ClaimedFile, address: int) -> None:
        self._place = file.path, address
        header = file.take(address, HEADER_BYTES, "the heap of a group")
        with located(*self._place):
            expect(header, 0, b"HEAP\0\0\0\0", "a heap of names")
        self.names: bytes = file.take(number(header, 24, 8), number(header, 8, 8), "the names of a group")
        self._first_free = number(header, 16, 8)

    def require_all_listed(self, symbols: Iterable[Any]) -> None:
        """Refuse a name that belongs to no symbol: a member would be lost."""
        with located(*self._place):
            taken = [(0, ALIGNMENT), *self._free_blocks(), *map(_extent, symbols)]
            for start in _untaken(taken, len(self.names)):
                require(not self.names[start], f"expected a member for each name; {self._text(start)!r} has none")

    def _free_blocks(self):
        """Yield the (start, stop) of what is free, each block naming the next one."""
        position, seen = self._first_free, set()
        while position + FREE_BYTES <= len(self.names) and position % ALIGNMENT == 0:
            require(position not in seen, "expected free blocks that end", position)
            seen.add(position)
            yield position, position + number(self.names, position + 8, 8)
            position = number(self.names, position, 8)

    def _text(self, start):
        return self.names[start:].partition(b"\0")[0].decode(errors="replace")


def name_at(heap: bytes, offset: int) -> str:
    """The name that starts at an offset of a heap's bytes."""
    end = heap.find(b"\0", offset)
    starts_there = offset % ALIGNMENT == 0 and (offset == 0 or heap[offset - 1 : offset] == b"\0")
    require(offset < len(heap) and end >= 0 and starts_there, f"expected a name in the heap at {offset}")
    try:
        name = heap[offset:end].decode()
    except UnicodeDecodeError:
        raise WeightsError(f"expected a name in UTF-8; received {heap[offset:end][:64]!r}") from None
    require(not any(character < " " for character in name), f"expected a name that can be printed; received {name!r}")
    return name


def _extent(symbol):
    return symbol.name_offset, symbol.name_offset + len(symbol.name.encode()) + 1


def _untaken(taken, size):
    """Yield the aligned places that no stretch covers."""
    position = 0
    for start, stop in [*sorted(taken), (size, size)]:
        yield from range(position, start - start % ALIGNMENT, ALIGNMENT)
        position = max(position, -(-stop // ALIGNMENT) * ALIGNMENT)
