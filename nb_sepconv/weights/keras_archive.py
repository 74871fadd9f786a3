"""Reading of ``.keras`` archives: the weights alone, out of the HDF5 file that they hold."""

import tempfile

from nb_sepconv.weights.errors import WeightsError, located
from nb_sepconv.weights.hdf5 import Hdf5
from nb_sepconv.weights.keras_config import layer_names
from nb_sepconv.weights.keras_h5 import variable_names
from nb_sepconv.weights.zip_archive import Archive

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
LARGEST_CONFIG_BYTES = 1 << 28
KEPT_IN_MEMORY_BYTES = 1 << 26
CHUNK_BYTES = 1 << 20


def open_keras_archive(path):
    """A ``.keras`` archive with its names and slots, for the mapping; all of it is checked by its CRC-32."""
    archive = Archive(path)
    try:
        names = _read_layer_names(archive)
        stream = _unpack(archive)
    finally:
        archive.close()
    file = Hdf5(path, stream)
    file.format = "Keras archive"
    try:
        return file, *variable_names(file, names)
    except BaseException:
        file.close()
        raise


def _read_layer_names(archive):
    missing = {CONFIG, WEIGHTS} - set(archive.names)
    if missing:
        raise WeightsError(f"expected {sorted(missing)[0]!r} in a Keras archive", archive.path)
    if archive.size(CONFIG) > LARGEST_CONFIG_BYTES:
        raise WeightsError(f"expected {CONFIG!r} of at most {LARGEST_CONFIG_BYTES} bytes", archive.path)
    with located(archive.path):
        return layer_names(archive.read(CONFIG))


def _unpack(archive):
    """The HDF5 file as a stream of its own, on disk without a name where it is large."""
    stream = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES)
    with archive.open(WEIGHTS) as member:
        while chunk := member.read(CHUNK_BYTES):
            stream.write(chunk)
    stream.seek(0)
    return stream
