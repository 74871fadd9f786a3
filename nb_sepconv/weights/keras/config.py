"""Names of layers from the configuration in a ``.keras`` archive, which is read as JSON and never acted upon."""

from __future__ import annotations

import json
import re
from typing import Any

from nb_sepconv.files.errors import WeightsError

DEEPEST = 64


def layer_names(config: Any) -> dict[str, str]:
    """The name of each layer by its path in ``model.weights.h5``.

    Keras files the layers of a model under their class names in snake case, numbered where a name comes again.

    Args:
        config: bytes, ``config.json``.

    Returns:
        dict such as {"layers/separable_conv1d": "sep1"}.
    """
    try:
        model = json.loads(config.decode())
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"expected JSON in config.json; {error}") from None
    names = {}
    _collect(model, "", names, 0)
    return names


def _collect(model, path, names, depth):
    used = {}
    for layer in _layers(model) if depth < DEEPEST else []:
        name = _own_name(layer)
        folder = f"{path}layers/{_numbered(_snake_case(layer.get('class_name', '')), used)}"
        if name:
            names[folder] = name
        _collect(layer, f"{folder}/", names, depth + 1)


def _layers(model):
    """The list of layers of a model's configuration, or nothing for anything else."""
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else None
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def _own_name(layer):
    config = layer.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return name if isinstance(name, str) else None


def _numbered(name, used):
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def _snake_case(class_name):
    """``SeparableConv1D`` becomes ``separable_conv1d``; the package before ``>`` is left out."""
    name = re.sub(r"\W+", "", str(class_name).rpartition(">")[2])
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
