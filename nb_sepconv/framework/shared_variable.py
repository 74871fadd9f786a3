"""The short way to a variable that exists already, for the arguments that most programs write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor_shape import Dimension, Shape

if TYPE_CHECKING:
    from nb_sepconv.framework.variables import Variable


def shared_variable(name: str, shape: Any, dtype: Any, initializer: Any) -> Variable | None:
    """The variable that exists, where its scope shares it and nothing about the arguments needs a look; else None."""
    graph = get_default_graph()
    scope = graph.thread.variable_scope
    if graph.variable_store is None or scope is None or not scope.reuse or scope.custom_getter is not None:
        return None
    if not (initializer is None or callable(initializer)):
        return None
    variable = graph.variable_store.variables.get(f"{scope.name}/{name}" if scope.name else name)
    if variable is None or variable.dtype != (scope.dtype if dtype is None else as_dtype(dtype)):
        return None
    return variable if shape is None or _is_shape(shape, variable.array.shape) else None


def _is_shape(given, shape):
    """Whether a list or tuple of Python's ints is a shape."""
    if type(given) not in (list, tuple, Shape) or len(given) != len(shape):
        return False
    return all(type(size) in (int, Dimension) and size == other for size, other in zip(given, shape, strict=True))
