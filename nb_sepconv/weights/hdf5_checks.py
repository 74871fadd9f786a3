"""What a dataset of HDF5 must satisfy before it is read.

The rules against links, external storage and declared sizes are those of Keras's saving_lib.
"""

from itertools import pairwise

import numpy as np

from nb_sepconv.weights import element_types
from nb_sepconv.weights.element_types import TensorInfo
from nb_sepconv.weights.errors import WeightsError

LARGEST_FREE_BYTES = 4 << 30
LARGEST_RATIO = 1000
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
NUMBERS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def check_dataset(name, dataset):
    """The TensorInfo of a dataset whose storage holds what its shape declares."""
    type_name = _type_name(name, dataset)
    nbytes = element_types.element_count(dataset.shape) * dataset.id.get_type().get_size()
    _check_storage(name, dataset, nbytes)
    return TensorInfo(dataset.shape, element_types.array_dtype(type_name), type_name, nbytes)


def require_apart(datasets):
    """No two datasets may share bytes of the file."""
    extents = sorted(extent for name, dataset in datasets.items() for extent in _extents(name, dataset))
    for (start, size, name), (following, _, other) in pairwise(extents):
        if start + size > following:
            raise WeightsError(f"expected {name!r} and {other!r} apart; they share bytes", offset=following)


def _type_name(name, dataset):
    """The type by comparison with the exact little-endian types, so that no odd float or integer passes."""
    stored = dataset.id.get_type()
    for type_name in NUMBERS:
        if stored.equal(_standard_type(type_name)):
            return type_name
    if dataset.dtype == np.bool_:
        return "bool"
    if dataset.dtype == np.dtype("V2") and dataset.attrs.get("dtype") == element_types.BFLOAT16:
        return element_types.BFLOAT16
    raise WeightsError(f"expected {name!r} as little-endian numbers of a standard type; received {dataset.dtype}")


def _standard_type(type_name):
    import h5py

    return h5py.h5t.py_create(np.dtype(type_name).newbyteorder("<"))


def _check_storage(name, dataset, nbytes):
    if dataset.external or dataset.is_virtual:
        raise WeightsError(f"expected {name!r} inside the file; it is stored outside")
    if dataset.chunks is None:
        if dataset.id.get_storage_size() != nbytes:
            raise WeightsError(f"expected {nbytes} bytes for {name!r}; {dataset.id.get_storage_size()} are stored")
        return
    plist = dataset.id.get_create_plist()
    unknown = {plist.get_filter(index)[0] for index in range(plist.get_nfilters())} - set(FILTERS)
    if unknown:
        raise WeightsError(f"expected the filters {', '.join(FILTERS.values())} for {name!r}; received {sorted(unknown)}")
    needed = int(np.prod([-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True)], dtype=object))
    if dataset.id.get_num_chunks() != needed:
        raise WeightsError(f"expected {needed} chunks for {name!r}; {dataset.id.get_num_chunks()} are stored")
    stored = dataset.id.get_storage_size()
    if nbytes > LARGEST_FREE_BYTES and nbytes > LARGEST_RATIO * stored:
        raise WeightsError(f"{name!r} declares {nbytes} bytes out of {stored}, more than {LARGEST_RATIO} times as much")


def _extents(name, dataset):
    """Yield (start, size, name) of the stretches that hold the values."""
    if dataset.chunks is None:
        if dataset.id.get_offset() is not None:
            yield dataset.id.get_offset(), dataset.id.get_storage_size(), name
        return
    for index in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(index)
        yield chunk.byte_offset, chunk.size, name
