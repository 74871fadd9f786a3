"""A model's file by Keras, opened for a model: its configuration, and the variables of each layer in their order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError, located
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.hdf5 import is_hdf5
from nb_sepconv.weights.keras.archive import CONFIG, read_archive
from nb_sepconv.weights.keras.h5 import CONTAINER, EARLY_CONTAINER, TRAINING, VARIABLES, KerasTree, open_tree
from nb_sepconv.weights.keras.legacy import is_legacy, listed_layers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array

CONFIG_ATTRIBUTE = "model_config"
WITHOUT_USE = "seed_generator"  # the state of a dropout's random numbers


class ModelFile:
    """An open file.

    Attributes:
        config: dict, the model's configuration as Keras wrote it, or None in a file of weights alone.
        path: str.
        listed: bool, whether the layers are listed in their order; else they are found by their place in the model.
    """

    def __init__(self, tree: KerasTree, config: dict[str, Any] | None) -> None:
        self._tree = tree
        self.config = config
        self.path: str = tree.path
        self.listed: bool = is_legacy(tree)
        self._container = EARLY_CONTAINER if EARLY_CONTAINER in tree.group("") else CONTAINER

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tree.close()

    def listed_layers(self) -> list[tuple[str, list[Array]]]:
        """The name and the variables of each layer that has any, in the order in which the file lists them."""
        listed = listed_layers(self._tree)
        return [(name, [self._tree.read(path) for path in paths]) for name, paths in listed if paths]

    def variables(self, folder: str) -> list[Array]:
        """The variables of the layer whose place in the model is ``folder``, such as ``layers/dense_1``."""
        group = self._group(folder)
        count = len(self._tree.group(group)) if self._tree.has_group(group) else 0
        return [self._tree.read(f"{group}/{index}") for index in range(count)]

    def _group(self, folder):
        inside = f"{folder}/{VARIABLES}" if folder else VARIABLES
        return "/".join(self._container if part == CONTAINER else part for part in inside.split("/"))

    def require_no_others(self, folders: Iterable[str]) -> None:
        """Refuse a file with variables of layers at other places than ``folders``."""
        known = {self._group(folder) for folder in folders}
        for path in self._tree.tensors:
            group, parts = path.rpartition("/")[0], path.split("/")
            if group not in known and parts[0] not in TRAINING and WITHOUT_USE not in parts:
                raise WeightsError(f"expected variables of the model's layers alone; received {path!r}", self.path)


def open_model_file(path: str) -> ModelFile:
    """Open a ``.keras`` archive, a ``.weights.h5`` or an ``.h5`` file of a model or of weights.

    Raises:
        FileNotFoundError: nothing is there.
        WeightsError: it is damaged, or no such file.
    """
    with RandomAccessFile(path) as file:
        hdf5 = is_hdf5(file)
    if not hdf5:
        config, unpacked = read_archive(path)
        return ModelFile(open_tree(unpacked), _parsed(config, path))
    tree = open_tree(RandomAccessFile(path))
    try:
        stored = tree.text("", CONFIG_ATTRIBUTE)
        return ModelFile(tree, None if stored is None else _parsed(stored[0].encode(), path))
    except BaseException:
        tree.close()
        raise


def _parsed(config, path):
    with located(path):
        try:
            model = json.loads(config.decode())
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"expected JSON in {CONFIG}; {error}") from None
        if not isinstance(model, dict) or "class_name" not in model or "config" not in model:
            raise WeightsError(f"expected the `class_name` and the `config` of a model in {CONFIG}")
        return model
