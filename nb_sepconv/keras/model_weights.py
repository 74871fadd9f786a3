"""A model's weights from a file that Keras wrote: found first, then written into the model all at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.naming import snake_case
from nb_sepconv.layers.weights import write_weights
from nb_sepconv.weights.keras.model_file import open_model_file

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import FilePath
    from nb_sepconv.weights.keras.model_file import ModelFile


def read_weights(model: Any, path: FilePath) -> None:
    """Write the weights of a file into a built model; see ``Sequential.load_weights``."""
    with open_model_file(os.fsdecode(path)) as file:
        write_from(model, file)


def write_from(model: Any, file: ModelFile) -> None:
    """The same from an open file."""
    if not all(layer.built for layer in model.layers):
        raise ValueError(
            f"The model {model.name!r} must be built before its weights are loaded: call it, or put an `Input` first"
        )
    found = _by_order(model, file) if file.listed else _by_place(model, file)
    for layer, arrays in found:
        _check(layer, arrays, file.path)
    weights = [weight for layer, _ in found for weight in layer.weights]
    write_weights(weights, [array for _, arrays in found for array in arrays], model.name)


def _by_order(model, file):
    """(layer, arrays) of the layers that have weights, as both list them."""
    layers, listed = [layer for layer in model.layers if layer.weights], file.listed_layers()
    if len(layers) != len(listed):
        raise ValueError(
            f"The file {file.path!r} must have weights of {len(layers)} layers, {[each.name for each in layers]}. "
            f"Received: {[name for name, _ in listed]}"
        )
    return [(layer, arrays) for layer, (_, arrays) in zip(layers, listed, strict=True)]


def _by_place(model, file):
    """(layer, arrays) of the layers that have weights; Keras numbers the layers of a class."""
    places = dict(_places(model, ""))
    file.require_no_others(places)
    return [(layer, file.variables(folder)) for folder, layer in places.items() if layer.weights]


def _places(model, prefix):
    used = {}
    for layer in model.layers:
        name = snake_case(type(layer).__name__)
        used[name] = used.get(name, -1) + 1
        folder = f"{prefix}layers/{name}_{used[name]}" if used[name] else f"{prefix}layers/{name}"
        if hasattr(layer, "layers"):
            yield from _places(layer, f"{folder}/")
        else:
            yield folder, layer


def _check(layer, arrays, path):
    wanted, received = [tuple(weight.shape) for weight in layer.weights], [array.shape for array in arrays]
    if wanted != received:
        raise ValueError(
            f"The weights of the layer {layer.name!r} in {path!r} must have the shapes {wanted}. Received: {received}"
        )
