"""Files that have all of their space on disk before anything is written, and are written at any place."""

from __future__ import annotations

import errno
import os
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.direct import close_all, opened_direct, whole_blocks

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
        keep: bool, whether the system may keep what is written in memory as well, where others would read it sooner;
            else whole blocks go straight to the disk where the file system can do that. Default True.
    """

    def __init__(self, path: str, keep: bool = True) -> None:
        self.path: str = path
        self._keep = keep
        self._descriptor = os.open(path, FLAGS)
        self._direct = None if keep else opened_direct(path, os.O_WRONLY)
        self._seeking = threading.Lock()
        self.close: Callable[[], object] = weakref.finalize(self, close_all, self._descriptor, self._direct)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, offset: int, buffer: Any) -> None:
        """Write all bytes of a contiguous buffer from ``offset`` on."""
        whole = memoryview(buffer).cast("B")
        first = last = 0
        with _named(self.path):
            if self._direct is not None:
                first, last = whole_blocks(whole, offset)
                last = first + self._write_blocks(self._direct, offset + first, whole[first:last])
            self._write_rest(offset, whole[:first])
            self._write_rest(offset + last, whole[last:])

    def sync(self) -> None:
        """Return when all that was written is on disk."""
        with _named(self.path):
            os.fsync(self._descriptor)
            if not self._keep and hasattr(os, "posix_fadvise"):
                os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def _write_blocks(self, descriptor: int, offset: int, blocks: memoryview) -> int:
        """Write straight to the disk; how many bytes, fewer where the file system wants other blocks."""
        done = 0
        try:
            while done < blocks.nbytes:
                done += os.pwrite(descriptor, blocks[done:], offset + done)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        return done

    def _write_rest(self, offset: int, remaining: memoryview) -> None:
        while remaining.nbytes:
            count = self._write_some(offset, remaining)
            remaining = remaining[count:]
            offset += count

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
