"""Locks on files that die with their process, and how to know a file system that has none."""

from __future__ import annotations

import errno
import os
import time

TURN_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


def lock(descriptor: int, shared: bool = False) -> bool:
    """Lock an open file until it is closed, or its process ends; False where someone else has it.

    Args:
        descriptor: int, of a file that is open for reading and writing.
        shared: bool, whether others may have it shared as well. Default False.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        _lock(descriptor, shared)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


if os.name == "nt":
    import msvcrt

    def _lock(descriptor, shared):
        os.lseek(descriptor, 1 << 40, os.SEEK_SET)  # behind all data, since a locked range cannot be read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor, shared):
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def has_name(descriptor: int, path: str) -> bool:
    """Whether an open file still has the name by which it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def require_locks(folder: str) -> None:
    """Refuse a folder whose file system has no locks, or some that do not keep others out.

    Raises:
        OSError: its message names the file system.
    """
    path = os.path.join(folder, f".nb-sepconv-{os.getpid()}-{time.monotonic_ns()}.lock")
    first, second = (os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2))
    try:
        works = lock(first) and not lock(second)
    except OSError as error:
        raise OSError(error.errno, f"{_without_locks(folder)} ({error.strerror})", folder) from error
    finally:
        os.close(first)
        os.close(second)
        os.remove(path)
    if not works:
        raise OSError(errno.ENOLCK, _without_locks(folder), folder)


def _without_locks(folder):
    return (
        f"the file system {file_system(folder)} has no locks that work, so two jobs could write one output: write to "
        "another file system"
    )


def file_system(path: str) -> str:
    """The type and the place of the file system that a path is on, as the system tells them."""
    path = os.path.realpath(path)
    try:
        with open("/proc/self/mounts", encoding="utf-8") as file:
            mounts = [line.split(" ")[1:3] for line in file]
    except OSError:
        return f"of {path}"
    inside = [(place, kind) for place, kind in mounts if os.path.commonpath([place, path]) == place]
    place, kind = max(inside, key=lambda mount: len(mount[0]))
    return f"{kind} at {place}"


class Turn:
    """A block that one process at a time is in, among all that name the same file.

    Args:
        path: str, a file that is there while someone is in the block or waits for it.

    Raises:
        TimeoutError: others had it for a minute.
    """

    def __init__(self, path: str) -> None:
        self._path, self._descriptor = path, -1

    def __enter__(self) -> Turn:
        until = time.monotonic() + TURN_SECONDS
        while not self._taken():
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "another process has had this lock for a minute", self._path)
            time.sleep(_PAUSE_SECONDS)
        return self

    def _taken(self):
        """Whether the lock of the file that has the name now is ours: who had it before has removed the file."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        if lock(descriptor) and has_name(descriptor, self._path):
            self._descriptor = descriptor
            return True
        os.close(descriptor)
        return False

    def __exit__(self, *exception: object) -> None:
        if os.name == "nt":  # an open file cannot be removed there
            os.close(self._descriptor)
            return
        os.remove(self._path)
        os.close(self._descriptor)
