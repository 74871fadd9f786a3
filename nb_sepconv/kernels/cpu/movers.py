"""Memory to scratch and back, a vector at a time: conversion, zero padding and transposition on the way."""

from llvmlite import ir
from numba import types
from numba.core.cgutils import for_range
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.vector import INTP


def procedure(arity):
    """Decorator: ``emit(builder, *addresses_and_counts)`` becomes an intrinsic of ``arity`` intp arguments."""

    def decorate(emit):
        def codegen(context, builder, signature, arguments):
            emit(builder, *arguments)
            return context.get_dummy_value()

        def typed(*given):
            return types.void(*[types.intp] * len(given)), codegen

        # Numba reads the arity from the function's own parameters.
        names = ", ".join(f"a{i}" for i in range(arity))
        scope = {"typed": typed}
        exec(f"def {emit.__name__}(typingctx, {names}):\n    return typed({names})", scope)
        return intrinsic(scope[emit.__name__])

    return decorate


@intrinsic
def address_of(typingctx, array):
    """The address of an array's first element."""

    def codegen(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(view.data, INTP)

    return types.intp(array), codegen


@intrinsic
def load_intp(typingctx, address):
    def codegen(context, builder, signature, arguments):
        return builder.load(builder.inttoptr(arguments[0], INTP.as_pointer()))

    return types.intp(types.intp), codegen


@intrinsic
def store_intp(typingctx, value, address):
    def codegen(context, builder, signature, arguments):
        builder.store(arguments[0], builder.inttoptr(arguments[1], INTP.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen


@intrinsic
def take_ticket(typingctx, counter):
    """The counter's value at this address, which one thread alone gets, and the next one for whoever asks next."""

    def codegen(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[0], INTP.as_pointer())
        return builder.atomic_rmw("add", pointer, INTP(1), "monotonic")

    return types.intp(types.intp), codegen


@intrinsic
def call_activation(typingctx, function, values, rows, row_bytes, row_vectors):
    """Apply the compiled activation at address ``function`` to rows of vectors in place."""

    def codegen(context, builder, signature, arguments):
        shape = ir.FunctionType(ir.VoidType(), [INTP] * 4)
        builder.call(builder.inttoptr(arguments[0], shape.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), codegen


def row_loader(storage):
    """``scratch[0:width] = source[0:count]``, zeros behind."""
    lanes = storage.lanes

    @procedure(3)
    def load_row(builder, source, count, scratch):
        lanes.store(builder, storage.load(builder, source, lanes.below(builder, count)), scratch)

    return load_row


def item_loader(storage):
    """``scratch = source``, one item."""
    lanes = storage.lanes

    @procedure(2)
    def load_item(builder, source, scratch):
        value = storage.load(builder, source, lanes.below(builder, INTP(1)))
        item = builder.extract_element(value, ir.IntType(32)(0))
        builder.store(item, builder.inttoptr(scratch, lanes.scalar.as_pointer()))

    return load_item


def transposing_loader(storage):
    """``scratch[offsets[i], c] = source[c, i]`` for ``first <= i < last`` and ``c < channels``, zeros elsewhere."""
    lanes = storage.lanes

    @procedure(7)
    def load_transposed(builder, source, channel_stride, channels, first, last, scratch, offsets):
        inside = builder.and_(lanes.below(builder, last), builder.not_(lanes.below(builder, first)))
        nothing = ir.Constant(inside.type, None)
        columns = []
        for channel in range(lanes.width):
            mask = builder.select(builder.icmp_signed("<", INTP(channel), channels), inside, nothing)
            columns.append(storage.load(builder, builder.add(source, builder.mul(channel_stride, INTP(channel))), mask))
        for step, row in enumerate(lanes.transpose(builder, columns)):
            offset_at = builder.inttoptr(builder.add(offsets, INTP(8 * step)), INTP.as_pointer())
            lanes.store(builder, row, builder.add(scratch, builder.load(offset_at)))

    return load_transposed


def row_storer(storage):
    """``target[0:count] = scratch[0:count]``."""
    lanes = storage.lanes

    @procedure(3)
    def store_row(builder, scratch, count, target):
        storage.store(builder, lanes.load(builder, scratch), target, lanes.below(builder, count))

    return store_row


def item_storer(storage):
    """``target = scratch``, one item."""
    lanes = storage.lanes

    @procedure(2)
    def store_item(builder, scratch, target):
        item = builder.load(builder.inttoptr(scratch, lanes.scalar.as_pointer()))
        storage.store(builder, lanes.splat(builder, item), target, lanes.below(builder, INTP(1)))

    return store_item


def transposing_storer(storage):
    """``target[f, i] = scratch[i, f]`` for ``i < steps`` and ``f < filters``."""
    lanes = storage.lanes

    @procedure(6)
    def store_transposed(builder, scratch, row_bytes, steps, filters, target, filter_stride):
        inside = lanes.below(builder, steps)
        nothing = ir.Constant(inside.type, None)
        rows = [
            lanes.load(builder, builder.add(scratch, builder.mul(row_bytes, INTP(step)))) for step in range(lanes.width)
        ]
        for f, column in enumerate(lanes.transpose(builder, rows)):
            mask = builder.select(builder.icmp_signed("<", INTP(f), filters), inside, nothing)
            storage.store(builder, column, builder.add(target, builder.mul(filter_stride, INTP(f))), mask)

    return store_transposed


def zero_rows(lanes):
    """Zero ``rows`` vectors of scratch, at the offsets of a table."""

    @procedure(3)
    def clear(builder, scratch, offsets, rows):
        with for_range(builder, rows) as loop:
            offset_at = builder.add(offsets, builder.mul(loop.index, INTP(8)))
            offset = builder.load(builder.inttoptr(offset_at, INTP.as_pointer()))
            lanes.store(builder, lanes.zero(), builder.add(scratch, offset))

    return clear
