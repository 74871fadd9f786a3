"""The operation inside the caller's own ``@njit`` functions: the same inner loops, the same bits, one thread."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.blocking import ROWS
from nb_sepconv.kernels.cpu.codegen.fields import store_fields
from nb_sepconv.kernels.cpu.codegen.intrinsics import address_of, call5, call6, stack_memory
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.cpu.codegen.vectormath import ACTIVATIONS
from nb_sepconv.kernels.cpu.forward import packing
from nb_sepconv.kernels.cpu.forward.loops import worker_address
from nb_sepconv.kernels.cpu.forward.plan import divide, vectors_of
from nb_sepconv.kernels.cpu.forward.problem import Before, Examples, Outputs, Problem, Procedures, Shape, Strides
from nb_sepconv.kernels.cpu.forward.tiling import WHOLE
from nb_sepconv.kernels.cpu.runtime.work_queue import all_taken, fill_table

FIELDS = len(Problem._fields)
PADDINGS = ("valid", "same", "causal")


def register(separable_conv1d: Any, *rules: Any) -> None:
    """Let jitted functions call ``separable_conv1d``; nothing is compiled before one does.

    ``rules`` are the geometry's functions of integers: ``kernel_span``, ``output_length`` and ``same_zeros``.
    """
    rules = tuple(map(njit, rules))

    @overload(separable_conv1d, prefer_literal=True)
    def jitted(
        inputs,
        depthwise_kernel,
        pointwise_kernel,
        bias=None,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
        activation=None,
        lengths=None,
    ):
        if not _is_none(lengths):
            raise TypingError(
                "`lengths` is for calls outside of jitted functions: inside, convolve each example alone, cut to its "
                f"length. Received: {lengths}"
            )
        arrays = {"inputs": inputs, "depthwise_kernel": depthwise_kernel, "pointwise_kernel": pointwise_kernel}
        biased = not _is_none(bias)
        dtype = _dtype({**arrays, "bias": bias} if biased else arrays)
        convolve = _convolution(
            dtype,
            _one_of("padding", padding, PADDINGS),
            _one_of("data_format", data_format, ("channels_last", "channels_first")) == "channels_last",
            None if _is_none(activation) else _one_of("activation", activation, tuple(ACTIVATIONS)),
            rules,
        )
        no_bias = np.zeros(0, dtype)

        def implementation(
            inputs,
            depthwise_kernel,
            pointwise_kernel,
            bias=None,
            strides=1,
            padding="valid",
            data_format="channels_last",
            dilation_rate=1,
            activation=None,
            lengths=None,
        ):
            pointwise = np.ascontiguousarray(pointwise_kernel).reshape(pointwise_kernel.shape[-2:])
            return convolve(inputs, np.ascontiguousarray(depthwise_kernel), pointwise, bias, strides, dilation_rate)

        def implementation_without_bias(
            inputs,
            depthwise_kernel,
            pointwise_kernel,
            bias=None,
            strides=1,
            padding="valid",
            data_format="channels_last",
            dilation_rate=1,
            activation=None,
            lengths=None,
        ):
            pointwise = np.ascontiguousarray(pointwise_kernel).reshape(pointwise_kernel.shape[-2:])
            return convolve(inputs, np.ascontiguousarray(depthwise_kernel), pointwise, no_bias, strides, dilation_rate)

        return implementation if biased else implementation_without_bias


def _is_none(value):
    return value is None or isinstance(value, types.NoneType) or getattr(value, "value", 0) is None


def _one_of(name, value, accepted):
    """A constant argument's value, in any case."""
    value = getattr(value, "literal_value", getattr(value, "value", value))
    if not isinstance(value, str) or value.lower() not in accepted:
        raise TypingError(f"`{name}` must be a constant among {accepted} within a jitted function. Received: {value}")
    return value.lower()


def _dtype(arrays):
    """The common type of the arrays by NumPy's name."""
    dtype = getattr(arrays["inputs"], "dtype", None)
    for name, array in arrays.items():
        ranks = {"inputs": (3,), "depthwise_kernel": (3,), "pointwise_kernel": (2, 3), "bias": (1,)}[name]
        if not isinstance(array, types.Array) or array.ndim not in ranks:
            raise TypingError(f"`{name}` must be an array of {ranks[0]} axes. Received: {array}")
        if array.dtype not in (types.float32, types.float64) or array.dtype != dtype:
            raise TypingError(f"`{name}` must be of float32 or float64, the type of `inputs`. Received: {array.dtype}")
    return str(dtype)


@cache
def _constant_address(address, name):
    """An intrinsic that gives the address; Numba will not write code that holds it into a cache on disk."""

    @intrinsic
    def constant(typingctx):
        def codegen(context, builder, signature, arguments):
            return builder.ptrtoint(context.add_dynamic_addr(builder, address, info=name), INTP)

        return types.intp(), codegen

    return constant


@cache
def _convolution(dtype, padding, channels_last, activation, rules):
    """Compiled ``convolve(inputs, depthwise (K, C, M), pointwise (C*M, F), bias (F,) or (0,), stride, dilation)``."""
    vectors = vectors_of(dtype)
    shape_of_call, empty = _shape(padding, channels_last, rules), _empty(dtype, channels_last)
    procedures_for = _procedures(dtype, activation)
    worker = _constant_address(worker_address(), "worker")
    packer = _constant_address(packing.packer_address(), "packer")
    step_axis, channel_axis = (1, 2) if channels_last else (2, 1)
    in_place = int(channels_last)

    @njit
    def run(inputs, depthwise, pointwise, bias, stride, dilation):
        shape = shape_of_call(inputs, depthwise, pointwise, bias, stride, dilation)
        outputs = empty(shape.examples, shape.steps, shape.filters)
        strides = Strides(
            inputs.strides[0], inputs.strides[step_axis], inputs.strides[channel_axis],
            outputs.strides[0], outputs.strides[step_axis], outputs.strides[channel_axis],
        )  # fmt: skip
        cut, places = divide(shape, vectors, True, shape.examples * shape.steps, 1, ROWS, WHOLE)
        problem = np.empty(FIELDS, np.intp)
        fields = address_of(problem)
        end = store_fields(shape, fields)
        end = store_fields(strides, end)
        end = store_fields(vectors, end)
        end = store_fields(cut, end)
        end = store_fields(places, end)
        end = store_fields(Outputs(in_place, 1), end)
        end = store_fields(Examples(0, 0), end)
        end = store_fields(Before(0, 0, 0, 0, 0, 0, 0, 0), end)
        store_fields(procedures_for(strides, cut.runs), end)
        packed = np.empty(places.packed_bytes + ALIGNMENT, np.uint8)
        bias_address = address_of(bias) if bias.size else 0
        ready = address_of(packed)
        call5(packer(), fields, address_of(depthwise), address_of(pointwise), bias_address, ready)
        tickets = stack_memory()
        fill_table(tickets, cut.tiles * cut.filter_parts, 1)
        call6(worker(), fields, address_of(inputs), address_of(outputs), ready, tickets, 0)
        _keep(problem, packed, depthwise, pointwise)
        if not all_taken(tickets):
            raise MemoryError("The convolution's scratch memory could not be allocated")
        return outputs

    return run


def _shape(padding, channels_last, rules):
    """Compiled: a call's arguments, checked, as a :class:`Shape`."""
    kernel_span, output_length, same_zeros = rules
    step_axis, channel_axis = (1, 2) if channels_last else (2, 1)

    @njit
    def zeros_before(length, span, stride):
        if padding == "causal":
            return span - 1, 0
        if padding == "same":
            return same_zeros(length, span, stride)
        return 0, 0

    @njit
    def shape(inputs, depthwise, pointwise, bias, stride, dilation):
        length, channels = inputs.shape[step_axis], inputs.shape[channel_axis]
        taps, multiplier, filters = depthwise.shape[0], depthwise.shape[2], pointwise.shape[1]
        if stride < 1 or dilation < 1:
            raise ValueError("`strides` and `dilation_rate` must be > 0")
        if depthwise.shape[1] != channels or taps < 1 or multiplier < 1:
            raise ValueError("`depthwise_kernel` must have the shape (K, C, M), C the channels of `inputs`")
        if pointwise.shape[0] != channels * multiplier or filters < 1:
            raise ValueError("`pointwise_kernel` must have the shape (C*M, F), C*M as in `depthwise_kernel`")
        if bias.size and bias.size != filters:
            raise ValueError("`bias` must have the shape (F,), F as in `pointwise_kernel`")
        span = kernel_span(taps, dilation)
        left, right = zeros_before(length, span, stride)
        steps = output_length(length + left + right, span, stride)
        if steps < 1 and padding == "valid":
            raise ValueError("`inputs` is too short: the kernel spans more steps than it has")
        return Shape(inputs.shape[0], length, channels, steps, filters, taps, multiplier, stride, dilation, left)

    return shape


def _empty(dtype, channels_last):
    """Compiled: new outputs."""

    @njit
    def empty(examples, steps, filters):
        if channels_last:
            return np.empty((examples, steps, filters), dtype)
        return np.empty((examples, filters, steps), dtype)

    return empty


def _procedures(dtype, activation):
    """Compiled: the inner loops for the strides of a call, by their addresses."""
    item = storage(dtype).item_bytes

    def address(name):
        return _constant_address(procedure(dtype, name), name)

    load_rows, load_columns, load_items = (address(f"load_{how}") for how in ("rows", "columns", "items"))
    store_rows, store_columns, store_items = (address(f"store_{how}") for how in ("rows", "columns", "items"))
    convolve, convolve_adjacent = address("convolve"), address("convolve_adjacent")
    panel, vector, pack_panel = address("multiply_panel"), address("multiply_vector"), address("pack_panel")
    activate = _constant_address(procedure(dtype, activation) if activation else 0, activation or "linear")

    @njit
    def procedures(strides, runs):
        by_rows, by_columns = strides.input_channel_stride == item, strides.input_step_stride == item
        to_rows, to_columns = strides.output_filter_stride == item, strides.output_step_stride == item
        return Procedures(
            load_rows=load_rows(),
            load_items=load_items(),
            pack_panel=pack_panel(),
            load=load_rows() if by_rows else load_columns() if by_columns else load_items(),
            convolve=convolve_adjacent() if runs else convolve(),
            multiply_panel=panel(),
            multiply_vector=vector(),
            activate=activate(),
            store=store_rows() if to_rows else store_columns() if to_columns else store_items(),
        )

    return procedures


@njit
def _keep(problem, packed, depthwise, pointwise):
    """The last reader of arrays that were used by address."""
    problem[0] += packed.size + depthwise.size + pointwise.size
