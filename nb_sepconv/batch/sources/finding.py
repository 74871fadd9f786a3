"""The inputs of a job: what a path, a pattern, a folder, a list or an array stands for."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from errno import ENOENT
from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.batch.sources import arrays, channels, formats
from nb_sepconv.batch.sources.channels import PickedSource
from nb_sepconv.batch.sources.request import Request
from nb_sepconv.batch.sources.zarr import is_store

if TYPE_CHECKING:
    import numpy as np

    from nb_sepconv.batch.sources.protocol import Source


class Input(NamedTuple):
    """One input of a job, which nothing has opened yet.

    ``name`` is what reports call it; ``stem`` what its output is called in a folder; ``location`` an array or a path.
    """

    name: str
    stem: str
    location: Any
    channels: tuple[int | str, ...] | None

    def open(self, channels_last: bool, dtype: np.dtype[Any] | None) -> Source:
        """The source, with its shape and type.

        Args:
            channels_last: bool, whether it is (N, L, C) or (N, C, L).
            dtype: numpy dtype of what is read, or None: that of the file, float32 for integers.

        Raises:
            SourceError: What is there is not what it should be.
            OSError: The file cannot be read.
            ImportError: A package that reads it is missing.
        """
        if isinstance(self.location, str):
            path, inside = formats.split(self.location)
            return formats.open_path(Request(path, inside, self.name, channels_last, dtype, self.channels))
        whole = arrays.ArraySource(self.location, self.name, channels_last, dtype)
        return whole if self.channels is None else PickedSource(whole, self.channels)


def find(source: Any, picked: Any = None) -> list[Input]:
    """The inputs that a source stands for, in the order of their names.

    Args:
        source: a path (also ``file.h5:/name``), a pattern with ``*``, ``?``, ``[`` or ``**``, a folder, an array, or a
            list of these.
        picked: the ``channels`` to read: names or numbers, or one of them, or None for all.

    Raises:
        TypeError: It is nothing of that kind.
        ValueError: A file of no known kind was named.
        FileNotFoundError: There is nothing.
    """
    wanted = channels.parse(picked)
    if isinstance(source, (list, tuple)):
        parts = [part for one in source for part in _expanded(one)]
    else:
        parts = _expanded(source)
    if not parts:
        raise FileNotFoundError(ENOENT, "`source` names no file of a known kind", str(source))
    digits = len(str(len(parts) - 1))
    found = [_input(part, f"array {index:0{digits}}", wanted) for index, part in enumerate(parts)]
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise ValueError(f"`source` must name each file once. Received: {twice[0]!r} twice or more")
    return found


def _input(part: Any, array_name: str, wanted: tuple[int | str, ...] | None) -> Input:
    if not isinstance(part, str):
        return Input(array_name, array_name.replace(" ", "-"), part, wanted)
    path, inside = formats.split(part)
    stem = os.path.splitext(os.path.basename(path.rstrip("/" + os.sep)))[0]
    return Input(part, stem if inside is None else stem + inside.replace("/", "-"), part, wanted)


def _expanded(source: Any) -> list[Any]:
    """The paths and arrays that one part of a source stands for."""
    if isinstance(source, (str, os.PathLike)):
        return _paths(os.fspath(source))
    if arrays.is_array(source):
        return [source]
    raise TypeError(
        "`source` must be a path, a pattern, a folder, an array with a shape, a type and slices, or a list of these. "
        f"Received: {type(source).__name__}"
    )


def _paths(text: str) -> list[str]:
    path, inside = formats.split(text)
    tail = "" if inside is None else ":" + inside
    if os.path.isdir(path) and not is_store(path) and not path.rstrip("/" + os.sep).endswith(".zarr"):
        return [os.path.join(path, name) for name in sorted(os.listdir(path)) if _is_listed(path, name)]
    if os.path.exists(path) or not re.search(r"[*?[]", path):
        formats.require_known(path)
        return [text]
    found = sorted(glob.glob(path, recursive=True))
    return [one + tail for one in found if formats.is_known(one)]


def _is_listed(folder: str, name: str) -> bool:
    """Whether a file of a folder belongs to a job: of a known kind and not hidden."""
    return not name.startswith(".") and formats.is_known(os.path.join(folder, name))
