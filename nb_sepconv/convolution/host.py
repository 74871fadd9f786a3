"""A convolution of certain shapes, types and settings: checked and planned once, then run on any values."""

import operator
from typing import NamedTuple

import numpy as np

from nb_sepconv import activations
from nb_sepconv.checks import arguments, array_arguments
from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.geometry import geometry, kernel_span
from nb_sepconv.kernels import cpu, engines

OPERANDS = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")
REMEMBERED_CALLS = 1024
_calls = {}


class Settings(NamedTuple):
    """How the kernel moves: as given where the caller wrote the usual types, checked when a call is planned."""

    stride: int
    dilation: int
    padding: object
    data_format: object
    activation: str | None
    engine: str | None
    precision: str | None


def settings(strides, padding, data_format, dilation_rate, activation, engine=None, precision=None):
    """Settings in a form that hashes, from what a caller may write."""
    return Settings(
        strides if type(strides) is int else arguments.one_integer(strides, "strides")[0],
        dilation_rate if type(dilation_rate) is int else arguments.one_integer(dilation_rate, "dilation_rate")[0],
        padding if type(padding) is str else zeros(padding),
        data_format if type(data_format) is str else arguments.data_format(data_format),
        activation,
        engine,
        precisions.chosen(precision),
    )


def zeros(padding):
    """A padding of any form as a name or as two ints, the zeros before and after."""
    if isinstance(padding, str):
        return arguments.padding(padding)
    try:
        left, right = (operator.index(count) for count in padding)
    except (TypeError, ValueError):
        left = right = -1
    if left < 0 or right < 0:
        raise ValueError(
            'The `padding` argument must be one of "valid", "same", "causal", or two integers >= 0. '
            f"Received: {padding!r}"
        )
    return left, right


def fused_activation(activation, known=cpu.FUSED_ACTIVATIONS):
    """The activation's name where the kernels know it, and else the function to apply to their outputs, or None."""
    if activation is None:
        return None, None
    function = activations.get(activation)
    name = activations.fused_name(function)
    if name == "linear":
        return None, None
    return (name, None) if name in known else (None, function)


class Convolution:
    """A planned call; ``shape`` is its output's, ``packing`` names the form of its packed weights."""

    __slots__ = ("_dtype", "_engine", "_plan", "packing", "shape")

    def __init__(self, engine, plan, shape, dtype):
        self._engine, self._plan, self.shape, self._dtype = engine, plan, shape, dtype
        self.packing = plan.packing

    def pack(self, weights):
        """The weights as the kernels read them: (depthwise, pointwise, bias or None), or (depthwise,)."""
        return self._engine.pack(self._plan, *weights)

    def run(self, inputs, packed, outputs=None):
        """The outputs for ``inputs``, an array of the planned shape, strides and type; ``outputs``, where given, is a
        C-contiguous array apart from it that takes them.
        """
        if outputs is None:
            outputs = array_arguments.allocated(self.shape, self._dtype)
        self._engine.run(self._plan, inputs, outputs, packed)
        return outputs


class PackedConvolution:
    """A convolution by the same variables again and again: they stay packed until one of them may have changed.

    ``activation`` is None, a name or a function; the other settings are those of the operation.
    """

    def __init__(self, strides, padding, data_format, dilation_rate, activation, precision=None):
        self.given = (strides, padding, data_format, dilation_rate, activation, precision)
        self._precision = precisions.checked(precision)
        fused, self._after = fused_activation(activation)
        self._settings = settings(strides, padding, data_format, dilation_rate, fused)
        self._state = (), {}, {}

    def __reduce__(self):
        return type(self), self.given

    def __call__(self, inputs, *weights):
        """The outputs for ``inputs``; ``weights`` are variables (depthwise, pointwise, bias or None)."""
        known, calls, packs = self._state
        if len(weights) != len(known) or any(map(operator.is_not, weights, known)):
            calls, packs = {}, {}
            self._state = weights, calls, packs
        call, precision = None, self._precision or precisions.of_context()
        if type(inputs) is np.ndarray:
            key = cpu.get_num_threads(), precision, inputs.shape, inputs.strides, inputs.dtype
            call = calls.get(key)
        if call is None:
            arrays, call = prepare((inputs, *map(_array, weights)), self._settings._replace(precision=precision))
            if arrays[0] is inputs and len(calls) < REMEMBERED_CALLS:
                calls[key] = call
            inputs = arrays[0]
        outputs = call.run(inputs, _packed(packs, call, weights))
        return outputs if self._after is None else self._after(outputs)


def _packed(packs, call, weights):
    """The weights packed as the call wants them, from ``packs`` or anew; others of old values are forgotten."""
    versions = [weight.version for weight in weights if weight is not None]
    packed_versions, packed = packs.get(call.packing, (None, None))
    if versions != packed_versions:
        if packed is not None:
            packs.clear()
        packed = call.pack([_array(weight) for weight in weights])
        packs[call.packing] = versions, packed
    return packed


def _array(variable):
    return None if variable is None else variable.array


def remembered(arrays, chosen):
    """The call that was planned for such arrays and settings, or None."""
    key = _key(arrays, chosen)
    return key and _calls.get(key)


def _key(arrays, chosen):
    key = (cpu.get_num_threads(), chosen)
    for array in arrays:
        if type(array) is np.ndarray:
            key += (array.shape, array.strides, array.dtype)
        elif array is not None:
            return None
    return key


def prepare(arrays, chosen):
    """Check arrays (inputs, depthwise, pointwise, bias) or (inputs, depthwise), and plan their convolution.

    Returns the arrays as the kernels take them, and the call, remembered where the arrays could be taken as they were.
    """
    channels_last = arguments.data_format(chosen.data_format) == "channels_last"
    checked, filters = checked_arrays(arrays, channels_last)
    call = _planned(checked[0], checked[1].shape, filters, channels_last, chosen)
    if all(a is b for a, b in zip(arrays, checked, strict=True)):
        if len(_calls) >= REMEMBERED_CALLS:
            _calls.clear()
        _calls[_key(arrays, chosen)] = call
    return checked, call


def checked_arrays(arrays, channels_last):
    """The arrays as the kernels take them, and the filters, None without a pointwise kernel."""
    inputs = array_arguments.series(arrays[0])
    channels = inputs.shape[2 if channels_last else 1]
    depthwise = array_arguments.weight("depthwise_kernel", arrays[1], ("K", channels, "M"), inputs.dtype)
    if len(arrays) == 2:
        return (inputs, depthwise), None
    pointwise = array_arguments.pointwise_kernel(arrays[2], channels * depthwise.shape[2], inputs.dtype)
    filters = pointwise.shape[-1]
    bias = arrays[3]
    if bias is not None:
        bias = array_arguments.weight("bias", bias, (filters,), inputs.dtype)
    return (inputs, depthwise, pointwise, bias), filters


def sizes(inputs, kernel_shape, filters, channels_last, chosen):
    """A convolution's sizes without strides, a dict, and its output's shape."""
    taps, channels, multiplier = kernel_shape
    stride = arguments.one_integer(chosen.stride, "strides")[0]
    dilation = arguments.one_integer(chosen.dilation, "dilation_rate")[0]
    examples, length, _ = inputs.shape if channels_last else (inputs.shape[0], inputs.shape[2], 0)
    where = _geometry(inputs.shape, length, taps, stride, dilation, zeros(chosen.padding))
    shape = (examples, where.output_length, filters or channels * multiplier)
    shape = shape if channels_last else (shape[0], shape[2], shape[1])
    array_arguments.addressable(shape, inputs.dtype)
    span = kernel_span(taps, dilation)
    if where.output_length <= 1 and stride >= span:  # there is no second step, and the order of the sums is the same
        stride = min(dilation, span)
    found = {
        "dtype": inputs.dtype.name,
        "examples": examples,
        "length": length,
        "channels": channels,
        "steps": where.output_length,
        "filters": filters,
        "kernel_size": taps,
        "multiplier": multiplier,
        "stride": stride,
        "dilation": dilation,
        "left": where.left,
        "activation": chosen.activation,
        "precision": precisions.least(chosen.precision, inputs.dtype.name),
    }
    return found, shape


def _planned(inputs, kernel_shape, filters, channels_last, chosen):
    found, shape = sizes(inputs, kernel_shape, filters, channels_last, chosen)
    strides = {
        "input_strides": by_step(inputs.strides, channels_last),
        "output_strides": by_step(contiguous_strides(shape, inputs.itemsize), channels_last),
    }
    engine = engines.engine(chosen.engine)
    plan = engine.plan(cpu.Sizes(**found, **strides), cpu.get_num_threads())
    return Convolution(engine, plan, shape, inputs.dtype)


def contiguous_strides(shape, itemsize):
    """The strides of a new array of three axes."""
    return shape[1] * shape[2] * itemsize, shape[2] * itemsize, itemsize


def by_step(strides, channels_last):
    """An array's strides in the order example, step, channel."""
    return strides if channels_last else (strides[0], strides[2], strides[1])


def _geometry(shape, length, taps, stride, dilation, padding):
    where = geometry(length, taps, stride, dilation, padding)
    if padding not in ("same", "causal") and where.output_length < 1:
        added = "" if padding == "valid" else f", {sum(padding)} more with its padding"
        raise ValueError(
            f"`inputs` is too short: the kernel spans {kernel_span(taps, dilation)} steps and the input has {length}"
            f"{added}. Received: inputs of shape {shape}"
        )
    return where
