"""Reading of ``.keras`` archives: the weights alone, out of the HDF5 file that they hold."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.keras.config import layer_names
from nb_sepconv.weights.keras.h5 import open_keras_h5
from nb_sepconv.weights.zip_archive import Archive

if TYPE_CHECKING:
    from nb_sepconv.weights.mapping import Weights

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
LARGEST_CONFIG_BYTES = 1 << 28
CHUNK_BYTES = 1 << 20


def open_keras_archive(path: str) -> Weights:
    """The Weights of a ``.keras`` archive; all of what is used is checked by its CRC-32."""
    config, file = read_archive(path)
    try:
        with located(path):
            names = layer_names(config)
    except BaseException:
        file.close()
        raise
    return open_keras_h5(file, names)


def read_archive(path: str) -> tuple[bytes, RandomAccessFile]:
    """The configuration in a ``.keras`` archive, and its file of weights, open."""
    archive = Archive(path)
    try:
        return _read_config(archive), _unpack(archive)
    finally:
        archive.close()


def _read_config(archive):
    missing = {CONFIG, WEIGHTS} - set(archive.names)
    if missing:
        raise WeightsError(f"expected {sorted(missing)[0]!r} in a Keras archive", archive.path)
    if archive.size(CONFIG) > LARGEST_CONFIG_BYTES:
        raise WeightsError(f"expected {CONFIG!r} of at most {LARGEST_CONFIG_BYTES} bytes", archive.path)
    return archive.read(CONFIG)


def _unpack(archive):
    """The HDF5 file as a file of its own, on disk without a name."""
    with tempfile.TemporaryFile() as unpacked:
        with archive.open(WEIGHTS) as member:
            shutil.copyfileobj(member, unpacked, CHUNK_BYTES)
        unpacked.flush()
        return RandomAccessFile(archive.path, os.dup(unpacked.fileno()))
