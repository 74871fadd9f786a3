"""Reading of TensorFlow V1 checkpoints: one table that holds a list of all tensors and their values, slice by slice."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights import element_types
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.tensorflow.ordered_code import WHOLE, slice_key
from nb_sepconv.weights.tensorflow.protobuf import BYTES, VARINT, last, message, text
from nb_sepconv.weights.tensorflow.slices import paste_slices
from nb_sepconv.weights.tensorflow.sstable import Table
from nb_sepconv.weights.tensorflow.tensor_messages import parse_shape, parse_slice, type_name
from nb_sepconv.weights.tensorflow.tensor_values import tensor_values

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, FilePath

NEWEST_FORMAT = 1
META_KEY = b""


class _Meta(NamedTuple):
    name: str
    shape: tuple[int, ...]
    type_name: str
    slices: list[Any]


class CheckpointV1:
    """A V1 checkpoint; only the list of tensors is read at first.

    Args:
        path: str.
    """

    format = "TensorFlow V1 checkpoint"

    def __init__(self, path: FilePath) -> None:
        self._file = RandomAccessFile(path)
        self.path: str = self._file.path
        self._table = Table(self._file)
        with located(self.path):
            self._metas = {meta.name: meta for meta in _parse_metas(self._table.get(META_KEY) or b"")}
            self.tensors: dict[str, TensorInfo] = {name: _describe(meta) for name, meta in self._metas.items()}

    def fingerprint(self, name: str) -> str:
        """What tells the value of a tensor from others without reading it: its name, as there are no checksums."""
        return name

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, name: str) -> Array:
        """The tensor of that name as an array; the checksums of its blocks are verified."""
        info, meta = self.tensors[name], self._metas[name]
        if info.dtype is None:
            raise WeightsError(f"the tensor {name!r} has the type {info.type_name}, which no array holds", self.path)
        with located(self.path):
            return paste_slices(name, info, [(extents, self._read_slice(meta, extents)) for extents in meta.slices])

    def _read_slice(self, meta, extents):
        value = self._table.get(slice_key(meta.name, extents))
        if value is None:
            raise WeightsError(f"expected the values of {meta.name!r} for the slice {list(extents)}")
        saved = last(message(value, {2: BYTES})[2], b"")
        values = tensor_values(last(message(saved, {3: BYTES})[3], b""), meta.type_name)
        shape = tuple(
            size if length == WHOLE else length for size, (_, length) in zip(meta.shape, extents, strict=True)
        )
        if prod(shape) != values.size or min(shape, default=0) < 0:
            raise WeightsError(f"expected values for {list(shape)} in {meta.name!r}; received {values.size}")
        return values.reshape(shape)


def _parse_metas(value):
    known = message(last(message(value, {1: BYTES})[1], b""), {1: BYTES, 2: BYTES})
    oldest_reader = last(message(last(known[2], b""), {2: VARINT})[2])
    if oldest_reader > NEWEST_FORMAT:
        raise WeightsError(f"expected a format up to {NEWEST_FORMAT}; the file asks for {oldest_reader}")
    return [_parse_meta(meta) for meta in known[1]]


def _parse_meta(data):
    known = message(data, {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES})
    shape = parse_shape(last(known[2], b""))
    slices = [parse_slice(piece, len(shape)) for piece in known[4]]
    return _Meta(text(last(known[1], b"")), shape, type_name(last(known[3])), slices)


def _describe(meta):
    dtype = element_types.array_dtype(meta.type_name)
    sized = dtype is not None and meta.type_name != element_types.STRING
    itemsize = element_types.raw_dtype(meta.type_name).itemsize if sized else 0
    return TensorInfo(meta.shape, dtype, meta.type_name, element_types.element_count(meta.shape) * itemsize)
