"""Destinations that are one file: an array in order behind a header."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.atomic import keep_permissions, sync_folder
from nb_sepconv.files.direct import LARGE_BYTES
from nb_sepconv.files.preallocated import PreallocatedFile
from nb_sepconv.files.reopened import Reopened
from nb_sepconv.files.stored_array import as_bytes, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.files.stored_array import Run, StoredArray
    from nb_sepconv.tensors.typing import Array

PART = ".part"


class FileDestination(ABC):
    """An array in a file, written at its place.

    Args:
        path: str, its final name.
        channels_last: bool, whether the array is (N, T, F) or (N, F, T).
    """

    def __init__(self, path: str, channels_last: bool) -> None:
        self.path: str = path
        self.part_path: str = path + PART
        self.channels_last: bool = channels_last
        self._file = Reopened(PreallocatedFile, self.part_path)
        self._stored: StoredArray | None = None

    @abstractmethod
    def _make(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray:
        """Make the part, with its space; where the array lies in it."""

    @abstractmethod
    def _found(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> StoredArray | None:
        """Where the array lies in the part that is there; None if that part is another one."""

    def create(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Make the part anew, with all of its space on disk."""
        self.discard()
        folder = os.path.dirname(os.path.abspath(self.path))
        os.makedirs(folder, exist_ok=True)
        self._open(self._make(shape, np.dtype(dtype)))
        sync_folder(folder)

    def reopen(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Open the part that an earlier process made."""
        found = self._found(shape, np.dtype(dtype))
        if found is None or os.path.getsize(self.part_path) < found.offset + found.nbytes:
            raise ValueError(f"{self.part_path} is not a part with shape {list(shape)} and type {np.dtype(dtype)}")
        self._open(found)

    def place(self, start: int, first: int = 0) -> int:
        """The byte of the file where a block begins."""
        return next((run.offset for run in self._runs(start, start + 1, first, 1)), 0)

    def write(self, start: int, stop: int, values: Array, first: int = 0) -> None:
        """Store the steps [start, stop) of ``values.shape[0]`` examples from ``first`` on."""
        file = self._file()
        for run in self._runs(start, stop, first, len(values)):
            file.write(run.offset, as_bytes(np.ascontiguousarray(values[run.where], self._array.dtype)))

    def sync(self) -> None:
        """Return when all that was written is on disk."""
        self._file().sync()

    def finish(self) -> None:
        """Give the part its final name, in place of what has it."""
        self.sync()
        self.close()
        keep_permissions(self.path, self.part_path)
        os.replace(self.part_path, self.path)
        sync_folder(os.path.dirname(os.path.abspath(self.path)))

    def close(self) -> None:
        """Release the part."""
        self._file.close()

    def discard(self) -> None:
        """Remove the part, if there is one."""
        self.close()
        with suppress(FileNotFoundError):
            os.remove(self.part_path)

    @property
    def _array(self) -> StoredArray:
        assert self._stored is not None, "create or reopen comes first"
        return self._stored

    def _open(self, stored: StoredArray) -> None:
        self._stored = stored
        self._file = Reopened(partial(PreallocatedFile, keep=stored.nbytes < LARGE_BYTES), self.part_path)

    def _runs(self, start: int, stop: int, first: int, examples: int) -> Iterator[Run]:
        return runs(self._array, block(self._array.shape, start, stop, first, examples, self.channels_last))


def block(
    shape: tuple[int, ...], start: int, stop: int, first: int, examples: int, channels_last: bool
) -> list[tuple[int, int]]:
    """The (start, stop) of each axis for some steps of some examples."""
    steps, channels = (start, stop), (0, shape[2 if channels_last else 1])
    return [(first, first + examples), *((steps, channels) if channels_last else (channels, steps))]


def require_plain_float(dtype: np.dtype[Any], kind: str) -> None:
    """Refuse a type of outputs that a format does not have in all of its readers."""
    if dtype.name not in ("float16", "float32", "float64"):
        raise ValueError(f"`destination` must be a .npy file for the type {dtype}, which {kind} does not have")
