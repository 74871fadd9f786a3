"""The input of a layer: what is accepted as an array, and of which type."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks.array_arguments import of_integers
from nb_sepconv.checks.outside_memory import (
    is_dask_array,
    is_stored,
    refuse_outside_memory,
    refuse_unknown_sizes,
)
from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.convert import refuse_masked
from nb_sepconv.tensors.dtypes import FLOATS, as_dtype, dtype_name_of
from nb_sepconv.tensors.tensor import Tensor, plain

_TENSORFLOW = ("tensorflow.", "keras.", "tf_keras.")


def as_input(inputs: Any, layer_name: str) -> Any:
    """``inputs`` as an array: arrays of any library as they are, variables' values, numbers as arrays of rank 0.

    Raises:
        ValueError: for lists, text and None, which TF1's layers do not take for one tensor either; for masked elements;
            for what lies in a file or a store and is large.
        TypeError: for a symbol of TensorFlow or Keras, which has no values.
    """
    if type(inputs) is np.ndarray:
        return inputs
    if isinstance(inputs, (ArrayLike, Tensor)):
        return plain(inputs)
    if hasattr(inputs, "shape") and hasattr(inputs, "dtype"):
        refuse_masked(inputs)
        return _of_library(inputs, layer_name)
    if isinstance(inputs, (list, tuple, dict, str, bytes)) or inputs is None:
        raise ValueError(
            f'Layer "{layer_name}" expects 1 input(s), an array of numbers. '
            f"Received: `inputs`={str(inputs)[:50]} of type {type(inputs).__name__}"
        )
    return np.asarray(inputs)


def _of_library(inputs, layer_name):
    if type(inputs).__module__.startswith(_TENSORFLOW):
        return _values_of(inputs, layer_name)
    if is_dask_array(inputs):
        refuse_unknown_sizes("inputs", inputs)
        return inputs
    refuse_outside_memory("inputs", inputs)
    return np.asarray(inputs) if is_stored(inputs) else inputs


def _values_of(tensor, layer_name):
    """The values of TensorFlow's tensor or variable, or of Keras's variable."""
    try:
        return np.asarray(tensor)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise TypeError(
            f'`inputs` of the layer "{layer_name}" must be an array, or a tensor that has values: there is no graph to '
            f"build here, so call the layer with the data. Received: {type(tensor).__name__} ({error})"
        ) from None


def check_floating(inputs: Any, layer_name: str) -> None:
    """Refuse an array whose type layers do not compute in."""
    name = dtype_name_of(inputs)
    if name not in FLOATS:
        raise TypeError(
            f'`inputs` of the layer "{layer_name}" must have one of the types {", ".join(FLOATS)}'
            f"{of_integers('inputs', inputs.dtype) if isinstance(inputs.dtype, np.dtype) else ''}. "
            f"Received: an array of type {name} and shape {tuple(inputs.shape)}"
        )


def of_type(inputs: Any, dtype: str | None, layer_name: str, autocast: bool) -> Any:
    """``inputs`` when their type is called ``dtype``; converted to it with ``autocast``, refused without."""
    name = dtype_name_of(inputs)
    if name == dtype:
        return inputs
    if autocast and hasattr(type(inputs), "astype"):
        return inputs.astype(as_dtype(dtype))
    raise TypeError(
        f'`inputs` must have the type {dtype} of the weights of the layer "{layer_name}": use '
        f'`inputs.astype("{dtype}")`. '
        f"Received: an array of type {name} and shape {tuple(inputs.shape)}"
    )
