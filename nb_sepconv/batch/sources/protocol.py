"""What every source is to a job: one array of rank 3, read some steps at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from nb_sepconv.tensors.typing import Array


class Source(Protocol):
    """The series of one file or array: (N, L, C) with channels last, else (N, C, L).

    What a file lacks of these axes is added, integers are scaled as its format says, and values are of the type that
    the model computes in. Reading opens what is closed, so that a job can hold more sources than a process may open
    files. Any thread may read.
    """

    name: str
    """What reports call it, and what an output is named after in a folder."""
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    channels_last: bool
    rate: float | None
    """Steps per second, where the format tells them."""

    def identity(self) -> dict[str, Any]:
        """What changes when the source does, of what JSON can hold: sizes, times, and a hash of both ends."""

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the steps [start, stop) of ``out.shape[0]`` examples from ``first`` on.

        Raises:
            SourceError: The source is damaged or shorter than it said.
        """

    def close(self) -> None:
        """Release files; a later call of ``read`` opens them again."""
