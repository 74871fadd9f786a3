"""What a layer gives for an array of Dask."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks.outside_memory import is_dask_array
from nb_sepconv.lazy.graph import no_examples, outputs_of


def looks_into(layer: Any, inputs: Any) -> bool:
    """Whether ``inputs`` are of Dask, and the outputs of ``layer`` follow from how it moves over time, as those of the
    library's own layers do. What a caller's class or a container does in its ``call``, it does to an array of Dask.
    """
    return type(inputs) is not np.ndarray and is_dask_array(inputs) and _is_known(layer)


def _is_known(layer):
    if hasattr(layer, "_stages"):
        return all(map(_is_known, layer.layers))
    return hasattr(layer, "_stage") and type(layer).call.__module__.startswith("nb_sepconv.")


def called(layer: Any, inputs: Any, args: Any, keywords: Any) -> Any:
    """The outputs of a layer that is built, as an array of Dask.

    Raises:
        TypeError: the outputs follow from more than the inputs and the weights.
        ValueError: the layer cannot be cut over time.
    """
    if layer.activity_regularizer is not None:
        raise TypeError(
            "`activity_regularizer` is computed with the outputs: leave it out where `inputs` is a Dask array, whose "
            f"outputs are computed later. Received: {layer.activity_regularizer!r} in the layer {layer.name}"
        )
    if args or any(value is not None and value is not False for value in keywords.values()):
        raise TypeError(
            f'The layer "{layer.name}" takes no other arguments with a Dask array, which is for inference. '
            f"Received: {', '.join([*map(repr, args), *(f'{key}={value!r}' for key, value in keywords.items())])}"
        )
    return outputs_of(layer, layer.name, inputs, layer.call(no_examples(inputs)))
