"""``keras.models``: ``Sequential``, and models from Keras' files."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.files.errors import WeightsError
from nb_sepconv.keras.model_config import chain
from nb_sepconv.keras.model_weights import write_from
from nb_sepconv.keras.sequential import Sequential
from nb_sepconv.weights.keras.model_file import open_model_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb_sepconv.keras.layer import Layer
    from nb_sepconv.tensors.typing import Config, FilePath

__all__ = ["Sequential", "load_model", "model_from_json"]

_FUNCTIONAL = ("Functional", "Model")


def load_model(
    filepath: FilePath,
    custom_objects: Mapping[str, type[Layer]] | None = None,
    compile: bool = False,
    safe_mode: bool = True,
) -> Sequential:
    """The model in a file that Keras 3 or tf_keras wrote, with its weights; nothing in the file is executed.

    A functional model whose layers follow one another becomes a ``Sequential`` of the same layers.

    Args:
        filepath: str or path-like: a ``.keras`` archive or an ``.h5`` file of a whole model.
        custom_objects: dict of class name to class, for layers of the caller's own. Default none.
        compile: unused: there is no ``fit``.
        safe_mode: must be True.

    Returns:
        Sequential, built.

    Raises:
        FileNotFoundError: nothing is there.
        WeightsError: the file is damaged, no Keras file, or one of weights alone.
        ValueError: a layer of a class that is not known, or layers that do not follow one another.
    """
    if not safe_mode:
        raise ValueError("`safe_mode` must be True: nothing in a file is executed. Received: False")
    with open_model_file(os.fsdecode(filepath)) as file:
        if file.config is None:
            raise WeightsError("this file holds weights alone: make the model and call its `load_weights`", file.path)
        model = _model(file.config, custom_objects)
        write_from(model, file)
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, type[Layer]] | None = None) -> Sequential:
    """A new model of a configuration in JSON, as Keras' ``model.to_json()`` writes it.

    Args:
        json_string: str.
        custom_objects: dict of class name to class, for layers of the caller's own. Default none.

    Raises:
        ValueError: no JSON, or as :func:`load_model`.

    Example:
        >>> import json
        >>> config = {"name": "model", "layers": [{"class_name": "ReLU", "config": {"name": "relu"}}]}
        >>> model_from_json(json.dumps({"class_name": "Sequential", "config": config}))
        <Sequential name='model', built=False, layers=['relu']>
    """
    return _model(json.loads(json_string), custom_objects)


def _model(config: Config, custom_objects: Any) -> Sequential:
    name = config.get("class_name")
    if name in _FUNCTIONAL:
        inner = config["config"]
        config = {"name": inner.get("name"), "trainable": inner.get("trainable", True), "layers": chain(inner)}
        return Sequential.from_config(config, custom_objects)
    if name != "Sequential":
        raise ValueError(f"A model must be a Sequential or a functional one. Received: {name!r}")
    return Sequential.from_config(config["config"], custom_objects)


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
