"""The weights of a Keras layer: variables that belong to it and to no graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.variables import Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Array, ArrayInput


class KerasVariable(Variable):
    """A named array of a layer.

    Args:
        value: array, the initial value; it is copied.
        name: str, the name within the layer.
        path: str, the layer's name, a slash, and the name.
        trainable: bool.
        regularizer: a function of the variable, or None.
        constraint: a function of the value that optimizers apply after an update, or None.
    """

    def __init__(
        self,
        value: ArrayInput,
        name: str,
        path: str,
        trainable: bool,
        regularizer: Callable[..., Any] | None,
        constraint: Callable[..., Any] | None,
    ) -> None:
        self.graph: None = None
        self.array: Array = np.array(value, order="C", copy=True)
        self._version, self._handed_out = 0, False
        self.trainable: bool = trainable
        self.created_trainable: bool = trainable
        self.regularizer = regularizer
        self.constraint = constraint
        self.path = path
        self._op_name = path
        self._name = name

    @property
    def name(self) -> str:
        """The name within the layer, as ``bias``."""
        return self._name

    def __repr__(self) -> str:
        return f"<KerasVariable {self.path!r} shape={tuple(self.shape)} dtype={self.dtype.name}>"


class CastVariable:
    """A variable's values in the type that a layer computes in, cast when they are asked for."""

    def __init__(self, variable: KerasVariable, dtype: np.dtype[Any]) -> None:
        self._variable, self._dtype = variable, dtype

    @property
    def array(self) -> Array:
        """The values, cast."""
        return self._variable.array.astype(self._dtype)

    @property
    def version(self) -> int:
        """The variable's version."""
        return self._variable.version
