"""Destinations in Zarr, version 3, with chunks that are not compressed.

Each chunk is a file whose space is there before any work, and is written at its place. So no chunk is ever read to be
written, threads and processes may write parts of one chunk, and every file is there, also of zeros.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.destinations.file_destination import PART, block, require_plain_float
from nb_sepconv.files.atomic import replacing, sync_folder
from nb_sepconv.files.direct import LARGE_BYTES
from nb_sepconv.files.preallocated import PreallocatedFile, allocate
from nb_sepconv.files.stored_array import StoredArray, as_bytes, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.tensors.typing import Array

METADATA = "zarr.json"
CHUNK_BYTES = 1 << 24
REPLACED = ".replaced"


class ZarrDestination:
    """A folder with one array.

    Args:
        path: str, its final name.
        channels_last: bool, whether the array is (N, T, F) or (N, F, T).
    """

    def __init__(self, path: str, channels_last: bool) -> None:
        self.path: str = path
        self.part_path: str = path + PART
        self.channels_last: bool = channels_last
        self._array: StoredArray | None = None  # of a chunk
        self._shape = (0, 0, 0)
        self._written: set[str] = set()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def create(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Make the part anew, with all of its space on disk."""
        require_plain_float(np.dtype(dtype), "Zarr")
        self.discard()
        os.makedirs(self.part_path)
        try:
            self._open(shape, dtype)
            for index in product(*map(range, self._grid())):
                allocate(self._chunk_path(index), self._chunk.nbytes)
            with replacing(os.path.join(self.part_path, METADATA)) as file:
                file.write(_metadata(shape, self._chunk, self.channels_last))
        except BaseException:
            self.discard()
            raise
        sync_folder(os.path.dirname(os.path.abspath(self.path)))

    def reopen(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        """Open the part that an earlier process made."""
        self._open(shape, dtype)
        if not os.path.isdir(self.part_path):
            raise FileNotFoundError(f"there is no {self.part_path}")
        try:
            with open(os.path.join(self.part_path, METADATA), "rb") as file:
                same = file.read() == _metadata(shape, self._chunk, self.channels_last)
        except FileNotFoundError:  # it was not made to its end
            same = False
        if not same:
            raise ValueError(f"{self.part_path} is not a part with shape {list(shape)} and type {np.dtype(dtype)}")

    def place(self, start: int, first: int = 0) -> int:
        """The byte of a chunk's file where a block begins."""
        ranges = block(self._shape, start, start + 1, first, 1, self.channels_last)
        pieces = _pieces(ranges, self._chunk.shape)
        return next((run.offset for _, inner, _ in pieces for run in runs(self._chunk, inner)), 0)

    def write(self, start: int, stop: int, values: Array, first: int = 0) -> None:
        """Store the steps [start, stop) of ``values.shape[0]`` examples from ``first`` on."""
        ranges = block(self._shape, start, stop, first, len(values), self.channels_last)
        for index, inner, outer in _pieces(ranges, self._chunk.shape):
            path, piece = self._chunk_path(index), values[outer]
            with PreallocatedFile(path, self._keep) as file:
                for run in runs(self._chunk, inner):
                    file.write(run.offset, as_bytes(np.ascontiguousarray(piece[run.where], self._chunk.dtype)))
            with self._lock:
                self._written.add(path)

    def sync(self) -> None:
        """Return when all that was written is on disk."""
        with self._lock:
            written, self._written = self._written, set()
        for path in written:
            with PreallocatedFile(path, self._keep) as file:
                file.sync()

    def finish(self) -> None:
        """Give the part its final name, in place of what has it."""
        self.sync()
        replaced = self.path + REPLACED
        if os.path.lexists(self.path):
            _remove(replaced)
            os.rename(self.path, replaced)
        os.rename(self.part_path, self.path)
        sync_folder(os.path.dirname(os.path.abspath(self.path)))
        _remove(replaced)

    def close(self) -> None:
        """Nothing stays open."""

    def discard(self) -> None:
        """Remove the part, if there is one."""
        _remove(self.part_path)

    @property
    def _keep(self) -> bool:
        return prod(self._shape) * self._chunk.dtype.itemsize < LARGE_BYTES

    @property
    def _chunk(self) -> StoredArray:
        assert self._array is not None, "create or reopen comes first"
        return self._array

    def _open(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        self._shape = shape
        self._array = StoredArray(0, np.dtype(dtype), chunk_shape(shape, np.dtype(dtype), self.channels_last))

    def _grid(self) -> list[int]:
        return [ceil(size / chunk) for size, chunk in zip(self._shape, self._chunk.shape, strict=True)]

    def _chunk_path(self, index: tuple[int, ...]) -> str:
        return os.path.join(self.part_path, ".".join(["c", *map(str, index)]))


def chunk_shape(shape: tuple[int, int, int], dtype: np.dtype[Any], channels_last: bool) -> tuple[int, int, int]:
    """Whole series of as many examples as a chunk holds, or else parts of one series, all about as long."""
    axis = 1 if channels_last else 2
    examples, steps, channels = shape[0], shape[axis], shape[3 - axis]
    most_steps = max(CHUNK_BYTES // max(channels * dtype.itemsize, 1), 1)
    part = ceil(steps / ceil(steps / most_steps)) if steps else 1
    together = max(min(most_steps // part, examples), 1) if part >= steps else 1
    sizes = (together, part, max(channels, 1))
    return sizes if channels_last else (sizes[0], sizes[2], sizes[1])


def _pieces(
    ranges: list[tuple[int, int]], chunk: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], list[tuple[int, int]], tuple[slice, ...]]]:
    """Of each chunk that a block meets: its index, the (start, stop) of its axes, and the slices of the block."""
    if any(start == stop for start, stop in ranges):
        return
    touched = [range(start // size, (stop - 1) // size + 1) for (start, stop), size in zip(ranges, chunk, strict=True)]
    for index in product(*touched):
        inner, outer = [], []
        for at, (start, stop), size in zip(index, ranges, chunk, strict=True):
            low, high = max(start, at * size), min(stop, (at + 1) * size)
            inner.append((low - at * size, high - at * size))
            outer.append(slice(low - start, high - start))
        yield index, inner, tuple(outer)


def _metadata(shape: tuple[int, int, int], chunk: StoredArray, channels_last: bool) -> bytes:
    """The document that describes the array: zarr-specs, Zarr core specification version 3."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [*shape],
        "data_type": chunk.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [*chunk.shape]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
        "dimension_names": ["example", "time", "channel"] if channels_last else ["example", "channel", "time"],
    }
    return json.dumps(document, indent=2).encode()


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)
