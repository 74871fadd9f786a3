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
    scope, store = graph.thread.variable_scope, graph.variable_store
    full_name = None if store is None or scope is None else scope.shared_name(name)
    if full_name is None or not (initializer is None or callable(initializer)):
        return None
    variable = store.variables.get(full_name)
    if variable is None or variable.array.dtype != (scope.dtype if dtype is None else as_dtype(dtype)):
        return None
    return variable if shape is None or _is_shape(shape, variable.array.shape) else None


def _is_shape(given, shape):
    """Whether a list or tuple of Python's ints is a shape."""
    if type(given) not in (list, tuple, Shape) or len(given) != len(shape):
        return False
    for size in given:
        if type(size) is not int and type(size) is not Dimension:
            return False
    return tuple(given) == shape
