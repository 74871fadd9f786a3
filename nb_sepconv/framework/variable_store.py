"""The variables of a graph by full name: what ``get_variable`` gets or creates."""

from __future__ import annotations

import enum
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import initializers
from nb_sepconv.framework.graph import held_elsewhere
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.variables import Variable, VariableAggregation, VariableSynchronization, resolve_trainable
from nb_sepconv.tensors.convert import as_array, is_floating
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.lazy_value import LazyValue
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.framework.graph import Graph


class ReuseMode(enum.Enum):
    """How a scope treats variables that exist, beside True, False and None."""

    AUTO_REUSE = 1


AUTO_REUSE = ReuseMode.AUTO_REUSE

_GETTER_DEFAULTS = {
    **dict.fromkeys(("shape", "dtype", "initializer", "regularizer", "reuse", "trainable", "collections")),
    **dict.fromkeys(("caching_device", "partitioner", "use_resource")),
    "validate_shape": True,
    "synchronization": VariableSynchronization.AUTO,
    "aggregation": VariableAggregation.NONE,
}


class VariableStore:
    """A graph's variables by the full names that ``get_variable`` knows them under."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.variables: dict[str, Variable] = {}

    def get_variable(
        self,
        name: str,
        *,
        custom_getter: Callable[..., Any] | None = None,
        constraint: Callable[..., Any] | None = None,
        **settings: Any,
    ) -> Variable:
        """The variable ``name``, got or created as ``get_variable`` says, through ``custom_getter`` if there is one.

        Args:
            name: str, the full name.
            custom_getter: a function ``(getter, name, **settings)`` that is asked instead. Default None.
            constraint: the new variable's constraint. Default None.
            settings: the other arguments of ``get_variable``, and ``reuse``.
        """
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter!r}")
        settings = _GETTER_DEFAULTS | settings
        settings["trainable"] = resolve_trainable(settings["trainable"], settings["synchronization"], name)
        if custom_getter is None:
            return self._get(name, constraint=constraint, **settings)
        if _accepts(custom_getter, "constraint"):
            settings["constraint"] = constraint
        return custom_getter(getter=self._get, name=name, **settings)

    def _get(
        self,
        name,
        shape=None,
        dtype=np.float32,
        initializer=None,
        regularizer=None,
        reuse=None,
        trainable=None,
        collections=None,
        caching_device=None,
        partitioner=None,
        validate_shape=True,
        use_resource=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
    ):
        refuse_partitioner(partitioner)
        if shape is not None and initializer is not None and not callable(initializer):
            raise ValueError(
                "If initializer is a constant, do not specify shape. "
                f"Received: `shape`={shape!r} for the variable {name}"
            )
        dtype = as_dtype(dtype)
        shape = None if shape is None else as_shape(shape)
        with self.graph.lock:
            if name in self.variables:
                return self._existing(name, shape, dtype, reuse)
            if reuse:
                self._check_creation(name, reuse)
            settings = {"trainable": trainable, "collections": collections, "synchronization": synchronization}
            return self._create(name, shape, dtype, initializer, regularizer, constraint=constraint, **settings)

    def _check_creation(self, name, reuse):
        missing = (
            "" if reuse is AUTO_REUSE else f"Variable {name} does not exist, or was not created with get_variable(). "
        )
        if held_elsewhere(self.graph, name):
            raise ValueError(
                f"{missing}Another graph has the variable {name}, and this thread began with an empty graph. To share "
                "it, take `graph = tf.get_default_graph()` where the model is made, and run this thread's calls inside "
                "`with graph.as_default():`; for variables of its own, inside `with tf.Graph().as_default():`. "
                f"Received: `reuse`={reuse}"
            )
        if missing:
            raise ValueError(f"{missing}Did you mean to set reuse=tf.AUTO_REUSE in VarScope?")

    def _create(self, name, shape, dtype, initializer, regularizer, **settings):
        initial_value, dtype = _initial_value(name, shape, dtype, initializer)
        with self.graph.undo_on_failure():
            variable = Variable(initial_value, name=name, dtype=dtype, shape=shape, **settings)
            self._keep(name, variable, regularizer)
        return variable

    def _existing(self, name, shape, dtype, reuse):
        variable = self.variables[name]
        if reuse is False:
            raise ValueError(
                f"Variable {name} already exists, disallowed. "
                "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
            )
        if shape is not None and not shape.is_compatible_with(variable.shape):
            raise ValueError(
                f"Trying to share variable {name}, but specified shape {tuple(shape)} "
                f"and found shape {tuple(variable.shape)}."
            )
        if dtype != variable.dtype:
            raise ValueError(
                f"Trying to share variable {name}, but specified dtype {dtype.name} "
                f"and found dtype {variable.dtype.name}."
            )
        return variable

    def _keep(self, name, variable, regularizer):
        self.variables[name] = variable
        self.graph.log_undo(partial(self.variables.pop, name, None))
        if regularizer and regularizer(variable) is not None:
            loss = LazyValue(f"{name}/Regularizer", partial(regularizer, variable))
            self.graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def refuse_partitioner(partitioner: None) -> None:
    """Raise for a partitioner: variables are whole here."""
    if partitioner is not None:
        raise ValueError(
            "`partitioner` must be None: variables are not split into shards here, as one machine holds them whole. "
            f"Received: {partitioner!r}"
        )


def _initial_value(name, shape, dtype, initializer):
    """A value or a function that makes it, and the type to convert it to (None: its own)."""
    if initializer is None:
        if shape is None:
            raise ValueError(f"Variable {name} did not get an initializer, so its `shape` argument must be specified.")
        initializer = _default_initializer(name, dtype)
    if not callable(initializer):
        return initializer, None
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape is not None and shape.is_fully_defined():
        extra = {"partition_info": None} if "partition_info" in _parameters(initializer) else {}
        return partial(initializer, shape.as_list(), dtype=dtype, **extra), dtype
    if all(parameter.default is not parameter.empty for parameter in _parameters(initializer).values()):
        return initializer, None
    raise ValueError(
        "The initializer passed is not valid. It should be a callable with no arguments and no `shape` given, "
        f"or an initializer and a `shape` that is fully defined. Received: `shape`={shape} for the variable {name}"
    )


def _default_initializer(name, dtype):
    if is_floating(dtype):
        return initializers.get("glorot_uniform")
    if dtype.kind in "iub":
        return initializers.get("zeros")
    raise ValueError(f"An initializer for variable {name} of {dtype.name} is required")


def constant_dtype(initializer: Any) -> np.dtype[Any]:
    """The type of a variable that starts from the constant ``initializer``."""
    return as_array(initializer).dtype


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except ValueError:
        return {}


def _accepts(function, name):
    parameters = _parameters(function)
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
