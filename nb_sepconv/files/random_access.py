"""Reading stretches of a file at known places, each checked against the file's size before anything is allocated."""

from __future__ import annotations

import os
import stat
import threading
import weakref
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import FileError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import FilePath


class RandomAccessFile:
    """A regular file, open for reading at any place from any thread.

    Args:
        path: str or path-like.
        descriptor: int or None, of the file where it is open already; ``path`` is then its name for errors.
        error: the kind of FileError that is raised for a file that is not what it should be.
    """

    def __init__(self, path: FilePath, descriptor: int | None = None, error: type[FileError] = WeightsError) -> None:
        self.path: str = os.fspath(path)
        self.error = error
        if descriptor is None:
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise self.error("this is not a regular file", self.path)
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._descriptor = descriptor
        self.close: Callable[[], object] = weakref.finalize(self, os.close, self._descriptor)
        self._seeking = threading.Lock()
        status = os.fstat(self._descriptor)
        self.size: int = status.st_size
        self.changed_ns: int = status.st_mtime_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def duplicate(self) -> Any:
        """The file as a stream of its own, from its start."""
        stream = os.fdopen(os.dup(self._open_descriptor()), "rb")
        stream.seek(0)
        return stream

    def read(self, offset: int, size: int, what: str) -> bytes:
        """The ``size`` bytes at ``offset``; ``what`` they should be goes into the error when they are not there."""
        self.require(offset, size, what)
        buffer = bytearray(size)
        self.read_into(offset, buffer, what)
        return bytes(buffer)

    def read_into(self, offset: int, buffer: Any, what: str) -> None:
        """Fill a writable buffer of bytes from ``offset`` on."""
        remaining = memoryview(buffer)
        self.require(offset, remaining.nbytes, what)
        while remaining.nbytes:
            count = self._read_some(offset, remaining)
            if count == 0:
                raise self.error(f"the file ends inside {what}", self.path, offset)
            remaining = remaining[count:]
            offset += count

    def require(self, offset: int, size: int, what: str) -> None:
        """Refuse a stretch that the file does not hold."""
        if offset < 0 or size < 0 or offset + size > self.size:
            expected = f"expected {what} in bytes {offset} to {offset + size}"
            raise self.error(f"{expected}, but the file has {self.size} bytes", self.path, min(offset, self.size))

    def _open_descriptor(self):
        """The number of the open file, which after closing may be that of another one."""
        if not self.close.alive:
            raise self.error("this file was closed", self.path)
        return self._descriptor

    def _read_some(self, offset, buffer):
        descriptor = self._open_descriptor()
        if hasattr(os, "preadv"):
            return os.preadv(descriptor, [buffer], offset)
        with self._seeking:
            os.lseek(descriptor, offset, os.SEEK_SET)
            chunk = os.read(descriptor, min(buffer.nbytes, 1 << 24))
        buffer[: len(chunk)] = chunk
        return len(chunk)
