"""The gradients of a convolution: checked, carried through the activation, planned once and run."""

import numpy as np

from nb_sepconv import activations, arguments, array_arguments, convolution
from nb_sepconv.activations import pullbacks
from nb_sepconv.kernels import cpu, engines

OPERANDS = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")
REMEMBERED_PLANS = 1024
_plans = {}


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
    wanted = _wanted(wanted, OPERANDS[: len(arrays)])
    function = pullbacks.differentiable(activation)
    channels_last = arguments.data_format(chosen.data_format) == "channels_last"
    arrays, filters = convolution.checked_arrays(arrays, channels_last)
    sizes, shape = convolution.sizes(arrays[0], arrays[1].shape, filters, channels_last, chosen)
    d_outputs = array_arguments.like_outputs("d_outputs", d_outputs, shape, arrays[0].dtype)
    if outputs is not None:
        outputs = array_arguments.like_outputs("outputs", outputs, shape, arrays[0].dtype)
    wanted -= {name for name, array in zip(OPERANDS, arrays, strict=False) if array is None}
    name, d_outputs, outputs = _through(function, d_outputs, outputs, arrays, chosen)
    sizes = {**sizes, "activation": name}
    return _run(d_outputs, outputs, arrays, sizes, channels_last, frozenset(wanted), chosen.engine)


def _wanted(names, known):
    if names is None:
        return set(known)
    try:
        wanted = {names} if isinstance(names, str) else set(names)
    except TypeError:
        wanted = {None}
    if not wanted <= set(known):
        raise ValueError(f"`wanted` must be names among {', '.join(known)}. Received: {names!r}")
    return wanted


def _through(function, d_outputs, outputs, arrays, chosen):
    """What the kernels do about the activation: its name, or None; ``d_outputs``, and the values it needs, or None."""
    name = activations.fused_name(function)
    if name == "linear":
        return None, d_outputs, None
    if name in cpu.OUTPUT_ACTIVATIONS:
        return name, d_outputs, _convolved(arrays, chosen._replace(activation=name)) if outputs is None else outputs
    before = _convolved(arrays, chosen)
    if name in cpu.FUSED_ACTIVATIONS:
        return name, d_outputs, before
    return None, pullbacks.pullback(function, before, d_outputs), None


def _convolved(arrays, chosen):
    arrays, call = convolution.prepare(arrays, chosen)
    return call.run(arrays[0], call.pack(arrays[1:]))


def _run(d_outputs, outputs, arrays, sizes, channels_last, wanted, engine):
    inputs, depthwise, pointwise, *_ = (*arrays, None)
    strides = {
        "input_strides": inputs.strides,
        "gradient_strides": d_outputs.strides,
        "output_strides": (0, 0, 0) if outputs is None else outputs.strides,
        "d_input_strides": convolution.contiguous_strides(inputs.shape, inputs.itemsize),
    }
    strides = {name: convolution.by_step(stride, channels_last) for name, stride in strides.items()}
    engine = engines.engine(engine)
    plan = _planned(engine, cpu.GradientSizes(**sizes, **strides, wanted=wanted))
    d_inputs = None
    if "inputs" in wanted:
        d_inputs = array_arguments.allocated(inputs.shape, inputs.dtype)
        if plan.sparse:
            d_inputs.fill(0)
    sums = [_sums(plan.parts, array, name in wanted) for name, array in zip(OPERANDS[1:], arrays[1:], strict=False)]
    sums += [None] * (3 - len(sums))
    packed = engine.pack_gradients(plan, depthwise, pointwise)
    engine.run_gradients(plan, packed, (d_outputs, inputs, outputs, d_inputs, *sums))
    return d_inputs, *(_total(each, inputs.dtype) for each in sums[: len(arrays) - 1])


def _planned(engine, sizes):
    key = engine, cpu.get_num_threads(), sizes
    if key not in _plans:
        if len(_plans) >= REMEMBERED_PLANS:
            _plans.clear()
        _plans[key] = engine.plan_gradients(sizes, cpu.get_num_threads())
    return _plans[key]


def _sums(parts, array, wanted):
    if not wanted:
        return None
    return array_arguments.allocated((parts, *array.shape), np.dtype(cpu.computed_dtype(array.dtype.name)))


def _total(parts, dtype):
    """The sum of all parts in their order."""
    if parts is None:
        return None
    total = parts[0] if len(parts) == 1 else np.add.reduce(parts, axis=0)
    return total.astype(dtype, copy=False)
