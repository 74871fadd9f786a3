"""Names of variables in Keras's HDF5 files: the legacy ``.h5`` and the ``.weights.h5`` of Keras 3."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.element_types import BFLOAT16
from nb_sepconv.weights.hdf5 import Hdf5, UnusualHdf5, plain_copy
from nb_sepconv.weights.keras.checksum import dataset_checksum
from nb_sepconv.weights.keras.legacy import is_legacy, legacy_names
from nb_sepconv.weights.mapping import Weights

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

VARIABLES = "vars"
CONTAINER, EARLY_CONTAINER = "layers", "_layer_checkpoint_dependencies"
NAME, TYPE, CHECKSUM = "name", "dtype", "nb_sepconv.crc32c"
TRAINING = ("optimizer", "metrics")
ROLES = ("depthwise_kernel", "pointwise_kernel", "bias")
KERNEL_AND_BIAS = ("kernel", "bias")
ROLES_BY_CLASS: dict[str, Any] = {
    **dict.fromkeys(("dense", "conv1d", "conv2d"), KERNEL_AND_BIAS),
    "embedding": ("embeddings",),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "layer_normalization": ("gamma", "beta"),
}


def variable_names(file: Any, layer_names: Any = None) -> tuple[dict[str, str], set[str]]:
    """The name of each dataset of a Keras file, and which belong to the optimizer.

    Args:
        file: Hdf5 or Shards.
        layer_names: dict of object path to name, for files whose groups do not carry names.

    Returns:
        (dict of path to name, set of paths).
    """
    if is_legacy(file):
        names, slots = legacy_names(file)
        return _unique(names), slots
    if all(path.split("/")[-2:-1] == [VARIABLES] for path in file.tensors) and file.tensors:
        return _unique(_object_names(file, layer_names or {})), _training_paths(file)
    raise WeightsError("expected a Keras file: `layer_names` at its root, or datasets in groups `vars`", file.path)


def _object_names(file, layer_names):
    """Names from the layers' own names where groups carry them, else from the configuration, else from the path."""
    names = {}
    for path in file.tensors:
        _require_attributes(file, path, {TYPE, CHECKSUM})
        if file.tensors[path].type_name == BFLOAT16 and file.text(path, TYPE) != [BFLOAT16]:
            raise WeightsError(f"expected the attribute `{TYPE}` of {path!r} to say {BFLOAT16}", file.path)
    for group in {path.rpartition("/")[0] for path in file.tensors}:
        owner = _owner_name(file, group.rpartition("/")[0], layer_names)
        for member, role in _roles(file, group).items():
            names[f"{group}/{member}"] = f"{owner}/{role}" if owner else role
    return {path: names[path] for path in sorted(file.tensors, key=_by_number)}


def _by_number(path):
    """The parts of a path, so that 10 comes after 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


def _owner_name(file, path, layer_names):
    parts = []
    components = path.split("/") if path else []
    for length in range(1, len(components) + 1):
        prefix = "/".join(components[:length])
        own = _stored_name(file, prefix) or layer_names.get(prefix.replace(EARLY_CONTAINER, CONTAINER))
        if own or components[length - 1] not in (CONTAINER, EARLY_CONTAINER):
            parts.append(own or components[length - 1])
    return "/".join(parts)


def _stored_name(file, path):
    """The name that the group ``vars`` of a layer carries, None where there is none."""
    if VARIABLES not in file.group(path):
        return None
    group = f"{path}/{VARIABLES}"
    _require_attributes(file, group, {NAME})
    stored = file.text(group, NAME)
    if stored is not None and (len(stored) != 1 or not stored[0]):
        raise WeightsError(f"expected one name as the attribute `{NAME}` of {group!r}; received {stored}", file.path)
    return stored[0] if stored else None


def _require_attributes(file, path, known):
    odd = file.attributes(path) - known
    if odd:
        raise WeightsError(f"expected no attributes of {path!r} but {sorted(known)}; received {sorted(odd)}", file.path)


def _roles(file, group):
    """What each dataset of a group is: a separable convolution is known by its shapes, others keep their numbers."""
    members = file.group(group)
    numbered = [name for name in members if name.isdigit()]
    if numbered and sorted(members) != sorted(str(index) for index in range(len(members))):
        raise WeightsError(
            f"expected datasets numbered from 0 without gaps in {group!r}; received {sorted(members)}", file.path
        )
    if not numbered:
        return {name: name for name in members}
    shapes = [file.tensors[f"{group}/{index}"].shape for index in range(len(numbered))]
    if _is_separable(shapes):
        return _numbered(len(shapes), ROLES)
    class_name = re.sub(r"_\d+$", "", group.split("/")[-2]) if "/" in group else ""
    roles = ROLES_BY_CLASS.get(class_name, ())
    if len(shapes) == len(roles) or (len(shapes) == 1 and roles == KERNEL_AND_BIAS):
        return _numbered(len(shapes), roles)
    return {name: f"{VARIABLES}/{name}" for name in members}


def _numbered(count, roles):
    return {str(index): roles[index] for index in range(count)}


def _is_separable(shapes):
    if len(shapes) not in (2, 3) or len(shapes[0]) != 3 or len(shapes[1]) != 3:
        return False
    (_, channels, multiplier), (one, hidden, filters) = shapes[:2]
    return one == 1 and hidden == channels * multiplier and shapes[2:] in ([], [(filters,)])


def _training_paths(file):
    return {path for path in file.tensors if path.split("/")[0] in TRAINING}


def _unique(names):
    """The names, with the path in place of each that occurs twice."""
    counts = Counter(names.values())
    return {path: name if counts[name] == 1 else path for path, name in names.items()}


class KerasTree(Hdf5):
    """An HDF5 file whose datasets are checked by the checksums beside them, where there are any."""

    def read(self, name: str) -> Array:
        """The dataset at that path as an array."""
        array = super().read(name)
        stored = self.text(name, CHECKSUM)
        if stored is not None:
            owner = _stored_name(self, name.rpartition(f"/{VARIABLES}/")[0])
            if stored != [dataset_checksum(name, owner, array)]:
                raise WeightsError(f"the checksum of {name!r} does not match its bytes", self.path)
        return array


def open_tree(file: Any) -> KerasTree:
    """The tree of an open file, which is closed if it cannot be had; one in unusual HDF5 is copied in plain first.

    Args:
        file: RandomAccessFile.
    """
    try:
        try:
            return KerasTree(file)
        except UnusualHdf5 as problem:
            with file as unusual:
                file = plain_copy(unusual, problem)
            return KerasTree(file)
    except BaseException:
        file.close()
        raise


def open_keras_h5(file: Any, layer_names: Any = None) -> Weights:
    """The Weights of an open Keras file, which is closed if they cannot be had.

    Args:
        file: RandomAccessFile.
        layer_names: as for :func:`variable_names`.
    """
    tree = open_tree(file)
    try:
        return Weights(tree, *variable_names(tree, layer_names))
    except BaseException:
        tree.close()
        raise
