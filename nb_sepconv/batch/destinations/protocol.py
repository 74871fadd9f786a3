"""What every destination is to a job: an array of rank 3 with its space on disk, written in any order of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from nb_sepconv.tensors.typing import Array


class Destination(Protocol):
    """The outputs of one source: (N, T, F) with channels last, else (N, F, T).

    The array grows in ``part_path`` beside ``path``, and takes that name when it is complete. Any thread, and any
    process that has opened the part, may write ranges that no other one writes.
    """

    path: str
    part_path: str
    channels_last: bool

    def create(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Make the part anew, with all of its space on disk.

        Args:
            shape: tuple of three int.
            dtype: numpy dtype.

        Raises:
            OSError: There is no space; no part is left behind.
        """

    def reopen(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Open the part that an earlier process made.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It is of another shape or type, or was not made to its end.
        """

    def place(self, start: int, first: int = 0) -> int:
        """The byte of a file where a block begins, from step ``start`` and example ``first`` on.

        Memory that lies in the same way in its pages is written without a copy.
        """

    def write(self, start: int, stop: int, values: Array, first: int = 0) -> None:
        """Store the steps [start, stop) of ``values.shape[0]`` examples from ``first`` on."""

    def sync(self) -> None:
        """Return when all that was written lasts through a power cut."""

    def finish(self) -> None:
        """Give the part its final name, in place of what has it."""

    def close(self) -> None:
        """Release the part; ``reopen`` opens it again."""

    def discard(self) -> None:
        """Remove the part, if there is one."""
