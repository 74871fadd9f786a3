"""Numbers that an optimizer is told: fixed, or asked for anew at each step."""

from __future__ import annotations

from typing import Any

from nb_sepconv.tensors.convert import as_array, is_floating


def number(name: str, value: Any) -> Any:
    """A hyperparameter's value now, as a NumPy scalar: Python floats become float32, as TF1 makes tensors of them.

    Args:
        name: str, the argument's name for messages.
        value: a number, a Variable, a decay, or a function that returns one.

    Raises:
        TypeError: it is no real number.
        ValueError: it is an array.
    """
    value = as_array(value() if callable(value) else value)
    if value.dtype.kind not in "iu" and not is_floating(value.dtype):
        raise TypeError(f"`{name}` must be a real number or a function that returns one. Received: {value!r}")
    if value.ndim:
        raise ValueError(f"`{name}` must be a single number. Received: an array of shape {value.shape}")
    return value[()]
