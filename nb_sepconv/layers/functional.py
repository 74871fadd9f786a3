"""Functional calls that find their layer again: the convolution that an earlier call of the same name made is kept.

A graph keeps what calls found that created no variable. A call takes it where the names lead to the same variables and
the settings are the same; initializers, regularizers and constraints are checked and otherwise left alone, since they
do nothing to variables that exist.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv import constraints, initializers, regularizers
from nb_sepconv.convolution.packed import PackedConvolution
from nb_sepconv.convolution.settings import fused_activation
from nb_sepconv.framework.current_scope import get_variable_scope_of, unique_scope_name
from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.naming import check_name
from nb_sepconv.framework.variable_store import AUTO_REUSE
from nb_sepconv.framework.variables import Variable, global_variables
from nb_sepconv.layers.losses import LayerLosses, mean_penalty
from nb_sepconv.layers.scope import InCall, entered
from nb_sepconv.layers.weights import is_among
from nb_sepconv.tensors.tensor import Tensor, of_word, tensor

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.framework.scope_object import VariableScope

MOST_CALLS = 1024
_BASE_NAME = "separable_conv1d"
_PLAIN = frozenset((int, str, bool, type(None)))
ZEROS = initializers.Zeros()
_DEFAULTS = (None, None, ZEROS) + (None,) * 6
_KINDS = (initializers,) * 3 + (regularizers,) * 3 + (constraints,) * 3


class Remembered(NamedTuple):
    """A convolution with its variables by their full names, and what inputs must have to be convolved so."""

    settings: tuple[Any, ...]
    convolution: PackedConvolution
    names: tuple[str, ...]
    weights: tuple[Any, ...]
    dtype: np.dtype[Any]
    axis: int
    channels: int

    def fits(self, graph: Graph, inputs: np.ndarray, settings: tuple[Any, ...]) -> bool:
        """Whether a call with these inputs and settings finds the same variables."""
        if inputs.ndim != 3 or inputs.shape[self.axis] != self.channels or inputs.dtype != self.dtype:
            return False
        variables = graph.variable_store.variables
        for name, weight in zip(self.names, self.weights, strict=False):
            if variables.get(name) is not weight:
                return False
        return all(map(is_, settings, self.settings)) or all(map(_same, settings, self.settings))


class Found(NamedTuple):
    """A call that was found again: what it convolves with, and the scope whose names it counts as entering."""

    remembered: Remembered
    after: Any
    graph: Graph
    outer: VariableScope
    base_name: str
    full_name: str

    def run(self, inputs: np.ndarray, named: bool, reuse: Any, activity_regularizer: Any) -> Any:
        """The outputs, with all that calling a new layer does to names and losses."""
        _, after, graph, outer, base_name, full_name = self
        thread, plain = graph.thread, inputs.view(np.ndarray) if type(inputs) is Tensor else inputs
        if not named:
            graph.next_layer_number(base_name)
        check_name(base_name, nested=bool(thread.name_scope))
        opened = graph.unique_name(base_name) + "/"
        thread.scope_names.take(full_name)
        thread.scope_names.forget_inside(full_name)
        convolution, weights = self.remembered.convolution, self.remembered.weights
        if after is None and not activity_regularizer:
            return convolution(plain, *weights).view(Tensor)
        captured = outer.derived(outer.reuse, full_name, opened, None, {})
        with graph.undo_on_failure(), entered(graph, captured, reuse):
            outputs = convolution(plain, *weights)
            if after is not None:
                with InCall(thread, True):
                    outputs = after(outputs)
            if activity_regularizer:
                mean = mean_penalty(activity_regularizer, outputs)
                LayerLosses().add_value(graph, f"{opened}ActivityRegularizer/truediv", mean)
        return tensor(outputs) if type(inputs) is Tensor else of_word(outputs)


def find(inputs: Any, settings: tuple[Any, ...], activation: Any, name: Any, reuse: Any) -> Found | None:
    """The call with these arguments that was remembered in the current scope, or None.

    Args:
        inputs: what the caller gave.
        settings: filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, use_bias.
        activation, name, reuse: as in ``separable_conv1d``.
    """
    graph = get_default_graph()
    if not graph.remembered_calls or (type(inputs) is not np.ndarray and type(inputs) is not Tensor):
        return None
    if not (name is None or (type(name) is str and name and name[-1] != "/")) or not _is_mode(reuse):
        return None
    thread = graph.thread
    outer = get_variable_scope_of(thread)
    if not (reuse or outer.reuse) or outer.custom_getter is not None or not _is_function(outer.initializer):
        return None
    base_name = name or (_BASE_NAME if reuse else unique_scope_name(thread, _BASE_NAME))
    full_name = f"{outer.name}/{base_name}" if outer.name else base_name
    fused, after = (None, None) if activation is None else fused_activation(activation)
    try:
        remembered = graph.remembered_calls.get((full_name, fused, inputs.dtype, settings))
    except TypeError:  # a list of one number
        remembered = graph.remembered_calls.get((full_name, fused, inputs.dtype, _hashable(settings)))
    if remembered is None or not remembered.fits(graph, inputs, settings):
        return None
    return Found(remembered, after, graph, outer, name or _BASE_NAME, full_name)


def accept(made_with: tuple[Any, ...], weights: tuple[Any, ...]) -> bool:
    """Raise for what is no initializer, regularizer or constraint; False where a penalty is still to be collected.

    Args:
        made_with: three initializers, three regularizers and three constraints as the caller gave them.
        weights: the variables, or None.
    """
    if all(map(is_, made_with, _DEFAULTS)):
        return True
    for kind, given in zip(_KINDS, made_with, strict=True):
        if given is not None and (isinstance(given, type) or not callable(given)):
            kind.get(given)
    if made_with[3] is made_with[4] is made_with[5] is None:
        return True
    regularized = [weight for weight, given in zip(weights, made_with[3:6], strict=True) if given is not None]
    known = global_variables()
    return all(weight is None or is_among(weight, known) for weight in regularized)


def remember(layer: Any, settings: tuple[Any, ...]) -> None:
    """Keep what a functional call's layer found, for the next call of its name; ``settings`` as in :func:`find`."""
    kernels = {"depthwise_kernel": layer.depthwise_kernel, "pointwise_kernel": layer.pointwise_kernel}
    weights = kernels | ({} if layer.bias is None else {"bias": layer.bias})
    graph, full_name = layer._scope.graph, layer.scope_name
    names = tuple(f"{full_name}/{name}" for name in weights)
    variables = graph.variable_store.variables
    found = all(variables.get(name) is weight for name, weight in zip(names, weights.values(), strict=True))
    if (
        not found
        or not all(type(weight) is Variable for weight in weights.values())
        or not all(map(_is_plain, settings))
    ):
        return
    fused, _ = fused_activation(layer.activation)
    given = layer.strides, layer.padding, layer.data_format, layer.dilation_rate, fused
    if len(graph.remembered_calls) >= MOST_CALLS:
        graph.remembered_calls.clear()
    depthwise, pointwise, bias = layer.depthwise_kernel, layer.pointwise_kernel, layer.bias
    settings = _hashable(settings)
    graph.remembered_calls[full_name, fused, depthwise.dtype, settings] = Remembered(
        settings,
        PackedConvolution(*given),
        names,
        (depthwise, pointwise, bias),
        depthwise.dtype,
        layer._channel_axis,
        depthwise.shape[1],
    )


def count_variables() -> int:
    """How many variables the current graph keeps by name."""
    store = get_default_graph().variable_store
    return 0 if store is None else len(store.variables)


def _hashable(settings):
    return tuple(tuple(each) if type(each) is list else each for each in settings)


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


def _is_function(given):
    return given is None or (callable(given) and not isinstance(given, type))


def _is_mode(reuse):
    return reuse is None or reuse is True or reuse is False or reuse is AUTO_REUSE
