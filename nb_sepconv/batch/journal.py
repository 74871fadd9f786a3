"""The journal of a job: lines that say what is on the disk, each written after it, each with its checksum."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.locks import has_name, lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGITS = 8
_TRIES, _PAUSE_SECONDS = 5, 0.05


class Journal:
    """A file of records that is locked while it is open.

    Args:
        path: str.
        shared: bool, whether others may have it open as well. Default False.

    Raises:
        BlockingIOError: another job has it open.
    """

    def __init__(self, path: str, shared: bool = False) -> None:
        self.path = path
        self._descriptor = _opened(path, shared)
        self._appending = threading.Lock()
        try:
            self._measure()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def records(self) -> Iterator[dict[str, Any]]:
        """What is in the file now; a line that was torn by a kill ends it."""
        return records_of(self.path)

    def _measure(self):
        """Where the next record belongs: behind the last line that is whole."""
        with open(self.path, "rb") as file:
            self._size = sum(len(line) for line in _whole_lines(file))

    def append(self, records: list[dict[str, Any]]) -> None:
        """Add records; they are on the disk when this returns."""
        if not records:
            return
        data = b"".join(map(_line, records))
        with self._appending:
            try:
                self._append(data)
            except OSError as error:
                raise OSError(error.errno, error.strerror, self.path) from error
            self._size += len(data)

    def _append(self, data):
        os.ftruncate(self._descriptor, self._size)  # what was torn
        os.lseek(self._descriptor, self._size, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        os.fsync(self._descriptor)

    def clear(self) -> None:
        """Forget all records."""
        os.ftruncate(self._descriptor, 0)
        os.fsync(self._descriptor)
        self._size = 0

    def reload(self) -> None:
        """Take into account what others have added."""
        self._measure()

    def close(self) -> None:
        """Unlock and close the file, and remove it if nothing is in it."""
        with self._appending:
            if self._descriptor >= 0:
                if not os.fstat(self._descriptor).st_size and os.name != "nt":
                    with suppress(FileNotFoundError):
                        os.remove(self.path)
                os.close(self._descriptor)
                self._descriptor = -1


def records_of(path: str) -> Iterator[dict[str, Any]]:
    """The records of a journal that another process may be writing; none where there is no file."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        for line in _whole_lines(file):
            yield json.loads(line[_DIGITS + 1 :])


def is_open(path: str) -> bool:
    """Whether a job has a journal open."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not lock(descriptor)
    finally:
        os.close(descriptor)


def _opened(path, shared):
    """The descriptor of a file that is locked; who only looks whether a job is at work has it for a moment."""
    for _ in range(_TRIES):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if lock(descriptor, shared) and has_name(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(_PAUSE_SECONDS)
    raise BlockingIOError(errno.EAGAIN, "another job is at work on this destination", path)


def _line(record):
    body = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _whole_lines(file):
    """The lines up to the first one that is not whole."""
    for line in file:
        if line[-1:] != b"\n" or line[: _DIGITS + 1] != b"%08x " % zlib.crc32(line[_DIGITS + 1 : -1]):
            return
        yield line
