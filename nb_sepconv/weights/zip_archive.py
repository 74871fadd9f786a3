"""Reading members of a zip archive with limits on what they may unpack to; nothing is ever written to disk by name."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.files.random_access import RandomAccessFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.tensors.typing import FilePath

END_SIGNATURE, END_BYTES = b"PK\x05\x06", 22
UNCOUNTED = 0xFFFF
LARGEST_FREE_BYTES = 4 << 30
LARGEST_RATIO = 100
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Archive:
    """A zip archive whose directory has been checked against its members.

    Args:
        path: str.
    """

    def __init__(self, path: FilePath) -> None:
        self.path = path
        with self._guarded("the directory of a zip archive"):
            self._zip = zipfile.ZipFile(path)
        try:
            self._check_count()
            self._check_members()
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> list[str]:
        """The names of the members, in order."""
        return self._zip.namelist()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def size(self, name: str) -> int:
        """The unpacked size of a member, as declared; reading holds it to that."""
        return self._zip.getinfo(name).file_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A member as a readable stream; its CRC-32 is verified when its end is read."""
        with self._guarded(f"the member {name!r}"), self._zip.open(name) as stream:
            yield stream

    def read(self, name: str) -> bytes:
        """All bytes of a member."""
        with self.open(name) as stream:
            return stream.read()

    def _check_count(self):
        """The last record of the archive must count the members that its directory lists."""
        with RandomAccessFile(self.path) as file:
            start = max(file.size - END_BYTES, 0)
            end = file.read(start, file.size - start, "the last record of a zip archive")
        count = int.from_bytes(end[10:12], "little")
        if not end.startswith(END_SIGNATURE) or count not in (len(self._zip.infolist()), UNCOUNTED):
            listed = f"{len(self._zip.infolist())} members, no comment"
            raise WeightsError(f"expected the last record of a zip archive ({listed})", self.path, start)

    def _check_members(self):
        members = self._zip.infolist()
        if len({member.filename for member in members}) != len(members):
            raise WeightsError("expected members with names of their own", self.path)
        if members and min(member.header_offset for member in members) != 0:
            raise WeightsError("expected the first member at the start of the archive", self.path, 0)
        for member in members:
            self._check_member(member)

    def _check_member(self, member):
        if member.compress_type not in METHODS:
            raise WeightsError(
                f"expected {member.filename!r} stored or deflated; its method is {member.compress_type}",
                self.path,
                member.header_offset,
            )
        size, packed = member.file_size, member.compress_size
        if size > LARGEST_FREE_BYTES and size > LARGEST_RATIO * packed:
            raise WeightsError(
                f"{member.filename!r} declares {size} bytes out of {packed}, more than {LARGEST_RATIO} times as much",
                self.path,
                member.header_offset,
            )
        if member.compress_type == zipfile.ZIP_STORED and size != packed:
            raise WeightsError(f"expected {member.filename!r} as long stored as plain", self.path, member.header_offset)
        with self.open(member.filename):
            pass

    @contextmanager
    def _guarded(self, what):
        """Turn whatever the zip reader says of malformed bytes into a WeightsError."""
        try:
            yield
        except (FileNotFoundError, PermissionError, IsADirectoryError, MemoryError, WeightsError):
            raise
        except Exception as error:  # on damaged bytes zipfile and zlib raise a dozen types, struct's and their own
            raise WeightsError(f"expected {what}; {type(error).__name__}: {error}", self.path) from error
