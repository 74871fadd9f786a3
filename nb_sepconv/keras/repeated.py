"""How a trace records the calls of Keras layers, and what later runs compute in their place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.layers.call_arguments import call_keywords
from nb_sepconv.layers.repeated import recorded_call
from nb_sepconv.tensors.dtypes import dtype_name_of
from nb_sepconv.tensors.tracing import Tracing, refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Callable


class Repeated:
    """What a program that is traced asks a Keras layer."""

    def _recorded(self, trace: Any, call: Any, inputs: Any, args: Any, training: Any, keywords: Any) -> Any:
        """A call, which ``call`` makes of ``inputs``; that of a class of the caller's own is traced, too."""
        if type(self).call.__module__.startswith("nb_sepconv."):
            keywords = keywords if training is None else {**keywords, "training": training}
            return recorded_call(trace, self, call, inputs, args, keywords)
        if self.activity_regularizer is not None:
            refuse_in_trace("`activity_regularizer`", "compute the penalty in the function, from the outputs")
        with Tracing(None):
            if not self.built:
                self.build(tuple(inputs.shape))
        return self.call(inputs, *args, **call_keywords(type(self).call, training, keywords))

    def computation(self, inputs: Any, keywords: dict[str, Any]) -> Callable[[Any], Any] | None:
        """What further calls with such arguments compute from a plain array, without checks; None where nothing but a
        call does the same.
        """
        if self.activity_regularizer is not None or dtype_name_of(inputs) != self.compute_dtype:
            return None
        others = {key: value for key, value in keywords.items() if key != "training"}
        return partial(self.call, **call_keywords(type(self).call, keywords.get("training"), others))
