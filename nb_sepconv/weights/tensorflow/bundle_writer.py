"""Writing of TensorFlow V2 checkpoints that TensorFlow reads back."""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.element_types import STRING, as_bytes
from nb_sepconv.weights.tensorflow import string_tensor
from nb_sepconv.weights.tensorflow.bundle import Bundle, data_path
from nb_sepconv.weights.tensorflow.crc32c import masked
from nb_sepconv.weights.tensorflow.protobuf import write_field, write_fixed32, write_submessage
from nb_sepconv.weights.tensorflow.sstable_writer import write_table
from nb_sepconv.weights.tensorflow.tensor_messages import TYPE_NUMBERS, write_shape
from nb_sepconv.weights.verified_write import write_with_crc

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCER = 1


def write_bundle(prefix: str, tensors: Mapping[str, Any]) -> None:
    """Write ``<prefix>.index`` and its data file; the checkpoint that was there stays whole until the last step.

    The index is replaced last and names its data files by their count, so that a second checkpoint under the same
    prefix writes "of 2" beside "of 1" and the other way round, and neither is ever half of each.

    Args:
        prefix: str.
        tensors: mapping of str to array; strings may be bytes or str.
    """
    prefix = os.fsdecode(prefix)
    shards = 2 if _live_shards(prefix) == 1 else 1
    names = sorted(tensors, key=str.encode)
    with replacing(data_path(prefix, 0, shards)) as data:
        rows = [(name.encode(), _write_tensor(data, name, tensors[name])) for name in names]
    for shard in range(1, shards):
        with replacing(data_path(prefix, shard, shards)):
            pass
    with replacing(f"{prefix}.index") as index:
        write_table(index, [(b"", _header(shards)), *rows])
    _remove_other_data(prefix, shards)


def _live_shards(prefix):
    """The number of data files of the checkpoint that is there, None where there is none that can be read."""
    try:
        return Bundle(prefix).shards
    except (FileNotFoundError, WeightsError):
        return None


def _header(shards):
    return write_field(1, shards) + write_submessage(3, write_field(1, PRODUCER))


def _write_tensor(file, name, value):
    """Append the tensor's bytes and return its entry."""
    offset = file.tell()
    array = np.asarray(value)
    type_name = _type_name(name, array)
    if type_name == STRING:
        stored, checksum = string_tensor.encode([as_bytes(name, item) for item in array.ravel()])
        file.write(stored)
    else:
        checksum = masked(write_with_crc(file, array))
    return (
        write_field(1, TYPE_NUMBERS[type_name])
        + write_submessage(2, write_shape(array.shape))
        + write_field(4, offset)
        + write_field(5, file.tell() - offset)
        + write_fixed32(6, checksum)
    )


def _type_name(name, array):
    if array.dtype.kind in "OSU":
        return STRING
    if array.dtype.name not in TYPE_NUMBERS:
        raise ValueError(
            f"The array `{name}` cannot be stored in a TensorFlow checkpoint. Received: dtype={array.dtype}"
        )
    return array.dtype.name


def _remove_other_data(prefix, shards):
    digits = "[0-9]" * 5
    ours = {data_path(prefix, shard, shards) for shard in range(shards)}
    for path in set(glob.glob(f"{glob.escape(prefix)}.data-{digits}-of-{digits}")) - ours:
        with suppress(FileNotFoundError):
            os.remove(path)
