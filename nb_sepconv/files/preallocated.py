"""Files that have all of their space on disk before anything is written, and are written at any place."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

BLOCK_BYTES = 1 << 20
FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0)


def allocate(path: str, count: int, offset: int = 0, new: bool = True) -> None:
    """Give ``count`` bytes of a file from ``offset`` on their space on disk; a file that finds no room is removed.

    Args:
        path: str.
        count: int.
        offset: int.
        new: bool, whether the file is made, in place of any that is there; else these bytes have had no values yet.

    Raises:
        OSError: There is no room.
    """
    descriptor = os.open(path, FLAGS | (os.O_CREAT | os.O_TRUNC if new else 0), 0o666)
    try:
        with _named(path, f" ({count} bytes are needed)"):
            if count:
                _allocate(descriptor, offset, count)
            os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            os.remove(path)
        raise
    os.close(descriptor)


def _allocate(descriptor: int, offset: int, count: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, offset, count)
        return
    os.lseek(descriptor, offset, os.SEEK_SET)
    zeros = bytes(BLOCK_BYTES)
    while count:
        count -= os.write(descriptor, zeros[:count])


class PreallocatedFile:
    """A file that is there, open for writing at any place from any thread.

    Args:
        path: str.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = os.open(path, FLAGS)
        self._seeking = threading.Lock()
        self.close: Callable[[], object] = weakref.finalize(self, os.close, self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, offset: int, buffer: Any) -> None:
        """Write all bytes of a contiguous buffer from ``offset`` on."""
        remaining = memoryview(buffer).cast("B")
        with _named(self.path):
            while remaining.nbytes:
                count = self._write_some(offset, remaining)
                remaining = remaining[count:]
                offset += count

    def sync(self, keep: bool = True) -> None:
        """Return when all that was written is on disk.

        Args:
            keep: bool, whether the system may keep it in memory as well, where others would read it sooner. Default
                True.
        """
        with _named(self.path):
            os.fsync(self._descriptor)
            if not keep and hasattr(os, "posix_fadvise"):
                os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def _write_some(self, offset: int, buffer: memoryview) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._descriptor, buffer, offset)
        with self._seeking:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.write(self._descriptor, buffer)


@contextmanager
def _named(path: str, more: str = "") -> Iterator[None]:
    """Give an error of the system the path that it does not know."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, f"{error.strerror}{more}", path) from error
