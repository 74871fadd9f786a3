"""A convolution of certain shapes, types and settings: checked and planned once, then run on any values."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution.lengths import example_by_example, lengths_of, steps_of
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.convolution.sizes import by_step, contiguous_strides, sizes_of
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.protocol import Sizes


def convolve(arrays: Any, chosen: Any, after: Any, out: Any, lengths: Any = None) -> Any:
    """The outputs for the arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise).

    Args:
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
        after: a function to apply to the outputs, or None.
        out: array for the outputs, or None.
        lengths: array or sequence of ints (N,), the steps of each example, or None for all steps.
    """
    arrays, call = planned(arrays, chosen)
    inputs, target = arrays[0], None
    if lengths is not None:
        lengths = lengths_of(lengths, inputs, len(arrays[1]), chosen)
    if out is not None:
        array_arguments.output(out, call.shape, inputs.dtype)
        if after is None and out.flags.c_contiguous and not np.may_share_memory(out, inputs):
            target = out
    outputs = call.run(inputs, call.pack(arrays[1:]), target, lengths)
    if target is not None:
        return target
    if after is not None:
        outputs = _of_each_length(after, lengths, arrays, chosen, outputs) if lengths else after(outputs)
    return written(outputs, out)


def _of_each_length(after, lengths, arrays, chosen, outputs):
    return example_by_example(after, steps_of(lengths.lengths, len(arrays[1]), chosen), chosen, outputs)


class Convolution:
    """A planned call; ``shape`` is its output's, ``packing`` names the form of its packed weights."""

    __slots__ = ("_dtype", "_plan", "packing", "shape")

    shape: Any

    def __init__(self, plan: Any, shape: Any, dtype: Any) -> None:
        self._plan, self.shape, self._dtype = plan, shape, dtype
        self.packing: Any = plan.packing

    def pack(self, weights: Any) -> Any:
        """The weights as the kernels read them: (depthwise, pointwise, bias or None), or (depthwise,)."""
        return self._plan.pack(*weights)

    def run(self, inputs: Any, packed: Any, outputs: Any = None, lengths: Any = None) -> Any:
        """The outputs for ``inputs``, an array of the planned shape, strides and type; ``outputs``, where given, is a
        C-contiguous array apart from it that takes them, and ``lengths`` those of the examples.
        """
        if outputs is None:
            outputs = array_arguments.allocated(self.shape, self._dtype)
        if lengths is None:
            self._plan.run(inputs, outputs, packed)
        else:
            self._plan.run_with_lengths(inputs, outputs, packed, lengths)
        return outputs

    @property
    def reads_before(self) -> bool:
        """Whether :meth:`run_after` is there."""
        return self._plan.reads_before

    def run_after(self, before: Any, inputs: Any, packed: Any, outputs: Any = None) -> Any:
        """The outputs for ``inputs`` with :class:`~nb_sepconv.kernels.protocol.Before` them in place of the zeros that
        are planned there.
        """
        if outputs is None:
            outputs = array_arguments.allocated(self.shape, self._dtype)
        self._plan.run_after(before, inputs, outputs, packed)
        return outputs


def planned(arrays: Any, chosen: Any) -> Any:
    """The arrays as the kernels take them, and the call for arrays like these, planned where it is the first."""
    key = key_of(arrays, Convolution, chosen)
    call = planned_calls.get(key)
    if call is not None:
        return arrays, call
    checked = checked_arrays(arrays, chosen)
    call = _planned(checked, chosen)
    planned_calls.remember(key, call, arrays, checked)
    return checked, call


def key_of(arrays: Any, *decided: Any) -> Any:
    """What a plan depends on, for arrays and what else decides it; None where an array must be looked at closer."""
    key = [cpu.get_num_threads(), engines.environment_engine(), *decided]
    for array in arrays:
        if type(array) is np.ndarray:
            key += array.shape, array.strides, array.dtype
        elif array is None:
            key.append(None)
        else:
            return None
    return tuple(key)


def checked_arrays(arrays: Any, chosen: Any) -> Any:
    """The arrays as the kernels take them."""
    inputs = array_arguments.series(arrays[0])
    channels = inputs.shape[2 if chosen.channels_last else 1]
    depthwise = array_arguments.weight("depthwise_kernel", arrays[1], ("K", channels, "M"), inputs.dtype)
    if len(arrays) == 2:
        return inputs, depthwise
    pointwise = array_arguments.pointwise_kernel(arrays[2], channels * depthwise.shape[2], inputs.dtype)
    bias = arrays[3]
    if bias is not None:
        bias = array_arguments.weight("bias", bias, (pointwise.shape[-1],), inputs.dtype)
    return inputs, depthwise, pointwise, bias


def _planned(arrays, chosen):
    inputs = arrays[0]
    sizes, shape = sizes_of(arrays, chosen)
    sizes = Sizes(
        **sizes,
        input_strides=by_step(inputs.strides, chosen.channels_last),
        output_strides=by_step(contiguous_strides(shape, inputs.itemsize), chosen.channels_last),
    )
    plan = engines.engine(chosen.engine).plan(sizes, cpu.get_num_threads())
    return Convolution(plan, shape, inputs.dtype)
