"""The file ``checkpoint``, a text message that names the checkpoints of a folder, the latest first."""

from __future__ import annotations

import ntpath
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
_GAP = re.compile(r"(?:\s|#[^\n]*(?:\n|\Z))*")
_TOKEN = re.compile(
    r"""(?P<name>\w+)\s*:|"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'"""
    r"""|(?P<number>[-+]?[\w.][-+.\w]*)|(?P<mark>[\[\],;])"""
)
_WINDOWS_ROOT = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def read_state(path: FilePath) -> tuple[str, list[str]]:
    """The latest checkpoint and all that are kept, as they stand in the file.

    Args:
        path: str, the file ``checkpoint``.

    Returns:
        (str, list of str).
    """
    text = _read_text(path)
    found, name = {LATEST: [], ALL: []}, None
    for kind, value, position in _tokens(text):
        if kind == "name" and value in {LATEST, ALL, *NUMBERS}:
            name = value
        elif kind in ("double", "single") and name in found:
            found[name].append(_unescape(value))
        elif kind != "mark" and (kind != "number" or name not in NUMBERS):
            raise _unexpected(path, text, position)
    if any("\0" in latest for latest in found[LATEST]):
        raise WeightsError("expected a path without NUL", path)
    if len(found[LATEST]) != 1:
        raise WeightsError(f"expected one `{LATEST}`; received {found}", path)
    return found[LATEST][0], found[ALL]


def _tokens(text):
    """Yield the (kind, value, start) of each token of a text message without its comments; kind is None for others."""
    position = _GAP.match(text).end()
    while position < len(text):
        token = _TOKEN.match(text, position)
        yield token and token.lastgroup, token and token[token.lastgroup], position
        position = _GAP.match(text, token.end() if token else len(text)).end()


def _unexpected(path, text, position):
    line = text.count("\n", 0, position) + 1
    shown = text[position : position + 80]
    return WeightsError(f'expected `{LATEST}: "..."` or `{ALL}: "..."` in line {line}; received {shown!r}', path)


def latest_prefix(folder: str, file_name: str = FILE_NAME) -> str:
    """The prefix of the latest checkpoint of a folder.

    Folders are moved, and TensorFlow writes whole paths: a path that leads out of the folder is not followed, and the
    checkpoint of that name inside the folder is meant.
    """
    latest, _ = read_state(os.path.join(folder, file_name))
    if os.name != "nt" and _WINDOWS_ROOT.match(latest):
        latest = ntpath.basename(latest)
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
