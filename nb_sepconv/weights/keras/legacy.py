"""Names of variables in the ``.h5`` files of Keras 0 to 2, which list them or number them."""

from __future__ import annotations

import re
from typing import Any

from nb_sepconv.files.errors import WeightsError

ROOT, OPTIMIZER, TOP_LEVEL = "model_weights", "optimizer_weights", "top_level_model_weights"
LAYERS, VARIABLES = "layer_names", "weight_names"
LAYER_COUNT, VARIABLE_COUNT = "nb_layers", "nb_params"
NUMBERED = re.compile(r"layer_(\d+)/param_(\d+)")


def is_legacy(file: Any) -> bool:
    """Whether the groups of a file list their layers (Keras 1 and later) or count them (Keras 0)."""
    return _is_listed(file, _root(file)) or LAYER_COUNT in file.attributes("")


def legacy_names(file: Any) -> tuple[dict[str, str], set[str]]:
    """The name of each dataset, and which belong to the optimizer.

    Args:
        file: Hdf5.

    Returns:
        (dict of path to name, set of paths).
    """
    root = _root(file)
    if not _is_listed(file, root):
        return _numbered_names(file), set()
    names = _listed_names(file, root)
    slots = {path for path in file.tensors if root and path.startswith(f"{OPTIMIZER}/")}
    _require_same(file, set(names), set(file.tensors) - slots)
    names |= {path: path for path in slots}
    return {path: name.removesuffix(":0") for path, name in names.items()}, slots


def _root(file):
    return ROOT if ROOT in file.group("") else ""


def _is_listed(file, root):
    return file.text(root, LAYERS) is not None or file.text(root, f"{LAYERS}0") is not None


def listed_layers(file: Any) -> list[tuple[str, list[str]]]:
    """The name of each layer and the paths of its variables, in the order in which Keras 1 and later list them.

    Raises:
        WeightsError: the file is of Keras 0, which lists no names.
    """
    root = _root(file)
    if not _is_listed(file, root):
        raise WeightsError(f"expected the attribute `{LAYERS}`: a file of Keras 0 names no layers", file.path)
    layers = _split_attribute(file, root, LAYERS)
    groups = [_path(root, layer) for layer in layers]
    weights = [_split_attribute(file, group, VARIABLES) if file.has_group(group) else [] for group in groups]
    return [
        (layer, [_path(group, weight) for weight in of_layer])
        for layer, group, of_layer in zip(layers, groups, weights, strict=True)
    ]


def _listed_names(file, root):
    names = {}
    for layer in [*_split_attribute(file, root, LAYERS), TOP_LEVEL]:
        group = _path(root, layer)
        if file.has_group(group):
            names |= {_path(group, weight): weight for weight in _split_attribute(file, group, VARIABLES)}
        elif layer != TOP_LEVEL:
            raise WeightsError(f"expected the group {layer!r}, which `{LAYERS}` lists", file.path)
    return names


def _path(*parts):
    """The path of a member: Keras makes groups and datasets by names that may have slashes of their own."""
    return "/".join(part for whole in parts for part in whole.split("/") if part)


def _split_attribute(file, group, name):
    """A list of names, which long lists keep in several attributes."""
    whole = file.text(group, name)
    if whole is not None:
        return whole
    parts, index = [], 0
    while (part := file.text(group, f"{name}{index}")) is not None:
        parts += part
        index += 1
    if not index:
        raise WeightsError(f"expected the attribute `{name}` of {group!r}", file.path)
    return parts


def _require_same(file, listed, stored):
    if listed != stored:
        odd = sorted(listed ^ stored)[0]
        advice = "delete what is no variable with h5py, or add its name" if odd in stored else "it is missing"
        raise WeightsError(
            f"expected the datasets that `{VARIABLES}` lists; {odd!r} is on one side only: {advice}", file.path
        )


def _numbered_names(file):
    """The paths of Keras 0, ``layer_0/param_0``, which must be as many as the file counts."""
    layers = [f"layer_{index}" for index in range(_count(file, "", LAYER_COUNT))]
    if set(layers) != set(file.group("")):
        raise WeightsError(f"expected the groups of {len(layers)} layers; received {file.group('')}", file.path)
    counts = {layer: _count(file, layer, VARIABLE_COUNT) for layer in layers}
    if sum(counts.values()) > len(file.tensors):
        raise WeightsError(f"expected {sum(counts.values())} datasets; received {len(file.tensors)}", file.path)
    listed = {f"{layer}/param_{index}" for layer, count in counts.items() for index in range(count)}
    _require_same(file, listed, set(file.tensors))
    return {path: path for path in sorted(listed, key=_numbers)}


def _count(file, group, name):
    count = file.integer(group, name)
    if count is None or not 0 <= count <= len(file.tensors) + len(file.group("")):
        raise WeightsError(f"expected the number `{name}` of the members of {group!r}; received {count}", file.path)
    return count


def _numbers(path):
    return [int(number) for number in NUMBERED.fullmatch(path).groups()]
