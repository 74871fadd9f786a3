"""The gradients of a convolution of arrays on a GPU."""

from __future__ import annotations

from typing import Any

from nb_sepconv import activations
from nb_sepconv.activations import pullbacks
from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import device as forward
from nb_sepconv.convolution import host
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.convolution.settings import OPERANDS, wanted_names
from nb_sepconv.convolution.sizes import by_step, sizes_of
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.devices import dlpack
from nb_sepconv.devices.context import Place, Request, upload
from nb_sepconv.kernels import engines
from nb_sepconv.kernels.protocol import GradientSizes


def gradients(
    d_outputs: Any, arrays: Any, chosen: Any, activation: Any, outputs: Any, wanted: Any, request: Any
) -> Any:
    """What :func:`~nb_sepconv.convolution.host_gradients.gradients` returns, of the caller's kind; arguments as there.

    ``request`` is the :class:`~nb_sepconv.devices.context.Request`.
    """
    if request.library is None:
        return _from_host(d_outputs, arrays, chosen, activation, outputs, wanted, request)
    name, names = _activation(activation), wanted_names(wanted, OPERANDS[: len(arrays)])
    place = Place(request, arrays[0], chosen.engine)
    operands = forward.fitting(place, forward.described(place, arrays), chosen)
    return run(place, d_outputs, operands, chosen, name, outputs, names)


def of_layer(
    library: Any, d_outputs: Any, inputs: Any, weights: Any, chosen: Any, activation: Any, outputs: Any, wanted: Any
) -> Any:
    """The same for weights on the host: their gradients return there, that of the inputs, of a library's kind, stays on
    the GPU.
    """
    place = Place(Request(library), inputs)
    depthwise, pointwise, bias = weights
    arrays = depthwise, pointwise.reshape(pointwise.shape[-2:]), bias
    operands = place.describe("inputs", inputs), *(None if array is None else upload(place, array) for array in arrays)
    names, name = wanted_names(wanted, OPERANDS), _activation(activation)
    d_inputs, *others = run(place, d_outputs, operands, chosen, name, outputs, names, device_arrays.NUMBA)
    return d_inputs, *(_downloaded(place, each, weight) for each, weight in zip(others, weights, strict=True))


def _downloaded(place, gradient, weight):
    return None if gradient is None else place.engine.download(gradient, place.stream).reshape(weight.shape)


def run(
    place: Any,
    d_outputs: Any,
    operands: Any,
    chosen: Any,
    name: str | None,
    outputs: Any,
    names: Any,
    weights_library: Any = None,
) -> Any:
    """The gradients for operands that are described and checked; None for those that are not among ``names``.

    Those of the weights are arrays of the caller's kind, or of ``weights_library``.
    """
    inputs = operands[0]
    sizes, shape = sizes_of(operands, chosen)
    d_outputs = _like_outputs(place, "d_outputs", d_outputs, shape, inputs)
    values = _values(place, name, d_outputs, outputs, operands, chosen, shape)
    flags = [known in names and array is not None for known, array in zip(OPERANDS, operands, strict=False)]
    libraries = None, *[weights_library] * len(operands[1:])
    found = [
        place.new(array.shape, array.dtype, library) if flag else None
        for array, flag, library in zip(operands, flags, libraries, strict=True)
    ]
    sizes = GradientSizes(
        forward.convolution_sizes({**sizes, "activation": name}, inputs, operands[1:], d_outputs, chosen),
        frozenset(known for known, flag in zip(OPERANDS, flags, strict=False) if flag),
        *(by_step(array.strides, chosen.channels_last) for array in (d_outputs, values)),
        by_step(dlpack.contiguous(inputs.shape), chosen.channels_last),
    )
    plan = planned_calls.made(sizes, place.engine.plan_gradients, sizes)
    named = dict(zip(OPERANDS, operands, strict=False)) | {"d_outputs": d_outputs, "values": values}
    named |= {f"d_{known}": pair[1] for known, pair in zip(OPERANDS, found, strict=False) if pair is not None}
    sums = device_arrays.ELEMENT_TYPES[plan.sums.name]
    named |= {each: place.new(shape, sums)[1] for each, shape in plan.scratch.items()}
    place.launch("The gradients' computation", plan.run, named)
    return tuple(None if pair is None else pair[0] for pair in found)


def _activation(activation):
    """The activation's name, None for linear, where the kernels know its slope."""
    function = pullbacks.differentiable(activation)
    name = activations.fused_name(function)
    if name not in engines.gpu_engine().FUSED_ACTIVATIONS:
        forward.refuse_numpy_function(function)
    return None if name == "linear" else name


def _values(place, name, d_outputs, outputs, operands, chosen, shape):
    """What the activation's slopes follow from: its outputs, or what went into it."""
    if name is None:
        return d_outputs
    by_outputs = name in place.engine.OUTPUT_ACTIVATIONS
    if by_outputs and outputs is not None:
        return _like_outputs(place, "outputs", outputs, shape, operands[0])
    chosen = chosen._replace(activation=name if by_outputs else None)
    return place.describe("outputs", forward.run(place, operands, chosen))


def _like_outputs(place, name, value, shape, inputs):
    array = place.describe(name, value)
    array_arguments.same_type(name, array, inputs.dtype)
    array_arguments.shaped_like_outputs(name, array, shape)
    return array


def _from_host(d_outputs, arrays, chosen, activation, outputs, wanted, request):
    checked = host.checked_arrays(arrays, chosen)
    shape = sizes_of(checked, chosen)[1]
    given = [("d_outputs", d_outputs), ("outputs", outputs)]
    likes = [
        None if value is None else array_arguments.like_outputs(name, value, shape, checked[0].dtype)
        for name, value in given
    ]
    engine, request = engines.gpu_engine(), request.of_uploaded()
    d_outputs, outputs, *uploaded = (
        None if array is None else engine.upload(array, request.stream) for array in (*likes, *checked)
    )
    found = gradients(d_outputs, tuple(uploaded), chosen, activation, outputs, wanted, request)
    return tuple(None if each is None else engine.download(each, request.stream) for each in found)
