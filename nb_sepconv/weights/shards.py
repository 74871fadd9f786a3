"""Weights that a map in JSON divides among files: ``.weights.json`` of Keras 3, or an index of ``.safetensors``."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.hdf5 import is_hdf5
from nb_sepconv.weights.keras.h5 import open_tree, variable_names
from nb_sepconv.weights.mapping import Weights
from nb_sepconv.weights.safetensors import Safetensors

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array
    from nb_sepconv.weights.element_types import TensorInfo

MAP = "weight_map"
LARGEST_MAP_BYTES = 1 << 28
MOST_SHARDS = 1000


def read_shard_map(file: RandomAccessFile) -> dict[str, list[str]] | None:
    """The names of the files for each name in a map, or None where the file is no map.

    Args:
        file: RandomAccessFile.
    """
    if file.size > LARGEST_MAP_BYTES or not file.read(0, min(64, file.size), "a map").lstrip().startswith(b"{"):
        return None
    try:
        found = json.loads(file.read(0, file.size, "a map").decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get(MAP), dict):
        return None
    return {name: _file_names(file.path, name, files) for name, files in found[MAP].items()}


def _file_names(path, name, files):
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not files or not all(map(_is_plain, files)):
        raise WeightsError(f"expected names of files in the same folder for {name!r}; received {files!r}", path)
    return files


def _is_plain(name):
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\:\0")


def open_shards(path: str, shard_map: dict[str, list[str]]) -> Weights:
    """The Weights of all files of a map together.

    Args:
        path: str, the map.
        shard_map: as :func:`read_shard_map` gives it.
    """
    names = sorted({name for files in shard_map.values() for name in files})
    if len(names) > MOST_SHARDS:
        raise WeightsError(f"expected at most {MOST_SHARDS} files; the map names {len(names)}", path)
    sources = {}
    try:
        for name in names:
            sources[name] = _open_shard(path, name)
        return _joined(path, shard_map, sources)
    except BaseException:
        for source in sources.values():
            source.close()
        raise


def _open_shard(path, name):
    shard = os.path.join(os.path.dirname(path), name)
    try:
        file = RandomAccessFile(shard)
    except FileNotFoundError:
        raise WeightsError(f"expected the file {shard}, which is missing", path) from None
    if is_hdf5(file):
        return open_tree(file)
    file.close()
    return Safetensors(shard)


def _joined(path, shard_map, sources):
    are_trees = {not isinstance(source, Safetensors) for source in sources.values()}
    if are_trees == {True}:
        trees = TreeShards(path, sources)
        listed = {f"{name.strip('/')}/{file}" for name, files in shard_map.items() for file in files}
        stored = {f"{key.rpartition('/')[0]}/{file}" for file, tree in sources.items() for key in tree.tensors}
        _require_same(path, listed, stored)
        return Weights(trees, *variable_names(trees))
    if are_trees == {False}:
        listed = {f"{name}/{file}" for name, files in shard_map.items() for file in files}
        stored = {f"{name}/{file}" for file, source in sources.items() for name in source.tensors}
        _require_same(path, listed, stored)
        return Weights(Shards(path, sources))
    raise WeightsError("expected files of one format", path)


def _require_same(path, listed, stored):
    if listed != stored:
        raise WeightsError(f"expected files as the map has them; {sorted(listed ^ stored)[0]!r} differs", path)


class Shards:
    """Several open files as one.

    Args:
        path: str, the map.
        sources: dict of file name to open file.
    """

    def __init__(self, path: str, sources: dict[str, Any]) -> None:
        self.path: str = path
        self._all = list(sources.values())
        self.format: str = f"{self._all[0].format} in {len(sources)} files"
        self._sources = {key: source for source in self._all for key in source.tensors}
        counts = Counter(key for source in self._all for key in source.tensors)
        twice = [key for key, count in counts.items() if count > 1]
        if twice:
            raise WeightsError(f"expected each tensor in one file; {twice[0]!r} is in several", path)
        self.tensors: dict[str, TensorInfo] = {key: source.tensors[key] for key, source in self._sources.items()}

    def read(self, name: str) -> Array:
        """The tensor of that name as an array."""
        return self._sources[name].read(name)

    def close(self) -> None:
        """Close all files."""
        for source in self._all:
            source.close()


class TreeShards(Shards):
    """Several HDF5 files as one tree."""

    def has_group(self, path: str) -> bool:
        """Whether a file has a group of that path."""
        return any(tree.has_group(path) for tree in self._all)

    def group(self, path: str) -> list[str]:
        """The names of the members of a group in all files."""
        members = (member for tree in self._all if tree.has_group(path) for member in tree.group(path))
        return list(dict.fromkeys(members))

    def text(self, path: str, name: str) -> Any:
        """The strings of an attribute in the first file that has it, or None."""
        owners = [tree for tree in self._all if name in tree.attributes(path)]
        return owners[0].text(path, name) if owners else None

    def attributes(self, path: str) -> set[str]:
        """The names of the attributes of a group or dataset in all files."""
        return set().union(*(tree.attributes(path) for tree in self._all))
