"""The gradients of a convolution: checked and planned once for certain shapes and types, then run on any values."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations import pullbacks
from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import host
from nb_sepconv.convolution.lengths import example_by_example, lengths_of, steps_of
from nb_sepconv.convolution.planned_calls import PlannedCalls, planned_calls
from nb_sepconv.convolution.settings import OPERANDS, wanted_names
from nb_sepconv.convolution.sizes import by_step, contiguous_strides, sizes_of
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.protocol import GradientSizes, Sizes


def gradients(
    d_outputs: Any,
    arrays: Any,
    chosen: Any,
    activation: Any,
    outputs: Any = None,
    wanted: Any = None,
    lengths: Any = None,
) -> Any:
    """The gradients for the arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise), a tuple.

    Args:
        d_outputs: array of the outputs' shape and type.
        arrays: what was convolved.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`, their activation None.
        activation: None, a name, or a function of this library.
        outputs: the outputs where they are known.
        wanted: names of operands. Default all of them.
        lengths: array or sequence of ints (N,), the steps of each example. Default all steps.
    """
    given, call = _planned_call((d_outputs, outputs, *arrays), chosen, activation, wanted)
    if lengths is not None:
        _, _, inputs, depthwise, *_ = given
        lengths = lengths_of(lengths, inputs, len(depthwise), chosen)
    return call(given, lengths)


def _planned_call(given, chosen, activation, wanted):
    """The arrays as the kernels take them, and the call for arrays like these, planned where it is the first."""
    wanted = wanted_names(wanted, OPERANDS[: len(given) - 2])
    key = _key(given, chosen, activation, wanted)
    call = planned_calls.get(key)
    if call is None:
        checked, call = _planned(given, chosen, activation, wanted)
        planned_calls.remember(key, call, given, checked)
        given = checked
    return given, call


class PlannedGradients:
    """The gradients of a convolution whose settings and weights' shapes stay as they are.

    Args:
        settings: as ``chosen`` of :func:`gradients`.
        activation: as there.
    """

    settings: Any
    activation: Any

    def __init__(self, settings: Any, activation: Any) -> None:
        self.settings, self.activation = settings, activation
        self._calls = PlannedCalls()
        self._packed = None, None, None

    def __call__(
        self, d_outputs: Any, inputs: Any, weights: Any, outputs: Any, wanted: tuple[str, ...], lengths: Any = None
    ) -> Any:
        """What :func:`gradients` gives; ``weights`` are never written to, and another list where they have changed."""
        key, given = None, (d_outputs, outputs, inputs, *weights)
        if type(d_outputs) is type(inputs) is np.ndarray and (outputs is None or type(outputs) is np.ndarray):
            key = (
                cpu.get_num_threads(),
                engines.environment_engine(),
                wanted,
                inputs.shape,
                inputs.strides,
                inputs.dtype,
                d_outputs.shape,
                d_outputs.strides,
                d_outputs.dtype,
                None if outputs is None else outputs.strides,
            )
        call = self._calls.get(key)
        if call is None:
            checked, call = _planned_call(given, self.settings, self.activation, wanted)
            self._calls.remember(key, call, given, checked)
            given = checked
        of_call, of_weights, packed = self._packed
        if of_call is not call or of_weights is not weights:
            packed = call.pack(given[3])
            self._packed = call, weights, packed
        if lengths is not None:
            lengths = lengths_of(lengths, given[2], len(given[3]), self.settings)
        return call(given, lengths, packed)


def _key(given, chosen, activation, wanted):
    try:
        hash(activation)
    except TypeError:
        return None
    return host.key_of(given, Gradients, chosen, activation, wanted)


class Gradients:
    """A planned call.

    Args:
        plan: the kernels' plan.
        chosen: the convolution's settings without its activation.
        function: the activation.
        wanted: a bool for each operand.
        shapes: the shape of each operand.
        dtype: the operands' type.
    """

    def __init__(self, plan: Any, chosen: Any, function: Any, wanted: Any, shapes: Any, dtype: Any) -> None:
        self._plan, self._chosen, self._function, self._dtype = plan, chosen, function, dtype
        self._name = _known_to_kernels(function)
        self._not_given = (None,) * (len(OPERANDS) - len(wanted))
        self._is_one_sum = plan.parts == 1 and plan.sum_dtype == dtype
        forms = [(shapes[0], dtype), *((self._of_sums(shape), plan.sum_dtype) for shape in shapes[1:])]
        self._forms = [form if each else None for form, each in zip(forms, wanted, strict=True)]
        self.pack: Any = plan.pack  # the depthwise weights as the kernels read them

    def _of_sums(self, shape):
        return shape if self._is_one_sum or shape is None else (self._plan.parts, *shape)

    def __call__(self, given: Any, lengths: Any = None, packed: Any = None) -> Any:
        """The gradients for arrays of the planned shapes, strides and types, None for those that are not wanted.

        ``packed`` is what ``pack`` makes of the depthwise weights, where it is known.
        """
        d_outputs, outputs, inputs, depthwise, pointwise, _ = given + self._not_given
        if self._function is not activations.linear:
            d_outputs, outputs = self._through_activation(d_outputs, outputs, given[2:], lengths)
        found = array_arguments.all_allocated(self._forms)
        if self._plan.sparse and found[0] is not None:
            found[0].fill(0)
        operands = d_outputs, inputs, pointwise, outputs, *found, *self._not_given
        packed = self.pack(depthwise) if packed is None else packed
        if lengths is None:
            self._plan.run(packed, operands)
        else:
            self._plan.run_with_lengths(packed, operands, lengths)
        if self._is_one_sum:
            return found
        return found[0], *[None if parts is None else _total(parts, self._dtype) for parts in found[1:]]

    def _through_activation(self, d_outputs, outputs, arrays, lengths):
        """What the kernels get: ``d_outputs`` and the values that tell the slopes, or what has passed already."""
        if self._name is None:
            steps = None if lengths is None else steps_of(lengths.lengths, len(arrays[1]), self._chosen)
            return self._pulled_back(_convolved(arrays, self._chosen, lengths), d_outputs, steps), None
        if self._name not in cpu.OUTPUT_ACTIVATIONS:
            return d_outputs, _convolved(arrays, self._chosen, lengths)
        if outputs is None:
            outputs = _convolved(arrays, self._chosen._replace(activation=self._name), lengths)
        return d_outputs, outputs

    def _pulled_back(self, x, d_outputs, steps):
        """The gradient before an activation that the kernels do not know."""
        if steps is None:
            return pullbacks.pullback(self._function, x, d_outputs)
        return example_by_example(partial(pullbacks.pullback, self._function), steps, self._chosen, x, d_outputs)


def _known_to_kernels(function):
    name = activations.fused_name(function)
    return name if name in cpu.FUSED_ACTIVATIONS else None


def _total(parts, dtype):
    """The sum of all parts in their order; overflows are as silent as the kernels'."""
    with np.errstate(all="ignore"):
        return np.add.reduce(parts, axis=0).astype(dtype, copy=False)


def _convolved(arrays, chosen, lengths):
    arrays, call = host.planned(tuple(arrays), chosen)
    return call.run(arrays[0], call.pack(arrays[1:]), None, lengths)


def _planned(given, chosen, activation, wanted):
    """The arrays as the kernels take them, and their call."""
    d_outputs, outputs, *arrays = given
    function = pullbacks.differentiable(activation)
    arrays = host.checked_arrays(arrays, chosen)
    inputs = arrays[0]
    sizes, shape = sizes_of(arrays, chosen._replace(activation=_known_to_kernels(function)))
    activated = pullbacks.output_shape(function, shape)
    d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, activated, inputs.dtype)
    if outputs is not None:
        outputs = array_arguments.like_outputs("outputs", outputs, activated, inputs.dtype)
    contiguous = contiguous_strides(shape, inputs.itemsize)
    flags = [name in wanted and array is not None for name, array in zip(OPERANDS, arrays, strict=False)]
    sizes = GradientSizes(
        Sizes(**sizes, **_strides(chosen, input=inputs.strides, output=contiguous)),
        frozenset(name for name, flag in zip(OPERANDS, flags, strict=False) if flag),
        **_strides(chosen, d_input=_contiguous(inputs), **_met(contiguous, d_outputs, outputs, function)),
    )
    shapes = [None if array is None else array.shape for array in arrays]
    plan = engines.engine(chosen.engine).plan_gradients(sizes, cpu.get_num_threads())
    return (d_outputs, outputs, *arrays), Gradients(plan, chosen, function, flags, shapes, inputs.dtype)


def _met(contiguous, d_outputs, outputs, function):
    """The strides of what the kernels meet; what is computed on the way is contiguous."""
    name = _known_to_kernels(function)
    passed = name is None and function is not activations.linear
    given = outputs is not None and name in cpu.OUTPUT_ACTIVATIONS
    return {
        "gradient": contiguous if passed else d_outputs.strides,
        "value": outputs.strides if given else contiguous,
    }


def _contiguous(array):
    return contiguous_strides(array.shape, array.itemsize)


def _strides(chosen, **strides):
    return {f"{name}_strides": by_step(each, chosen.channels_last) for name, each in strides.items()}
