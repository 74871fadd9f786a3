"""Functional calls that find their layer again: what an earlier call of the same name computed with is kept.

A graph keeps what calls found that created no variable. A call takes it where the names lead to the same variables and
the settings are the same; initializers, regularizers and constraints are checked and otherwise left alone, since they
do nothing to variables that exist.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nb_sepconv import constraints, initializers, regularizers
from nb_sepconv.convolution.settings import fused_activation
from nb_sepconv.framework.current_scope import get_variable_scope_of
from nb_sepconv.framework.entered_scopes import EnteredAgain
from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.graph_name_scope import close_name_scope, open_name_scope
from nb_sepconv.framework.naming import check_name
from nb_sepconv.framework.variable_store import AUTO_REUSE
from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers.losses import LayerLosses, mean_penalty
from nb_sepconv.layers.scope import InCall
from nb_sepconv.tensors.tensor import Tensor, of_word, tensor
from nb_sepconv.tensors.tracing import current_trace, open_traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.framework.thread_state import ThreadState

MOST_CALLS = 1024
MOST_SETTINGS = 4  # of one name
_PLAIN = frozenset((int, float, str, bool, type(None)))
ZEROS, ONES = initializers.Zeros(), initializers.Ones()
_KINDS = initializers, regularizers, constraints
_FLOATS = tuple(map(np.dtype, ("float32", "float64", "float16")))


class Inputs(NamedTuple):
    """What inputs must be: of a type, with so many axes, one of which has a certain size."""

    dtype: np.dtype[Any]
    fewest_axes: int
    most_axes: int
    axis: int
    size: int


class Remembered(NamedTuple):
    """What computes with variables, these with their full names, and what inputs must be to be taken so."""

    function: str
    settings: tuple[Any, ...]
    activation: str | None
    compute: Callable[[np.ndarray], np.ndarray]
    variables: tuple[tuple[str, Variable], ...]
    weights: tuple[Variable | None, ...]
    inputs: Inputs
    opens_names: bool  # whether ``compute`` opens name scopes inside of the call's

    def fits(
        self, graph: Graph, function: str, inputs: np.ndarray, settings: tuple[Any, ...], activation: str | None
    ) -> bool:
        """Whether a call with these inputs and settings finds the same variables."""
        own, kept, fused, _, variables, _, (dtype, fewest_axes, most_axes, axis, size), _ = self
        shape = inputs.shape
        if function != own or activation != fused or not fewest_axes <= len(shape) <= most_axes:
            return False
        if shape[axis] != size or inputs.dtype != dtype:
            return False
        get = graph.variable_store.variables.get
        for name, weight in variables:
            if get(name) is not weight:
                return False
        return all(map(is_, settings, kept)) or all(map(_same, settings, kept))


Found: TypeAlias = tuple[Remembered, np.ndarray, Any, "ThreadState", "VariableScope", str]


def again(
    function: str,
    inputs: Any,
    settings: tuple[Any, ...],
    activation: Any,
    name: Any,
    reuse: Any,
    made_with: tuple[tuple[Any, ...], ...] | None,
    activity_regularizer: Any = None,
) -> Any:
    """The outputs of a call that an earlier one computed with the same variables and settings, with all that calling a
    new layer does to names and losses; None, and nothing is done, where a layer has to look at the arguments.

    Args:
        function: str, the function's name, which is the default for ``name``.
        inputs: what the caller gave.
        settings: the arguments that decide what is computed, but for the activation.
        activation, name, reuse, activity_regularizer: the function's arguments.
        made_with: initializers, regularizers and constraints as the caller gave them; None where they are the defaults.
    """
    found = find(function, inputs, settings, activation, name, reuse)
    if found is None:
        return None
    remembered, plain, after, thread, outer, own_name = found
    if made_with is not None and not accept(made_with, remembered.weights):
        return None
    if activity_regularizer is not None:
        activity_regularizer = regularizers.get(activity_regularizer)
    graph, base_name = thread.graph, name or function
    check_name(base_name, nested=thread.names.full != "")
    if name is None:
        graph.next_layer_number(base_name)
    thread.scope_names.pass_through(own_name)
    if after is None and not activity_regularizer and not remembered.opens_names:
        graph.pass_name(thread, base_name)
        return remembered.compute(plain).view(Tensor)
    names = open_name_scope(thread, base_name)
    if remembered.opens_names:
        try:
            return remembered.compute(plain).view(Tensor)
        finally:
            close_name_scope(thread, names)
    close_name_scope(thread, names)
    full_name = f"{outer.name}/{own_name}" if outer.name else own_name
    captured = outer.derived(outer.reuse, full_name, names, None)
    with graph.undo_on_failure(), EnteredAgain(graph, captured, reuse):
        outputs = remembered.compute(plain)
        if after is not None:
            with InCall(thread, True):
                outputs = after(outputs)
        if activity_regularizer:
            mean = mean_penalty(activity_regularizer, outputs)
            LayerLosses().add_value(graph, f"{names.opened()}ActivityRegularizer/truediv", mean)
    return tensor(outputs) if type(inputs) is Tensor else of_word(outputs)


def find(function: str, inputs: Any, settings: tuple[Any, ...], activation: Any, name: Any, reuse: Any) -> Found | None:
    """The call with these arguments, as of :func:`again`, that was remembered in the current scope, or None.

    Returns:
        What it computes with, the inputs as a plain array, an activation of the caller's own or None, the state of the
        thread, its current scope, and the name of the call's scope in it.
    """
    graph = get_default_graph()
    remembered_calls = graph.remembered_calls
    if not remembered_calls or (open_traces and current_trace() is not None):
        return None
    if type(inputs) is Tensor:
        inputs = inputs.view(np.ndarray)
    elif type(inputs) is not np.ndarray:
        return None
    if not (name is None or (type(name) is str and name and name[-1] != "/")):
        return None
    if not (reuse is None or reuse is True or reuse is AUTO_REUSE or reuse is False):
        return None
    thread = graph.thread
    outer = thread.variable_scope or get_variable_scope_of(thread)
    if not outer.finds_by_name(reuse):
        return None
    own_name, prefix = name or function, outer.name
    if not (name or reuse) and (number := thread.scope_names.free_number(own_name)):
        own_name = f"{own_name}_{number}"
    candidates = remembered_calls.get(f"{prefix}/{own_name}" if prefix else own_name)
    if candidates is None:
        return None
    try:
        fused, after = (None, None) if activation is None else fused_activation(activation)
    except (TypeError, ValueError):  # none that is known, which a layer says in its turn
        return None
    for remembered in candidates:
        if remembered.fits(graph, function, inputs, settings, fused):
            return remembered, inputs, after, thread, outer, own_name
    return None


def accept(made_with: tuple[tuple[Any, ...], ...], weights: tuple[Any, ...]) -> bool:
    """Whether nothing is left to do with initializers, regularizers and constraints.

    Something is where one of them is none, which a layer refuses, or where a penalty is still to be collected.

    Args:
        made_with: initializers, regularizers and constraints as the caller gave them.
        weights: the variable or None of each regularizer.
    """
    for kind, givens in zip(_KINDS, made_with, strict=True):
        for given in givens:
            if given is None or given is ZEROS or given is ONES:
                continue
            if (isinstance(given, type) or not callable(given)) and not _is_one(kind, given):
                return False
    penalties = made_with[1]
    if penalties.count(None) == len(penalties):
        return True
    collects = get_default_graph().collects
    for weight, given in zip(weights, penalties, strict=True):
        if given is not None and weight is not None and not collects(GraphKeys.GLOBAL_VARIABLES, weight):
            return False
    return True


def _is_one(kind, given):
    try:
        kind.get(given)
    except (TypeError, ValueError):
        return False
    return True


def remember(
    function: str,
    layer: Any,
    settings: tuple[Any, ...],
    weights: dict[str, Any],
    compute: Callable[[np.ndarray], np.ndarray],
    inputs: Inputs,
    opens_names: bool = False,
) -> None:
    """Keep what a functional call's layer found, for the next call of its name.

    Args:
        function, settings: as in :func:`find`.
        layer: what the call made; it is not kept.
        weights: the layer's variables by name, None for those that it has not.
        compute: a function of arrays that gives the outputs up to an activation of the caller's own.
        inputs: what later inputs must be.
        opens_names: bool, whether ``compute`` opens name scopes; it has no activation after it then. Default False.
    """
    graph, full_name = layer._scope.graph, layer.scope_name
    named = tuple((f"{full_name}/{name}", weight) for name, weight in weights.items() if weight is not None)
    variables = graph.variable_store.variables
    found = all(variables.get(name) is weight for name, weight in named)
    if not found or not all(type(weight) is Variable for _, weight in named) or not all(map(_is_plain, settings)):
        return
    fused, _ = fused_activation(getattr(layer, "activation", None))
    if len(graph.remembered_calls) >= MOST_CALLS:
        graph.remembered_calls.clear()
    settings = tuple(tuple(each) if type(each) is list else each for each in settings)
    remembered = Remembered(function, settings, fused, compute, named, tuple(weights.values()), inputs, opens_names)
    others = graph.remembered_calls.get(full_name, ())
    graph.remembered_calls[full_name] = (remembered, *others[: MOST_SETTINGS - 1])


def passed(function: str, inputs: Any, name: Any, axes: int | None = None) -> np.ndarray | None:
    """The inputs of a call without variables as a plain array, with its names taken as a new layer takes them.

    Args:
        function: str, the function's name, which is the default for ``name``.
        inputs, name: as the caller gave them.
        axes: int, how many the inputs must have. Default any.

    Returns:
        The array; None, and nothing is taken, where a layer has to look at the arguments.
    """
    if type(inputs) is not Tensor and type(inputs) is not np.ndarray:
        return None
    if open_traces and current_trace() is not None:
        return None
    plain = inputs.view(np.ndarray) if type(inputs) is Tensor else inputs
    if plain.dtype not in _FLOATS or not plain.ndim or (axes is not None and axes != plain.ndim):
        return None
    if not (name is None or (type(name) is str and name and name[-1] != "/")):
        return None
    thread, base_name = get_default_graph().thread, name or function
    check_name(base_name, nested=thread.names.full != "")
    if name is None:
        thread.graph.next_layer_number(function)
    scope_names, own_name = thread.scope_names, base_name
    if number := scope_names.free_number(base_name):
        own_name = f"{base_name}_{number}"
    scope_names.pass_through(own_name)
    thread.graph.pass_name(thread, base_name)
    return plain


def count_variables() -> int:
    """How many variables the current graph keeps by name."""
    store = get_default_graph().variable_store
    return 0 if store is None else len(store.variables)


def _is_plain(setting):
    if type(setting) in (tuple, list):
        return all(type(each) is int for each in setting)
    return type(setting) in _PLAIN


def _same(one, other):
    """Whether two plain settings are equal and of the same types; a list counts as a tuple."""
    one = tuple(one) if type(one) is list else one
    if type(one) is tuple and type(other) is tuple:
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
