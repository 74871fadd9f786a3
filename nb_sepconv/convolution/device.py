"""A convolution of arrays on a GPU: the checks, the plan for their shapes, and the launch."""

from __future__ import annotations

from typing import Any, NamedTuple

from nb_sepconv.activations import pullbacks
from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import host, precisions, settings
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.convolution.sizes import by_step, sizes_of
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.devices import dlpack
from nb_sepconv.devices.context import Place, Request, upload
from nb_sepconv.kernels import engines
from nb_sepconv.kernels.protocol import Sizes


def convolve(arrays: Any, chosen: Any, after: Any, out: Any, request: Any) -> Any:
    """The outputs for the arrays (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise).

    Args:
        arrays: on a GPU, or on the host for results on the host.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
        after: a function to apply to the outputs, or None.
        out: array for the outputs, or None.
        request: the :class:`~nb_sepconv.devices.context.Request`.
    """
    if request.library is None:
        return _from_host(arrays, chosen, after, out, request)
    if after is None:
        place = Place(request, arrays[0], chosen.engine)
        return run(place, described(place, arrays), chosen, out)
    refuse_numpy_function(after)
    return written(after(convolve(arrays, chosen, None, None, request)), out)


class Call(NamedTuple):
    """What is remembered of a call: its plan, its outputs' shape, and the bytes that inputs and outputs reach."""

    plan: object
    shape: tuple[Any, ...]
    read: tuple[Any, ...]
    written: tuple[Any, ...]


def run(place: Any, operands: Any, chosen: Any, out: Any = None) -> Any:
    """The outputs, of the caller's kind, for arrays that are described."""
    target = None if out is None else place.describe("out", out)
    key = _key(operands, chosen, target)
    call = planned_calls.get(key)
    if call is None:
        operands, call = _prepared(place, operands, chosen, target, key)
    if target is None:
        out, target = place.new(call.shape, operands[0].dtype)
    elif _overlap(call, operands[0].address, target.address):
        raise ValueError("`out` must not share memory with `inputs` on a GPU. Received: arrays that overlap")
    inputs, *weights = operands
    scratch = [place.new(shape, inputs.dtype)[1] for shape in call.plan.scratch]
    place.launch("The convolution", call.plan.run, inputs, weights, target, *scratch)
    return out


def _key(operands, chosen, target):
    return (Call, chosen, target and target.form, *[array and array.form for array in operands])


def _prepared(place, operands, chosen, target, key):
    """The arrays as the kernels take them, and the call, remembered where they could be taken as they were."""
    inputs, *weights = checked = fitting(place, operands, chosen)
    sizes, shape = sizes_of(checked, chosen)
    if target is None:
        outputs = inputs._replace(address=0, shape=shape, strides=dlpack.contiguous(shape))  # new memory is aligned
    elif target.shape != shape or target.dtype != inputs.dtype:
        raise array_arguments.wrong_output(target, shape, inputs.dtype)
    else:
        outputs = target
    sizes = convolution_sizes(sizes, inputs, weights, outputs, chosen)
    plan = planned_calls.made(sizes, place.engine.plan, sizes)
    call = Call(plan, shape, _reach(inputs), _reach(outputs))
    planned_calls.remember(key, call, operands, checked)
    return checked, call


def convolution_sizes(sizes: Any, inputs: Any, weights: Any, outputs: Any, chosen: Any) -> Sizes:
    """A convolution's :class:`~nb_sepconv.kernels.protocol.Sizes`, those without strides being known."""
    return Sizes(
        **sizes,
        input_strides=by_step(inputs.strides, chosen.channels_last),
        output_strides=by_step(outputs.strides, chosen.channels_last),
        aligned=inputs.aligned and weights[0].aligned and outputs.aligned,
        biased=len(weights) > 2 and weights[2] is not None,
    )


def described(place: Any, arrays: Any) -> Any:
    """The DeviceArrays of a call's operands."""
    given = zip(OPERANDS, arrays, strict=False)
    return [None if array is None and name == "bias" else place.describe(name, array) for name, array in given]


def fitting(place: Any, operands: Any, chosen: Any) -> Any:
    """The arrays as the kernels take them: checked, and the weights in one piece."""
    inputs, depthwise, *others = operands
    array_arguments.three_axes(inputs)
    channels = inputs.shape[2 if chosen.channels_last else 1]
    _check("depthwise_kernel", depthwise, ("K", channels, "M"), inputs.dtype)
    if others:
        pointwise, bias = others
        hidden = channels * depthwise.shape[2]
        axes = (hidden, "F") if pointwise.ndim == 2 else (1, hidden, "F")
        _check("pointwise_kernel", pointwise, axes, inputs.dtype)
        if bias is not None:
            _check("bias", bias, (pointwise.shape[-1],), inputs.dtype)
    return inputs, *map(place.contiguous, (depthwise, *others))


def _check(name, array, shape, dtype):
    array_arguments.same_type(name, array, dtype)
    array_arguments.fitting(name, array, shape)


def _overlap(call, inputs, outputs):
    """Whether a call with arrays at these addresses would write what it reads."""
    return inputs + call.read[0] < outputs + call.written[1] and outputs + call.written[0] < inputs + call.read[1]


def _reach(array):
    """The bytes before and behind an array's address, none for one without elements."""
    if 0 in array.shape:
        return 0, 0
    far = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    item = array.dtype.itemsize
    return sum(min(each, 0) for each in far) * item, (sum(max(each, 0) for each in far) + 1) * item


def refuse_numpy_function(function: Any) -> None:
    """Refuse an activation that this library computes on the host alone."""
    if function is not None and pullbacks.is_known(function):
        known = ", ".join(sorted(engines.gpu_engine().FUSED_ACTIVATIONS))
        raise TypeError(
            f"`activation` must be one of {known}, or a function of the caller's arrays, on a GPU. "
            f"Received: {function!r}"
        )


def _from_host(arrays, chosen, after, out, request):
    checked = host.checked_arrays(arrays, chosen)
    engine, request = engines.gpu_engine(), request.of_uploaded()
    if out is not None:
        array_arguments.output(out, sizes_of(checked, chosen)[1], checked[0].dtype)
    uploaded = [None if array is None else engine.upload(array, request.stream) for array in checked]
    outputs = engine.download(convolve(uploaded, chosen, None, None, request), request.stream)
    return written(outputs if after is None else after(outputs), out)


class DeviceConvolution:
    """A convolution by the same variables again and again: their values stay on the GPU until one may have changed.

    ``activation`` is None, a name or a function; the other settings are those of the operation.
    """

    def __init__(
        self, strides: Any, padding: Any, data_format: Any, dilation_rate: Any, activation: Any, precision: Any = None
    ) -> None:
        self.given: tuple[Any, Any, Any, Any, Any, Any] = (
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            precision,
        )
        self._precision = precisions.checked(precision)
        known = engines.gpu_engine().FUSED_ACTIVATIONS
        fused, self._after = settings.fused_activation(activation, known)
        refuse_numpy_function(self._after)
        self._settings = settings.from_arguments(strides, padding, data_format, dilation_rate, fused)
        self._kept = {}

    def __reduce__(self) -> Any:
        return type(self), self.given

    def __call__(self, library: Any, inputs: Any, variables: Any, arrays: Any) -> Any:
        """The outputs for ``inputs`` of a library; ``arrays`` hold what ``variables`` do (depthwise, pointwise, bias or
        None).
        """
        place = Place(Request(library), inputs)
        outputs = run(place, *self._operands(place, inputs, variables, arrays))
        return outputs if self._after is None else self._after(outputs)

    def again(self, inputs: Any, *variables: Any) -> Any:
        """The same for an array that is like one of an earlier call, and None for any other."""
        library = device_arrays.library_of(inputs)
        if library is None or self._after is not None:
            return None
        place, arrays = Place(Request(library), inputs), [getattr(variable, "array", None) for variable in variables]
        operands, chosen = self._operands(place, inputs, variables, arrays)
        return run(place, operands, chosen) if planned_calls.get(_key(operands, chosen, None)) else None

    def _operands(self, place, inputs, variables, arrays):
        """What to convolve, described, and how."""
        operands = (place.describe("inputs", inputs), *self._on_gpu(place, variables, arrays))
        return operands, self._settings._replace(precision=precisions.chosen(self._precision))

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
