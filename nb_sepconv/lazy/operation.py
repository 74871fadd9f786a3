"""An operation with its arrays as a model of one stage."""

from __future__ import annotations

from typing import Any

from nb_sepconv.checks.outside_memory import refuse_unknown_sizes
from nb_sepconv.convolution import host
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.lazy.graph import no_examples, outputs_of


def convolve(arrays: Any, chosen: Any, after: Any, out: Any) -> Any:
    """The outputs, as an array of Dask, for arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise).

    Args:
        arrays: the inputs of Dask, the others in memory.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
        after: a function to apply to the outputs, or None.
        out: must be None.
    """
    inputs, *weights = arrays
    if out is not None:
        raise TypeError(
            "`out` must be None where `inputs` is a Dask array, whose outputs are computed later: use `da.store`. "
            f"Received: {type(out).__name__}"
        )
    refuse_unknown_sizes("inputs", inputs)
    _, *weights = checked = host.checked_arrays((no_examples(inputs), *weights), chosen)
    like = host.convolve(checked, chosen, after, None)
    name = "separable_conv1d" if len(weights) > 1 else "depthwise_conv1d"
    return outputs_of(Operation(name, weights, chosen, after), name, inputs, like)


class Operation:
    """A convolution by certain arrays.

    Args:
        name: str, the operation's.
        weights: (depthwise, pointwise, bias or None) or (depthwise,), checked.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
        after: a function to apply to the outputs, or None.
    """

    def __init__(self, name: str, weights: Any, chosen: Any, after: Any) -> None:
        self._name, self._weights, self._chosen, self._after = name, weights, chosen, after

    def _stage(self):
        depthwise, *others = self._weights
        chosen, (taps, channels, multiplier) = self._chosen, depthwise.shape
        filters = others[0].shape[-1] if others else channels * multiplier
        return Stage(
            self._name,
            Computation(self._weights, chosen, self._after),
            *(taps, chosen.stride, chosen.dilation, chosen.padding),
            channels_last=chosen.channels_last,
            dtype=depthwise.dtype,
            channels=channels,
            filters=filters,
            activation=self._after,
        )


class Computation:
    """The outputs for inputs and the zeros around them; the weights stay packed."""

    def __init__(self, weights: Any, chosen: Any, after: Any) -> None:
        self._weights, self._chosen, self._after, self._packed = weights, chosen, after, {}

    def __call__(self, inputs: Any, zeros: tuple[int, int], out: Any) -> Any:
        (inputs, *_), call = host.planned((inputs, *self._weights), self._chosen._replace(padding=zeros))
        packed = self._packed.get(call.packing)
        if packed is None:
            packed = self._packed[call.packing] = call.pack(self._weights)
        if self._after is None:
            return call.run(inputs, packed, out)
        return written(self._after(call.run(inputs, packed)), out)
