"""The input of a layer: what is accepted as an array, and of which type."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.dtypes import FLOATS, as_dtype, dtype_name_of
from nb_sepconv.tensors.tensor import Tensor, plain


def as_input(inputs: Any, layer_name: str) -> Any:
    """``inputs`` as an array: arrays of any library as they are, variables' values, numbers as arrays of rank 0.

    Raises:
        ValueError: for lists, text and None, which TF1's layers do not take for one tensor either.
    """
    if isinstance(inputs, (ArrayLike, Tensor)):
        return plain(inputs)
    if hasattr(inputs, "shape") and hasattr(inputs, "dtype"):
        return inputs
    if isinstance(inputs, (list, tuple, dict, str, bytes)) or inputs is None:
        raise ValueError(
            f'Layer "{layer_name}" expects 1 input(s), an array of numbers. '
            f"Received: `inputs`={str(inputs)[:50]} of type {type(inputs).__name__}"
        )
    return np.asarray(inputs)


def check_floating(inputs: Any, layer_name: str) -> None:
    """Refuse an array whose type layers do not compute in."""
    name = dtype_name_of(inputs)
    if name not in FLOATS:
        raise TypeError(
            f'`inputs` of the layer "{layer_name}" must have one of the types {", ".join(FLOATS)}. '
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
        f'`inputs` must have the type {dtype} of the weights of the layer "{layer_name}". '
        f"Received: an array of type {name} and shape {tuple(inputs.shape)}"
    )
