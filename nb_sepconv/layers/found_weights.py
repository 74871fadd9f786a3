"""A new layer whose variables exist already: it takes them, where that is all that building it would do."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers.weights import LayerWeights
from nb_sepconv.tensors.dtypes import FLOATS, as_dtype, dtype_name_of


def adopt_weights(layer: Any, inputs: Any) -> bool:
    """Build a layer of the library for inputs by the variables of its scope; returns whether it was done.

    It is not, and nothing is changed, where a variable is missing or is another one than the layer wants, where a
    penalty would be collected, or where something of the caller's own would run.
    """
    if not type(layer).__module__.startswith("nb_sepconv.") or type(inputs) is not np.ndarray:
        return False
    if layer.activity_regularizer is not None or layer._initial_weights is not None:
        return False
    if activations.fused_name(getattr(layer, "activation", activations.linear)) is None:
        return False
    spec, dtype = layer._input_spec, layer._dtype or dtype_name_of(inputs)
    wanted = layer._wanted(inputs.shape) if spec is None or spec.accepts(inputs.shape) else None
    if wanted is None:
        return False
    spec, shapes = wanted
    found = _found(layer, shapes, dtype) if shapes else {}
    if found is None:
        return False
    collects = layer._scope.graph.collects
    trained = found if layer.trainable else ()
    frozen = [name for name in found if name not in trained or not collects(GraphKeys.TRAINABLE_VARIABLES, found[name])]
    weights = LayerWeights(found, frozen)
    new = {"_weights": weights, "_dtype": dtype, "_input_spec": spec, "_fast_path": None, "_pullbacks": None}
    vars(layer).update(found, **new, built=True)
    return True


def _found(layer, shapes, dtype):
    """The variables of these kinds and shapes by name, where all exist and none brings a penalty; else None."""
    scope = layer._scope
    graph = scope.graph
    if graph.variable_store is None or dtype not in FLOATS or not scope.shares():
        return None
    get, collects, prefix = graph.variable_store.variables.get, graph.collects, f"{scope.name}/" if scope.name else ""
    found, dtype = {}, as_dtype(layer._dtype_of_weights(dtype))
    for name, (kind, shape) in shapes.items():
        weight = get(prefix + name)
        if type(weight) is not Variable or weight.array.shape != shape or weight.array.dtype != dtype:
            return None
        penalized = getattr(layer, f"{kind}_regularizer", None) is not None
        if penalized and not collects(GraphKeys.GLOBAL_VARIABLES, weight):
            return None
        found[name] = weight
    return found
