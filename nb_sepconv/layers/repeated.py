"""What calls of a layer come to for arrays like those of a call that was made, and how a trace records one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.dtypes import dtype_name_of
from nb_sepconv.tensors.symbol import Symbol
from nb_sepconv.tensors.tracing import refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Callable


def recorded_call(
    trace: Any, layer: Any, call: Callable[..., Any], inputs: Any, args: Any, keywords: dict[str, Any]
) -> Any:
    """The outputs of a call of a layer in a program that is being traced.

    Args:
        trace: the trace.
        layer: the layer, whose ``computation`` later runs make in place of the call where there is one.
        call: what calls it, as ``call(inputs, *args, **keywords)``.
        inputs, args, keywords: the arguments; ``scope`` among the keywords counts in this call alone.
    """

    def later(*_):
        if type(inputs) is not Symbol or inputs.loose or args:
            return None
        given = {key: value for key, value in keywords.items() if key != "scope"}
        computed = layer.computation(inputs.example.view(np.ndarray), given)
        return None if computed is None else (computed, (inputs,))

    return trace.record(call, (inputs, *args), keywords, later=later, repeats=not keywords.get("training"))


class Repeated:
    """What a program that is traced asks a layer."""

    def _recorded(self, trace: Any, inputs: Any, args: Any, keywords: dict[str, Any]) -> Any:
        if not type(self).call.__module__.startswith("nb_sepconv."):
            refuse_in_trace(f"The `call` of {type(self).__name__}", "derive it from `tf.keras.layers.Layer`")
        return recorded_call(trace, self, self._call, inputs, args, keywords)

    def computation(self, inputs: Any, keywords: dict[str, Any]) -> Callable[[Any], Any] | None:
        """What further calls with such arguments compute from a plain array, without scopes and checks.

        Args:
            inputs: the plain array of the call that was made.
            keywords: its other arguments.

        Returns:
            A function of a plain array, or None where nothing but a call does the same.
        """
        if self.activity_regularizer or dtype_name_of(inputs) != self._dtype or keywords.keys() - {"training"}:
            return None
        short = None if keywords else self._short_way(inputs)
        if short is not None:
            compute, *_, weights, _, _, watched = short
            return None if watched else partial(compute.by, weights)
        own = type(self).call.__module__.startswith("nb_sepconv.") and not self.weights
        return partial(self.call, **keywords) if own else None
