"""Reading structures of an HDF5 file, each byte of which may belong to one of them only."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError

if TYPE_CHECKING:
    from nb_sepconv.files.random_access import RandomAccessFile


class UnusualHdf5(WeightsError):
    """A sound file in which something is that Keras does not write, and that only the HDF5 library reads."""


class ClaimedFile:
    """A file whose stretches are claimed as they are read.

    Args:
        file: RandomAccessFile.
    """

    def __init__(self, file: RandomAccessFile) -> None:
        self.file = file
        self.path: str = file.path
        self._claims = []

    def claim(self, offset: int, size: int, what: str) -> None:
        """Refuse a stretch outside the file or shared with another structure."""
        self.file.require(offset, size, what)
        if not size:
            return
        index = bisect_left(self._claims, (offset,))
        before = self._claims[index - 1] if index else (0, 0, "")
        after = self._claims[index] if index < len(self._claims) else (self.file.size, 0, "")
        if before[1] > offset or after[0] < offset + size:
            other = before[2] if before[1] > offset else after[2]
            raise WeightsError(f"expected {what} and {other} apart; they share bytes", self.path, offset)
        insort(self._claims, (offset, offset + size, what))

    def take(self, offset: int, size: int, what: str) -> bytes:
        """Claim a stretch and return its bytes."""
        self.claim(offset, size, what)
        return self.file.read(offset, size, what)


def number(data: bytes, position: int, size: int) -> int:
    """The little-endian unsigned integer at a place that must lie inside ``data``."""
    if position + size > len(data):
        raise WeightsError(f"expected a number of {size} bytes", offset=position)
    return int.from_bytes(data[position : position + size], "little")


def expect(data: bytes, position: int, expected: Any, what: str) -> None:
    """Refuse bytes other than the expected ones."""
    found = bytes(data[position : position + len(expected)])
    if found != expected:
        raise WeightsError(f"expected {what} {expected!r}; received {found!r}", offset=position)


def require(condition: object, problem: str, offset: int | None = None) -> None:
    """Raise a WeightsError unless the condition holds."""
    if not condition:
        raise WeightsError(problem, offset=offset)
