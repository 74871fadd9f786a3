"""Writing of ``.weights.h5`` files that Keras 3 reads, through h5py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.files.atomic import replacing
from nb_sepconv.weights.element_types import BFLOAT16
from nb_sepconv.weights.hdf5.datatypes import ENCODINGS
from nb_sepconv.weights.keras.checksum import dataset_checksum
from nb_sepconv.weights.keras.h5 import CHECKSUM, CONTAINER, NAME, ROLES, TYPE, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from nb_sepconv.tensors.typing import FilePath

LAYER = "separable_conv1d"


def write_keras_h5(path: FilePath, tensors: Mapping[str, Any]) -> None:
    """Write a ``.weights.h5``: the layers in the order of the mapping, each under its class name as Keras has it.

    Args:
        path: str.
        tensors: mapping of str to array: ``<layer>/depthwise_kernel``, ``<layer>/pointwise_kernel``, ``<layer>/bias``,
            or whole paths such as ``layers/dense/vars/0``.
    """
    h5py = import_h5py()
    groups = _groups(list(tensors))
    with replacing(path) as file, h5py.File(file, "w", libver="earliest") as tree:
        for group, (name, members) in groups.items():
            variables = tree.create_group(f"{group}/{VARIABLES}")
            if name:
                variables.attrs[NAME] = name
            for member, key in members.items():
                _write_dataset(variables, f"{group}/{VARIABLES}/{member}", name, key, np.asarray(tensors[key]))


def import_h5py() -> ModuleType:
    """The package h5py, or an ImportError that says how to get it."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError("Writing HDF5 needs h5py: pip install 'nb_sepconv[hdf5]'") from error
    return h5py


def _groups(names):
    """{path of the group: (name of the layer or None, {number: name in the mapping})}."""
    groups, folders = {}, {}
    for name in names:
        owner, _, role = name.rpartition("/")
        if owner.endswith(VARIABLES):
            groups.setdefault(owner.removesuffix(VARIABLES).rstrip("/"), (None, {}))[1][role] = name
        elif role in ROLES:
            folder = folders.setdefault(owner, _folder(len(folders)))
            groups.setdefault(folder, (owner, {}))[1][str(ROLES.index(role))] = name
        else:
            raise ValueError(
                f"The names in `mapping` must end in one of {', '.join(ROLES)}, "
                f"or be paths such as `layers/dense/vars/0`. "
                f"Received: {name!r}"
            )
    for folder, (_, members) in groups.items():
        _require_numbers(folder, members)
    return groups


def _folder(index):
    return f"{CONTAINER}/{LAYER}_{index}" if index else f"{CONTAINER}/{LAYER}"


def _require_numbers(folder, members):
    if sorted(members) != sorted(str(index) for index in range(len(members))):
        raise ValueError(
            f"`mapping` must have a depthwise and a pointwise kernel for {folder!r}. Received: {list(members.values())}"
        )


def _write_dataset(group, path, name, key, array):
    if array.dtype.name not in ENCODINGS:
        raise ValueError(f"The array `{key}` cannot be stored in a .weights.h5. Received: dtype={array.dtype}")
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    dataset = group.create_dataset(path.rpartition("/")[2], data=array)
    dataset.attrs[CHECKSUM] = np.bytes_(dataset_checksum(path, name, array))
    if array.dtype.name == BFLOAT16:
        dataset.attrs[TYPE] = BFLOAT16
