"""The instructions that Numba does not offer, each beside its Python twin for the simulator.

``address`` is a pointer to a series of stored numbers and ``offset`` counts them from it. A *lane* is one number of a
vector of 16 bytes; lanes come as tuples. Sums are float64 for float64 and float32 for all other storage.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from nb_sepconv.kernels.cuda.codegen.emission import (
    fused_multiply_add,
    is_within,
    item_type,
    lanes_type,
    load_item,
    load_where_inside,
    narrowed,
    packed,
    pointer_to,
    store_vector,
    unpacked,
)
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, compile_once, instruction, real_type

if not SIMULATED:
    from numba.cuda import types


def rounded_once(a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` as the instruction rounds it."""
    with np.errstate(all="ignore"):
        return type(c)(np.float64(a) * np.float64(b) + np.float64(c))


@instruction(rounded_once)
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once."""

    def emit(context, builder, signature, arguments):
        return fused_multiply_add(builder, *arguments)

    return c(c, c, c), emit


def _twin_divide(number, by):
    return divmod(number, by)


@instruction(_twin_divide)
def divide(typing: Any, number: Any, by: Any) -> Any:
    """The quotient and the rest of two integers that are not negative."""

    def emit(context, builder, signature, arguments):
        number, by = arguments
        quotient = builder.udiv(number, by)
        return packed(builder, [quotient, builder.sub(number, builder.mul(quotient, by))])

    return types.UniTuple(number, 2)(number, number), emit


def _twin_within(position, length):
    return 0 <= position < length


@instruction(_twin_within)
def within(typing: Any, position: Any, length: Any) -> Any:
    """``0 <= position < length``."""

    def emit(context, builder, signature, arguments):
        return is_within(builder, *arguments)

    return types.boolean(position, position), emit


@compile_once
def loader(storage: Any) -> Any:
    """``load(address, offset)``: one number, to be added up."""
    real = real_type(storage.sums)

    def twin(address, offset):
        return real(address[offset])

    @instruction(twin)
    def load(typing, address, offset):
        def emit(context, builder, signature, arguments):
            return load_item(builder, storage, *arguments)

        return real(types.int64, offset), emit

    return load


@compile_once
def storer(storage: Any) -> Any:
    """``store(address, offset, value)``: one sum, rounded to how it is stored."""

    def twin(address, offset, value):
        address[offset] = value

    @instruction(twin)
    def store(typing, address, offset, value):
        def emit(context, builder, signature, arguments):
            *where, value = arguments
            pointer = pointer_to(builder, *where, item_type(storage))
            builder.store(narrowed(builder, storage, value), pointer, align=storage.item_bytes)
            return context.get_dummy_value()

        return types.void(types.int64, offset, real_type(storage.sums)), emit

    return store


@compile_once
def inside_loader(storage: Any, lanes: Any) -> Any:
    """``load(address, offset, inside)``: the lanes of a vector, or a single number; zeros where it is not inside."""
    real = real_type(storage.sums)

    def twin(address, offset, inside):
        return tuple(real(address[offset + lane]) if inside else real(0) for lane in range(lanes))

    @instruction(twin)
    def load(typing, address, offset, inside):
        def emit(context, builder, signature, arguments):
            return packed(builder, load_where_inside(builder, storage, lanes, *arguments))

        return lanes_type(storage, lanes)(types.int64, offset, types.boolean), emit

    return load


@compile_once
def vector_storer(storage: Any, count: Any = None) -> Any:
    """``store(address, offset, lanes)``: a vector of 16 bytes, or of ``count`` lanes."""
    count = count or storage.lanes

    def twin(address, offset, lanes):
        for lane, value in enumerate(lanes):
            address[offset + lane] = value

    @instruction(twin)
    def store(typing, address, offset, lanes):
        def emit(context, builder, signature, arguments):
            address, offset, lanes = arguments
            store_vector(builder, storage, address, offset, unpacked(builder, lanes))
            return context.get_dummy_value()

        return types.void(types.int64, offset, lanes_type(storage, count)), emit

    return store


@compile_once
def zeros(storage: Any, *counts: Any) -> Any:
    """``zeros()``: a tuple of zeros, or of tuples of them."""
    real = real_type(storage.sums)

    def twin():
        values = real(0)
        for count in reversed(counts):
            values = (values,) * count
        return values

    @instruction(twin)
    def make(typing):
        kind = real
        for count in reversed(counts):
            kind = types.UniTuple(kind, count)

        def emit(context, builder, signature, arguments):
            return ir.Constant(context.get_value_type(signature.return_type), None)

        return kind(), emit

    return make


def _twin_push(vectors, new):
    return (*vectors[1:], new)


@instruction(_twin_push)
def push(typing: Any, vectors: Any, new: Any) -> Any:
    """The vectors without their first one and with a new one behind."""

    def emit(context, builder, signature, arguments):
        vectors, new = (unpacked(builder, argument) for argument in arguments)
        return packed(builder, [*vectors[1:], new])

    return vectors(vectors, new), emit


@compile_once
def parted(storage: Any, count: Any, lanes: Any) -> Any:
    """``part(values)``: ``count`` values as vectors of lanes."""

    def twin(values):
        return tuple(values[i : i + lanes] for i in range(0, count, lanes))

    @instruction(twin)
    def part(typing, values):
        def emit(context, builder, signature, arguments):
            values = unpacked(builder, *arguments)
            return packed(builder, [values[i : i + lanes] for i in range(0, count, lanes)])

        return types.UniTuple(lanes_type(storage, lanes), count // lanes)(values), emit

    return part


def _twin_transpose(rows):
    return tuple(zip(*rows, strict=True))


@instruction(_twin_transpose)
def transpose(typing: Any, rows: Any) -> Any:
    """A tuple of columns from a tuple of rows."""

    def emit(context, builder, signature, arguments):
        rows = unpacked(builder, *arguments)
        return packed(builder, [list(column) for column in zip(*rows, strict=True)])

    return types.UniTuple(types.UniTuple(rows.dtype.dtype, rows.count), rows.dtype.count)(rows), emit
