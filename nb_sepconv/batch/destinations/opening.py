"""The destinations of a job: one for each input."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from nb_sepconv.batch.destinations.hdf5 import Hdf5Destination
from nb_sepconv.batch.destinations.npy import NpyDestination
from nb_sepconv.batch.destinations.zarr import ZarrDestination
from nb_sepconv.batch.sources.formats import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.batch.destinations.protocol import Destination
    from nb_sepconv.batch.sources.finding import Input
    from nb_sepconv.tensors.typing import FilePath

SUFFIXES = (".npy", ".h5", ".hdf5", ".zarr")
KNOWN = ".npy, .h5, .hdf5 or .zarr"
FOLDER = "a folder takes one file for each input, and a pattern such as 'folder/*.h5' names and formats them"


def destinations(destination: FilePath, inputs: Sequence[Input], channels_last: bool) -> list[Destination]:
    """The destination of each input; nothing is made yet.

    Args:
        destination: path: a file for one input (``file.h5:/name`` names a dataset), a folder, or a pattern in whose
            name ``*`` stands for that of an input.
        inputs: list of Input.
        channels_last: bool, whether outputs are (N, T, F) or (N, F, T).

    Raises:
        ValueError: It is no such path, or two outputs would be one.
    """
    text = os.fspath(destination)
    paths = [_path_for(text, one) for one in inputs] if _is_for_many(text) else [text]
    if len(paths) != len(inputs):
        raise ValueError(f"`destination` is one file for {len(inputs)} inputs: {FOLDER}. Received: {text!r}")
    for path, count in Counter(paths).items():
        if count > 1:
            names = ", ".join(repr(one.name) for one, own in zip(inputs, paths, strict=True) if own == path)
            raise ValueError(f"`destination` has one name for several inputs, {path!r}: rename one of {names}")
    for path, one in zip(paths, inputs, strict=True):
        if isinstance(one.location, str) and _real(path) == _real(one.location):
            raise ValueError(f"`destination` must not be the source itself. Received: {path!r}")
    return [_opened(path, channels_last) for path in paths]


def _is_for_many(text: str) -> bool:
    if "*" in os.path.basename(text):
        return True
    if _suffix(text) in SUFFIXES:
        return False
    is_folder = os.path.isdir(text) or text.endswith(("/", os.sep)) or not _suffix(text)
    if not is_folder:
        raise ValueError(f"`destination` must end in {KNOWN}, or in a slash if it is a folder. Received: {text!r}")
    return True


def _path_for(text: str, one: Input) -> str:
    folder, pattern = os.path.split(text)
    if "*" not in pattern:
        return os.path.join(text, one.stem + ".npy")
    if _suffix(pattern) not in SUFFIXES:
        raise ValueError(f"`destination` must end in {KNOWN}. Received: {text!r}")
    return os.path.join(folder, pattern.replace("*", one.stem))


def _opened(text: str, channels_last: bool) -> Destination:
    path, inside = split(text)
    if _suffix(path) == ".npy":
        return NpyDestination(path, channels_last)
    if _suffix(path) != ".zarr":
        return Hdf5Destination(path, channels_last, inside)
    if inside is not None:
        raise ValueError(f"`destination` is one array in a Zarr store of its own, without a name. Received: {text!r}")
    return ZarrDestination(path.rstrip("/" + os.sep), channels_last)


def _suffix(text: str) -> str:
    path, _ = split(text)
    return os.path.splitext(path.rstrip("/" + os.sep))[1].lower()


def _real(text: str) -> str:
    path, _ = split(text)
    return os.path.realpath(path)
