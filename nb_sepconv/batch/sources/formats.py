"""The formats of sources, by the ends of their names."""

from __future__ import annotations

import os
import re
from errno import ENOENT
from typing import TYPE_CHECKING

from nb_sepconv.batch.sources.channels import PickedSource
from nb_sepconv.batch.sources.edf import open_edf
from nb_sepconv.batch.sources.hdf5 import open_hdf5
from nb_sepconv.batch.sources.npy import open_npy
from nb_sepconv.batch.sources.sound import open_sound
from nb_sepconv.batch.sources.zarr import ZarrSource, is_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.batch.sources.protocol import Source
    from nb_sepconv.batch.sources.request import Request

FORMATS: dict[str, Callable[[Request], Source]] = {
    ".npy": open_npy,
    ".h5": open_hdf5,
    ".hdf5": open_hdf5,
    ".zarr": ZarrSource,
    ".wav": open_sound,
    ".flac": open_sound,
    ".edf": open_edf,
    ".bdf": open_edf,
}
INSIDE = re.compile(r"(.*\.(?:h5|hdf5|zarr)[/\\]?):(/.*)", re.IGNORECASE | re.DOTALL)
HINTS = {
    ".npz": ": store each array of an archive with `numpy.save`",
    ".pkl": ": a pickle can run code, and is never loaded",
    ".pickle": ": a pickle can run code, and is never loaded",
    ".csv": ": read it with pandas or `numpy.loadtxt`, and pass the array",
    ".parquet": ": read it with pandas or polars, and pass the array",
    ".mat": ": read it with `scipy.io.loadmat`, and pass the array; version 7.3 is HDF5, and may be named .h5",
    ".mp3": ": its decoders do not find the same samples from every start; convert it to .flac",
    ".ogg": ": its decoders do not find the same samples from every start; convert it to .flac",
}


def split(text: str) -> tuple[str, str | None]:
    """The path of a file, and the name of an array inside it, where there is one behind a colon."""
    found = INSIDE.fullmatch(text)
    return (found[1], found[2]) if found else (text, None)


def kind(path: str) -> str | None:
    """The end of a file's name that stands for its format, or None; a folder may be a Zarr store by any name."""
    if os.path.isdir(path) and is_store(path):
        return ".zarr"
    suffix = _suffix(path)
    return suffix if suffix in FORMATS else None


def is_known(path: str) -> bool:
    """Whether a file is of a known format."""
    return kind(path) is not None


def require_known(path: str) -> None:
    """Refuse a file of no known format."""
    if not is_known(path):
        known = ", ".join(FORMATS)
        raise ValueError(f"`source` must end in one of {known}. Received: {path!r}{HINTS.get(_suffix(path), '')}")


def open_path(request: Request) -> Source:
    """The source of a file."""
    suffix = kind(request.path)
    if suffix is None:  # a Zarr store by another name, which was there when it was found
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), request.path)
    opener = FORMATS[suffix]
    source = opener(request)
    if request.channels is None or opener is open_edf:
        return source
    return PickedSource(source, request.channels)


def _suffix(path: str) -> str:
    return os.path.splitext(path.rstrip("/" + os.sep))[1].lower()
