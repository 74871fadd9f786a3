"""Opening a file of weights by what it contains."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.foreign import PYTORCH, PYTORCH_MEMBER, foreign_kind
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.hdf5 import is_hdf5
from nb_sepconv.weights.keras.archive import open_keras_archive
from nb_sepconv.weights.keras.h5 import open_keras_h5
from nb_sepconv.weights.mapping import Weights
from nb_sepconv.weights.npz import SUFFIX, Npz
from nb_sepconv.weights.safetensors import Safetensors, is_safetensors
from nb_sepconv.weights.shards import open_shards, read_shard_map
from nb_sepconv.weights.tensorflow import object_graph, sstable
from nb_sepconv.weights.tensorflow.bundle import Bundle, is_v1_header
from nb_sepconv.weights.tensorflow.checkpoint_state import FILE_NAME, latest_prefix
from nb_sepconv.weights.tensorflow.checkpoint_v1 import CheckpointV1
from nb_sepconv.weights.tensorflow.slots import slot_names
from nb_sepconv.weights.zip_archive import Archive

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import FilePath

INDEX = ".index"
DATA_FILE = re.compile(r"(.+)\.data-\d{5}-of-\d{5}", re.DOTALL)
SAVED_MODEL = os.path.join("variables", "variables")
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
KNOWN = "a TensorFlow checkpoint (V1 or V2), a SavedModel, Keras .h5 or .keras, .npz or .safetensors"


def load(path: FilePath) -> Weights:
    """Open a file of weights, whatever its format, without reading the arrays.

    Args:
        path: str, bytes or path-like: the prefix of a TensorFlow V2 checkpoint or its ``.index``, a folder with a file
            ``checkpoint``, a SavedModel folder, a V1 checkpoint, or a Keras ``.h5``, ``.keras``, ``.weights.h5``,
            ``.weights.json``, ``.npz`` or ``.safetensors`` file. What the file contains decides, not its name. What is
            both a prefix and a folder is the prefix; with a slash at its end it is the folder.

    Returns:
        Weights, a mapping of variable name to array; ``slots`` has the optimizer's.

    Raises:
        FileNotFoundError: nothing is there.
        WeightsError: the file is damaged, or of no known format.

    >>> import numpy as np, tempfile
    >>> from nb_sepconv import weights
    >>> path = tempfile.mkdtemp() + "/model.npz"
    >>> weights.save(path, {"sep/bias": np.arange(3.0)})
    >>> with weights.load(path) as file: file["sep/bias"]
    array([0., 1., 2.])
    """
    path = _resolve(os.fsdecode(path))
    if os.path.isfile(f"{path}{INDEX}"):
        return _with_checkpoint_names(Bundle(path))
    with RandomAccessFile(path) as file:
        return _open_file(file)


def open_checkpoint(path: FilePath) -> Bundle | CheckpointV1:
    """A TensorFlow checkpoint under the keys that it has in the file: Bundle or CheckpointV1."""
    path = _resolve(os.fsdecode(path))
    if os.path.isfile(f"{path}{INDEX}"):
        return Bundle(path)
    with RandomAccessFile(path) as file:
        return _open_table(file)


def _resolve(path):
    """The prefix or the file that a folder, or its file ``checkpoint``, stands for; a prefix comes before a folder."""
    if os.path.isfile(f"{path}{INDEX}"):
        return path
    if os.path.basename(path) == FILE_NAME and os.path.isfile(path):
        return _latest(os.path.dirname(path) or os.curdir)
    if not os.path.isdir(path):
        return path
    if os.path.isfile(os.path.join(path, SAVED_MODEL + INDEX)):
        return os.path.join(path, SAVED_MODEL)
    if os.path.isfile(os.path.join(path, FILE_NAME)):
        return _latest(path)
    raise WeightsError(f"expected a SavedModel, or a folder with a file `{FILE_NAME}`", path)


def _latest(folder):
    prefix = latest_prefix(folder)
    if not (os.path.isfile(f"{prefix}{INDEX}") or os.path.isfile(prefix)):
        raise WeightsError(f"expected the checkpoint {prefix}, which is missing", os.path.join(folder, FILE_NAME))
    return prefix


def _open_file(file):
    if sstable.is_table(file):
        return _with_checkpoint_names(_open_table(file))
    if is_hdf5(file):
        return open_keras_h5(RandomAccessFile(file.path))
    if file.read(0, min(4, file.size), "a signature") in ZIP_SIGNATURES:
        return _open_zip(file.path)
    if is_safetensors(file):
        return Weights(Safetensors(file.path))
    shard_map = read_shard_map(file)
    if shard_map is not None:
        return open_shards(file.path, shard_map)
    prefix = _prefix_of_data(file.path)
    if prefix is not None:
        raise WeightsError(f"these are values of a checkpoint, which is opened by its prefix, {prefix!r}", file.path)
    raise WeightsError(f"{foreign_kind(file)}expected {KNOWN}", file.path, 0)


def _prefix_of_data(path):
    """The prefix of the checkpoint that a data file belongs to, or None."""
    found = DATA_FILE.fullmatch(path)
    return found[1] if found and os.path.isfile(f"{found[1]}{INDEX}") else None


def _open_table(file):
    if not sstable.is_table(file):
        raise WeightsError(f"{foreign_kind(file)}expected a TensorFlow checkpoint", file.path, 0)
    header = sstable.Table(file).get(b"") or b""
    if is_v1_header(header):
        return CheckpointV1(file.path)
    if not file.path.endswith(INDEX):
        raise WeightsError(f"this is the index of a V2 checkpoint, whose name must end in {INDEX}", file.path)
    return Bundle(file.path.removesuffix(INDEX))


def _open_zip(path):
    archive = Archive(path)
    members = archive.names
    archive.close()
    if members and all(name.endswith(SUFFIX) for name in members):
        return Weights(Npz(path))
    if any(name.endswith(PYTORCH_MEMBER) for name in members):
        raise WeightsError(f"{PYTORCH}; expected {KNOWN}", path, 0)
    return open_keras_archive(path)


def _with_checkpoint_names(source):
    """Variables by their own names: those of the object graph where there is one."""
    if object_graph.GRAPH_KEY not in source.tensors:
        return Weights(source, slot_keys=slot_names(source.tensors))
    prints = {key: source.fingerprint(key) for key in source.tensors if key != object_graph.GRAPH_KEY}
    with located(source.path):
        names = object_graph.variable_names(source.read(object_graph.GRAPH_KEY).item(), prints)
    return Weights(source, names.variables, names.slots)
