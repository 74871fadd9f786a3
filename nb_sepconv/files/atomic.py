"""Writing a file so that its path holds either all of the old bytes or all of the new ones."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.tensors.typing import FilePath


@contextmanager
def replacing(path: FilePath) -> Iterator[BinaryIO]:
    """A new binary file that takes the place of ``path`` when the block ends well and vanishes when it does not.

    Args:
        path: str or path-like; a link is followed, the permissions of an existing file are kept.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}.partial")
    try:
        with open(temporary, "xb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        keep_permissions(target, temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(temporary)
        raise
    sync_folder(folder)


def keep_permissions(existing: str, temporary: str) -> None:
    """Give a new file the permissions of the file whose place it will take, where there is one."""
    with suppress(FileNotFoundError):
        os.chmod(temporary, stat.S_IMODE(os.stat(existing).st_mode))


def sync_folder(folder: str) -> None:
    """Make the new name last through a power cut, where folders can be synced."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
