"""A convolution of arrays on a GPU: the checks, the plan for their shapes, and the launch."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from nb_sepconv import activations, arguments, array_arguments, convolution, device_arrays
from nb_sepconv.activations.advanced import ActivationLayer
from nb_sepconv.kernels import engines

REMEMBERED_CALLS = 1024
DEVICES = (None, "cpu", "cuda")


def asked(inputs, device, stream):
    """Whether a call with these arguments runs on a GPU."""
    if type(inputs) is np.ndarray and device is None and stream is None:
        return False
    if device not in DEVICES:
        raise ValueError(f'`device` must be None, "cpu" or "cuda". Received: {device!r}')
    on_gpu = device_arrays.library_of(inputs) is not None
    if on_gpu and device == "cpu":
        raise ValueError(f'`device` "cpu" does not fit inputs on a GPU. Received: {type(inputs).__name__}')
    if stream is not None and not (on_gpu or device == "cuda"):
        raise ValueError(f"`stream` is for arrays on a GPU. Received: stream={stream!r} with inputs on the host")
    return on_gpu or device == "cuda"


class Place:
    """Where and how a call runs: the engine, the library of the caller's arrays, the GPU and the stream's handle."""

    def __init__(self, inputs, stream, engine=None):
        if engine not in (None, "auto", engines.GPU):
            raise ValueError(
                f"`engine` must be {engines.GPU} or auto for arrays on a GPU. Received: {engine!r}"
            )  # fmt: skip
        self.engine = engines.gpu_engine()
        self.library, self._like = device_arrays.library_of(inputs), inputs
        self.stream = self.library.stream(inputs) if stream is None else device_arrays.stream_handle(stream)
        self.device = self.library.device(inputs)

    def describe(self, name, value):
        """The DeviceArray of an argument, which must lie on the same GPU."""
        array = device_arrays.describe(name, value, self.stream)
        if array.device != self.device:
            raise ValueError(
                f"`{name}` must lie on the same GPU as `inputs`, number {self.device}. Received: one on {array.device}"
            )
        return array

    def new(self, shape, dtype, library=None):
        """A new array, of the caller's kind or that of another library, and its description."""
        library = library or self.library
        try:
            value = library.empty(self._like, shape, dtype.name)
        except Exception as error:
            if "memory" in f"{type(error).__name__} {error}".lower():
                raise array_arguments.too_large(shape, dtype) from error
            raise
        return value, library.describe("out", value, self.stream)

    def contiguous(self, array):
        """``array``, or a copy of it in one piece."""
        if array is None or array.contiguous:
            return array
        _, copy = self.new(array.shape, array.dtype)
        _copy_plan(array.dtype.name, array.shape, array.strides).run(self.stream, array, copy)
        return copy

    def launch(self, what, run, *arrays):
        """``run(stream, *arrays)`` on the GPU; its errors name the call."""
        try:
            with self.engine.on_device(self.device):
                run(self.stream, *arrays)
        except Exception as error:
            raise RuntimeError(f"{what} failed on the GPU: {error}") from error
        self.library.finish(self.engine, self.stream)


def convolve(arrays, chosen, after, out, stream):
    """The outputs for the arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise).

    Args:
        arrays: on a GPU, or on the host for results on the host.
        chosen: the :class:`convolution.Settings`.
        after: a function to apply to the outputs, or None.
        out: array for the outputs, or None.
        stream: the caller's stream, or None.
    """
    if device_arrays.library_of(arrays[0]) is None:
        return _from_host(arrays, chosen, after, out, stream)
    refuse_numpy_function(after)
    place = Place(arrays[0], stream, chosen.engine)
    inputs, *weights = operands(place, arrays, chosen)
    outputs = run(place, inputs, weights, chosen, None if after else out)
    if after is None:
        return outputs
    outputs = after(outputs)
    if out is None:
        return outputs
    out[...] = outputs
    return out


def run(place, inputs, weights, chosen, out=None):
    """The outputs, of the caller's kind, for arrays that are described and checked."""
    filters = weights[1].shape[-1] if len(weights) > 1 else None
    sizes, shape = _sizes(inputs.shape, inputs.dtype, weights[0].shape, filters, chosen)
    value, outputs = place.new(shape, inputs.dtype) if out is None else (out, _checked_out(place, out, shape, inputs))
    plan = _plan(convolution_sizes(place, sizes, inputs, weights, outputs, chosen))
    place.launch(f"The convolution of inputs of shape {inputs.shape}", plan.run, inputs, weights, outputs)
    return value


def convolution_sizes(place, sizes, inputs, weights, outputs, chosen):
    """The engine's Sizes: a convolution's sizes and how its arrays lie."""
    last = arguments.data_format(chosen.data_format) == "channels_last"
    return place.engine.Sizes(
        **sizes,
        input_strides=convolution.by_step(inputs.strides, last),
        output_strides=convolution.by_step(outputs.strides, last),
        aligned=inputs.aligned and weights[0].aligned and outputs.aligned,
        biased=len(weights) > 2 and weights[2] is not None,
    )


def operands(place, arrays, chosen):
    """The arrays as the kernels take them: described, checked, and the weights in one piece."""
    inputs = place.describe("inputs", arrays[0])
    array_arguments.three_axes(inputs)
    channels = inputs.shape[2 if arguments.data_format(chosen.data_format) == "channels_last" else 1]
    depthwise = place.describe("depthwise_kernel", arrays[1])
    depthwise = _fitting(place, "depthwise_kernel", depthwise, ("K", channels, "M"), inputs.dtype)
    if len(arrays) == 2:
        return inputs, depthwise
    hidden = channels * depthwise.shape[2]
    pointwise = place.describe("pointwise_kernel", arrays[2])
    axes = (hidden, "F") if pointwise.ndim == 2 else (1, hidden, "F")
    pointwise = _fitting(place, "pointwise_kernel", pointwise, axes, inputs.dtype)
    bias = arrays[3]
    if bias is not None:
        bias = _fitting(place, "bias", place.describe("bias", bias), (pointwise.shape[-1],), inputs.dtype)
    return inputs, depthwise, pointwise, bias


def _fitting(place, name, array, shape, dtype):
    array_arguments.same_type(name, array, dtype)
    array_arguments.fitting(name, array, shape)
    return place.contiguous(array)


def sizes_of(inputs, kernel_shape, filters, chosen):
    """A convolution's sizes, and its outputs' shape, remembered."""
    return _sizes(inputs.shape, inputs.dtype, kernel_shape, filters, chosen)


@lru_cache(REMEMBERED_CALLS)
def _sizes(shape, dtype, kernel_shape, filters, chosen):
    channels_last = arguments.data_format(chosen.data_format) == "channels_last"
    return convolution.sizes(
        SimpleNamespace(shape=shape, dtype=dtype), kernel_shape, filters, channels_last, chosen
    )  # fmt: skip


@lru_cache(REMEMBERED_CALLS)
def _plan(sizes):
    return engines.gpu_engine().Plan(sizes)


@lru_cache(REMEMBERED_CALLS)
def _copy_plan(dtype, shape, strides):
    return engines.gpu_engine().CopyPlan(dtype, shape, strides)


def _checked_out(place, out, shape, inputs):
    array = place.describe("out", out)
    if array.shape != shape or array.dtype != inputs.dtype:
        raise array_arguments.wrong_output(array, shape, inputs.dtype)
    if _overlap(array, inputs):
        raise ValueError("`out` must not share memory with `inputs` on a GPU. Received: arrays that overlap")
    return array


def _overlap(one, other):
    (low, high), (lowest, highest) = _reach(one), _reach(other)
    return low < highest and lowest < high


def _reach(array):
    far = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    if 0 in array.shape:
        return 0, 0
    item = array.dtype.itemsize
    return (
        array.address + sum(min(each, 0) for each in far) * item,
        array.address + (sum(max(each, 0) for each in far) + 1) * item,
    )


def refuse_numpy_function(function):
    """Refuse an activation that this library computes on the host alone."""
    ours = function is not None and (
        isinstance(function, ActivationLayer) or activations.fused_name(function) is not None
    )
    if ours:
        known = ", ".join(sorted(engines.gpu_engine().FUSED_ACTIVATIONS))
        raise TypeError(
            f"`activation` must be one of {known}, or a function of the caller's arrays, on a GPU. "
            f"Received: {function!r}"
        )


def _from_host(arrays, chosen, after, out, stream):
    channels_last = arguments.data_format(chosen.data_format) == "channels_last"
    checked, _ = convolution.checked_arrays(arrays, channels_last)
    engine, handle = engines.gpu_engine(), 0 if stream is None else device_arrays.stream_handle(stream)
    uploaded = [None if array is None else engine.upload(array, handle) for array in checked]
    described = [None if array is None else device_arrays.describe("inputs", array) for array in uploaded]
    if out is not None:
        _, shape = _sizes(described[0].shape, described[0].dtype, described[1].shape, _filters(described), chosen)
        array_arguments.output(out, shape, checked[0].dtype)
    place = Place(uploaded[0], handle, chosen.engine)
    outputs = engine.download(run(place, described[0], described[1:], chosen), handle)
    outputs = outputs if after is None else after(outputs)
    if out is None:
        return outputs
    out[...] = outputs
    return out


def _filters(described):
    return described[2].shape[-1] if len(described) > 2 else None


class DeviceConvolution:
    """A convolution by the same variables again and again: their values stay on the GPU until one may have changed.

    ``activation`` is None, a name or a function; the other settings are those of the operation.
    """

    def __init__(self, strides, padding, data_format, dilation_rate, activation):
        self.given = (strides, padding, data_format, dilation_rate, activation)
        known = engines.gpu_engine().FUSED_ACTIVATIONS
        fused, self._after = convolution.fused_activation(activation, known)
        refuse_numpy_function(self._after)
        self._settings = convolution.settings(strides, padding, data_format, dilation_rate, fused)
        self._kept = {}

    def __reduce__(self):
        return type(self), self.given

    def __call__(self, inputs, variables, arrays):
        """The outputs for ``inputs``; ``arrays`` hold what ``variables`` do (depthwise, pointwise, bias or None)."""
        place = Place(inputs, None)
        weights = self._on_gpu(place, variables, arrays)
        described = place.describe("inputs", inputs)
        outputs = run(place, described, weights, self._settings)
        return outputs if self._after is None else self._after(outputs)

    def _on_gpu(self, place, variables, arrays):
        versions = [_version(variable, array) for variable, array in zip(variables, arrays, strict=True)]
        known, weights = self._kept.get(place.device, (None, None))
        if known != versions:
            weights = [None if array is None else upload(place, array) for array in arrays]
            self._kept[place.device] = versions, weights
        return weights


def _version(variable, array):
    """What is equal as long as a variable's value is surely the same."""
    if variable is None:
        return None
    return (id(variable), variable.version) if array is getattr(variable, "array", None) else object()


def upload(place, array):
    """The DeviceArray of a copy of a host's array, which every stream may read."""
    with place.engine.on_device(place.device):
        copy = place.engine.upload(array, place.stream)
        place.engine.synchronize(place.stream)
    return device_arrays.describe("weights", copy)
