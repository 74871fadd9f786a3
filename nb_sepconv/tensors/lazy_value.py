"""Values in a collection that follow the variables they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyValue(ArrayLike):
    """A named value that is computed anew each time it is read, as TF1's tensors are at each run.

    Args:
        name: str, the name that ``get_collection(key, scope)`` matches.
        compute: a function of no arguments that returns a number or an array.
    """

    forgotten = False

    def __init__(self, name: str, compute: Callable[[], Any]) -> None:
        self.name: str = f"{name}:0"
        self._compute = compute

    def read(self) -> Any:
        return as_loss(self._compute())

    def __repr__(self) -> str:
        return f"<LazyValue {self.name!r} = {self.read()!r}>"


@word
def as_loss(value: Any) -> Any:
    """``value`` as a NumPy scalar or array; Python floats become float32, as TF converts them."""
    if isinstance(value, float) and not isinstance(value, np.generic):
        return np.float32(value)
    return np.asarray(value)[()]
