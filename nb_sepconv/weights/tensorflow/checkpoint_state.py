"""The file ``checkpoint``, a text message that names the checkpoints of a folder, the latest first."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from nb_sepconv.files.atomic import replacing
from nb_sepconv.files.errors import WeightsError
from nb_sepconv.files.random_access import RandomAccessFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import FilePath

FILE_NAME = "checkpoint"
LATEST, ALL = "model_checkpoint_path", "all_model_checkpoint_paths"
NUMBERS = {"all_model_checkpoint_timestamps", "last_preserved_timestamp"}
LARGEST_BYTES = 1 << 24
_LINE = re.compile(r'\s*(\w+)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([-+.\w]+))\s*')
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def read_state(path: FilePath) -> tuple[str, list[str]]:
    """The latest checkpoint and all that are kept, as they stand in the file.

    Args:
        path: str, the file ``checkpoint``.

    Returns:
        (str, list of str).
    """
    found = {LATEST: [], ALL: []}
    for number, line in enumerate(_read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if (
            match is None
            or (match[1] not in found and match[1] not in NUMBERS)
            or (match[1] in found and match[2] is None)
        ):
            raise WeightsError(
                f'expected `{LATEST}: "..."` or `{ALL}: "..."` in line {number}; received {line[:80]!r}', path
            )
        if match[1] in found:
            found[match[1]].append(_unescape(match[2]))
    if any("\0" in name for name in found[LATEST]):
        raise WeightsError("expected a path without NUL", path)
    if len(found[LATEST]) != 1 or (found[ALL] and found[LATEST][0] not in found[ALL]):
        raise WeightsError(f"expected one `{LATEST}`, which is among `{ALL}`; received {found}", path)
    return found[LATEST][0], found[ALL]


def latest_prefix(folder: str, file_name: str = FILE_NAME) -> str:
    """The prefix of the latest checkpoint of a folder.

    Folders are moved, and TensorFlow writes whole paths: a path that leads out of the folder is not followed, and the
    checkpoint of that name inside the folder is meant.
    """
    latest, _ = read_state(os.path.join(folder, file_name))
    return os.path.join(folder, latest if _is_inside(folder, latest) else os.path.basename(latest))


def _is_inside(folder, name):
    root = os.path.realpath(folder)
    return not os.path.isabs(name) and os.path.commonpath([root, os.path.realpath(os.path.join(root, name))]) == root


def write_state(folder: str, kept: Sequence[str], file_name: str = FILE_NAME) -> None:
    """Name the checkpoints of a folder, the latest last; those inside it by their path from it."""
    names = [os.path.relpath(prefix, folder) for prefix in kept]
    lines = [f'{LATEST}: "{_escape(names[-1])}"', *(f'{ALL}: "{_escape(name)}"' for name in names)]
    with replacing(os.path.join(folder, file_name)) as file:
        file.write(("\n".join(lines) + "\n").encode())


def _read_text(path):
    with RandomAccessFile(path) as file:
        if file.size > LARGEST_BYTES:
            raise WeightsError(f"expected at most {LARGEST_BYTES} bytes; the file has {file.size}", path)
        data = file.read(0, file.size, "the names of checkpoints")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise WeightsError("expected UTF-8 text", path, error.start) from None


def _escape(name):
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescape(quoted):
    """Undo the escapes of a text message, whose numbers stand for bytes."""

    def octet(match):
        if match[1] or match[2]:
            return chr(int(match[1], 8) & 255 if match[1] else int(match[2], 16))
        return _LETTERS.get(match[3], match[3])

    characters = quoted.encode().decode("latin-1")
    return _ESCAPE.sub(octet, characters).encode("latin-1").decode("utf-8", "surrogateescape")
