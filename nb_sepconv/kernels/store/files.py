"""The files of a folder of units: read where they can be trusted, written whole, the oldest removed beyond a limit.

Whatever is wrong with a file or with the folder, there is no unit then, and no error.
"""

import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

from nb_sepconv.kernels.store import place
from nb_sepconv.kernels.store.unit_file import Unit, decoded, encoded

SUFFIX, PARTIAL = ".unit", ".partial"
MOST_BYTES, MOST_UNIT_BYTES = 64 << 20, 4 << 20
ABANDONED_SECONDS = 600  # a partial file this old is nobody's
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would keep the process waiting


def path_of(folder: Path, key: bytes) -> Path:
    """The file of the unit with this key."""
    return folder / (key.hex()[:40] + SUFFIX)


def read(path: Path) -> tuple[Unit, bytes] | None:
    """The unit in a file and its key, or None."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_UNIT_BYTES or place.why_unreadable(found):
            return None
        return decoded(_content(descriptor, found.st_size))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _content(descriptor: int, size: int) -> bytes:
    pieces = []
    while size > 0 and (piece := os.read(descriptor, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def write(folder: Path, unit: Unit, key: bytes) -> bool:
    """Whether a unit was written where this user alone writes."""
    content = encoded(unit, key)
    place.make(folder)
    if len(content) > MOST_UNIT_BYTES or place.why_not_writable(folder):
        return False
    partial = folder / f".{secrets.token_hex(12)}{PARTIAL}"
    try:
        with open(partial, "xb", opener=_private) as file:
            file.write(content)
        os.replace(partial, path_of(folder, key))
    except OSError:
        with suppress(OSError):
            os.remove(partial)
        return False
    remove_oldest(folder)
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def units(folder: Path) -> list[Path]:
    """The files of units, the oldest first."""
    return [path for path, _ in _found(folder, SUFFIX)]


def remove_oldest(folder: Path, most_bytes: int | None = None) -> None:
    """Remove the oldest units until the rest takes no more than the limit, and partial files that nobody writes."""
    found = _found(folder, SUFFIX)
    excess = sum(status.st_size for _, status in found) - (MOST_BYTES if most_bytes is None else most_bytes)
    for path, status in found:
        if excess <= 0:
            break
        _remove(path)
        excess -= status.st_size
    for path, status in _found(folder, PARTIAL):
        if status.st_mtime < time.time() - ABANDONED_SECONDS:
            _remove(path)


def clear(folder: Path) -> int:
    """Remove all units and partial files. Returns how many units are gone."""
    for path, _ in _found(folder, PARTIAL):
        _remove(path)
    return sum(map(_remove, units(folder)))


def _remove(path: Path) -> bool:
    try:
        os.remove(path)
    except OSError:
        return False
    return True


def _found(folder: Path, suffix: str) -> list[tuple[Path, os.stat_result]]:
    """The files with this ending and their status, the oldest first."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(suffix):
                    with suppress(OSError):
                        found.append((Path(entry.path), entry.stat(follow_symlinks=False)))
    except OSError:
        return []
    return sorted(found, key=lambda each: each[1].st_mtime_ns)
