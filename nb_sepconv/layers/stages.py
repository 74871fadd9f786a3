"""What a layer must be to be cut over time: built, and with the library's own ``call``."""

from __future__ import annotations

from typing import Any

import numpy as np


def refuse_unbuilt(layer: Any) -> None:
    """Refuse a layer that has no weights yet.

    Raises:
        ValueError: it is not built.
    """
    if not layer.built:
        raise ValueError(
            f'The layer "{layer.name}" has no weights yet: call it once, or build it, before it is cut over time. '
            f"Received: {layer!r}"
        )


def refuse_own_call(layer: Any, library_class: Any) -> None:
    """Refuse a layer of a class that computes its outputs by itself.

    Raises:
        TypeError: its ``call`` is not that of ``library_class``.
    """
    if type(layer).call is not library_class.call:
        raise TypeError(
            f'The layer "{layer.name}" has a `call` of its own, which nobody can look into: pass it as a function, '
            f"`lambda inputs: layer(inputs)`. Received: a {type(layer).__name__}"
        )


def called_with(layer: Any, inputs: Any, dtype: Any) -> Any:
    """The inputs as the layer takes them; arrays of the type that it computes in are spared the checks."""
    return inputs if type(inputs) is np.ndarray and inputs.dtype == dtype else layer._as_called(inputs)


def refuse_joined_steps(layer: Any) -> None:
    """Refuse a layer whose outputs have no steps of their own.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f'The layer "{layer.name}" cannot be cut over time: it joins all steps. '
        f"Received: a {type(layer).__name__} among layers that move over time"
    )
