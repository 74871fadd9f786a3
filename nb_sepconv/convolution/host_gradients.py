"""The gradients of a convolution: checked and planned once for certain shapes and types, then run on any values."""

import numpy as np

from nb_sepconv import activations
from nb_sepconv.activations import pullbacks
from nb_sepconv.checks import arguments, array_arguments
from nb_sepconv.convolution import host
from nb_sepconv.convolution.host import OPERANDS
from nb_sepconv.kernels import cpu, engines

REMEMBERED_CALLS = 1024
_calls = {}


def gradients(d_outputs, arrays, chosen, activation, outputs=None, wanted=None):
    """The gradients for the arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise), a tuple.

    Args:
        d_outputs: array of the outputs' shape and type.
        arrays: what was convolved.
        chosen: the :class:`convolution.Settings`, their activation None.
        activation: None, a name, or a function of this library.
        outputs: the outputs where they are known.
        wanted: names of operands. Default all of them.
    """
    wanted = wanted_names(wanted, OPERANDS[: len(arrays)])
    given = d_outputs, outputs, *arrays
    key = _key(given, chosen, activation, wanted)
    call = _calls.get(key)
    if call is None:
        checked, call = _prepared(given, chosen, activation, wanted)
        if key is not None and all(one is other for one, other in zip(given, checked, strict=True)):
            if len(_calls) >= REMEMBERED_CALLS:
                _calls.clear()
            _calls[key] = call
        given = checked
    return call(*given)


def _key(given, *chosen):
    """What a call's plan depends on, or None where it cannot be told without looking closer."""
    key = [cpu.get_num_threads(), *chosen]
    for array in given:
        if type(array) is np.ndarray:
            key += array.shape, array.strides, array.dtype
        elif array is None:
            key.append(None)
        else:
            return None
    try:
        hash(tuple(key))
    except TypeError:
        return None
    return tuple(key)


class Gradients:
    """A planned call.

    Args:
        engine: the kernels.
        plan: their plan.
        chosen: the convolution's settings without its activation.
        function: the activation.
        wanted: a bool for each operand.
    """

    def __init__(self, engine, plan, chosen, function, wanted):
        self._engine, self._plan, self._chosen, self._function, self._wanted = engine, plan, chosen, function, wanted
        self._name = _known_to_kernels(function)

    def __call__(self, d_outputs, outputs, *arrays):
        """The gradients for arrays of the planned shapes, strides and types, None for those that are not wanted."""
        if self._function is not activations.linear:
            d_outputs, outputs = self._through_activation(d_outputs, outputs, arrays)
        d_inputs = self._d_inputs(arrays[0]) if self._wanted[0] else None
        sums = [self._sums(array) if wanted else None for array, wanted in zip(arrays, self._wanted, strict=True)][1:]
        inputs, depthwise, pointwise, _ = (*arrays, None, None)[: len(OPERANDS)]
        packed = self._engine.pack_gradients(self._plan, depthwise)
        operands = d_outputs, inputs, pointwise, outputs, d_inputs, *sums, *[None] * (len(OPERANDS) - len(arrays))
        self._engine.run_gradients(self._plan, packed, operands)
        return d_inputs, *(None if parts is None else _total(parts, arrays[0].dtype) for parts in sums)

    def _through_activation(self, d_outputs, outputs, arrays):
        """What the kernels get: ``d_outputs`` and the values that tell the slopes, or what has passed already."""
        if self._name is None:
            return pullbacks.pullback(self._function, _convolved(arrays, self._chosen), d_outputs), None
        if self._name not in cpu.OUTPUT_ACTIVATIONS:
            return d_outputs, _convolved(arrays, self._chosen)
        if outputs is None:
            outputs = _convolved(arrays, self._chosen._replace(activation=self._name))
        return d_outputs, outputs

    def _d_inputs(self, inputs):
        d_inputs = array_arguments.allocated(inputs.shape, inputs.dtype)
        if self._plan.sparse:
            d_inputs.fill(0)
        return d_inputs

    def _sums(self, array):
        return array_arguments.allocated((self._plan.parts, *array.shape), self._plan.sum_dtype)


def _known_to_kernels(function):
    name = activations.fused_name(function)
    return name if name in cpu.FUSED_ACTIVATIONS else None


def _total(parts, dtype):
    """The sum of all parts in their order; overflows are as silent as the kernels'."""
    if len(parts) == 1 and parts.dtype == dtype:
        return parts[0]
    with np.errstate(all="ignore"):
        return np.add.reduce(parts, axis=0).astype(dtype, copy=False)


def _convolved(arrays, chosen):
    arrays, call = host.prepare(arrays, chosen)
    return call.run(arrays[0], call.pack(arrays[1:]))


def _prepared(given, chosen, activation, wanted):
    """The arrays as the kernels take them, and their call."""
    d_outputs, outputs, *arrays = given
    function = pullbacks.differentiable(activation)
    channels_last = arguments.data_format(chosen.data_format) == "channels_last"
    arrays, filters = host.checked_arrays(arrays, channels_last)
    inputs = arrays[0]
    sizes, shape = host.sizes(inputs, arrays[1].shape, filters, channels_last, chosen)
    d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, shape, inputs.dtype)
    if outputs is not None:
        outputs = array_arguments.like_outputs("outputs", outputs, shape, inputs.dtype)
    flags = [name in wanted and array is not None for name, array in zip(OPERANDS, arrays, strict=False)]
    sizes = cpu.GradientSizes(
        **{**sizes, "activation": _known_to_kernels(function)},
        **_strides(inputs, d_outputs, outputs, function, channels_last),
        wanted=frozenset(name for name, flag in zip(OPERANDS, flags, strict=False) if flag),
    )
    engine = engines.engine(chosen.engine)
    plan = engine.plan_gradients(sizes, cpu.get_num_threads())
    return (d_outputs, outputs, *arrays), Gradients(engine, plan, chosen, function, flags)


def wanted_names(names, known):
    """The names of the operands whose gradients a caller wants as a set that hashes, all known ones for None."""
    if names is None:
        return frozenset(known)
    try:
        wanted = frozenset([names] if isinstance(names, str) else names)
    except TypeError:
        wanted = frozenset([None])
    if not wanted.issubset(known):
        raise ValueError(f"`wanted` must be names among {', '.join(known)}. Received: {names!r}")
    return wanted


def _strides(inputs, d_outputs, outputs, function, channels_last):
    """The strides of every array that the kernels see; what is computed on the way is contiguous."""
    contiguous = host.contiguous_strides(d_outputs.shape, inputs.itemsize)
    name = _known_to_kernels(function)
    passed = name is None and function is not activations.linear
    given = outputs is not None and name in cpu.OUTPUT_ACTIVATIONS
    strides = {
        "input_strides": inputs.strides,
        "gradient_strides": contiguous if passed else d_outputs.strides,
        "output_strides": outputs.strides if given else contiguous,
        "d_input_strides": host.contiguous_strides(inputs.shape, inputs.itemsize),
    }
    return {name: host.by_step(stride, channels_last) for name, stride in strides.items()}
