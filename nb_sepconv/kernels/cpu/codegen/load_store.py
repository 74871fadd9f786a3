"""Memory to scratch and back, a vector at a time: conversion, zero padding and transposition on the way.

Every loader fills rows ``offsets[0..count-1]`` of scratch blocks, ``block_bytes`` apart and a vector wide, with
``channels`` channels of as many steps from ``source``, zeros outside ``first..last-1``. Every storer writes
``filters`` filters of ``steps`` scratch rows to ``target``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import for_range

from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.vector import INTP, count_from, prefetch, vector_unit

AHEAD_BYTES = 8192  # how far before it is loaded a row is fetched
AHEAD_ROWS = 16  # the same for rows of weights


def _scratch_row(builder, scratch, offsets, index):
    at = builder.add(offsets, builder.mul(index, INTP(8)))
    return builder.add(scratch, builder.load(builder.inttoptr(at, INTP.as_pointer())))


def _blocks(builder, lanes, channels):
    return builder.sdiv(builder.add(channels, INTP(lanes.width - 1)), INTP(lanes.width))


def _clear_outside(builder, lanes, channels, first, last, count, scratch, offsets, block_bytes):
    some = builder.or_(builder.icmp_signed(">", first, INTP(0)), builder.icmp_signed("<", last, count))
    with builder.if_then(some), for_range(builder, _blocks(builder, lanes, channels)) as block:
        at = builder.add(scratch, builder.mul(block.index, block_bytes))
        for start, stop in ((INTP(0), first), (last, count)):
            with count_from(builder, start, stop, 1) as step:
                lanes.store(builder, lanes.zero(), _scratch_row(builder, at, offsets, step))


def load_rows(storage: Any) -> Any:
    """For channels that lie side by side: step by step, in the order of memory, which is fetched some way ahead."""
    lanes = storage.lanes
    vector_bytes = INTP(lanes.width * storage.item_bytes)

    def emit(builder, source, step_stride, channel_stride, channels, first, last, count, scratch, offsets, block_bytes):
        _clear_outside(builder, lanes, channels, first, last, count, scratch, offsets, block_bytes)
        whole = builder.sdiv(channels, INTP(lanes.width))
        left = builder.sub(channels, builder.mul(whole, INTP(lanes.width)))
        mask, partial = lanes.below(builder, left), builder.icmp_signed(">", left, INTP(0))
        with count_from(builder, first, last, 1) as step:
            at = builder.add(source, builder.mul(step, step_stride))
            row = _scratch_row(builder, scratch, offsets, step)
            with for_range(builder, whole) as block:
                vector_at = builder.add(at, builder.mul(block.index, vector_bytes))
                prefetch(builder, builder.add(vector_at, INTP(AHEAD_BYTES)))
                value = storage.load_whole(builder, vector_at)
                lanes.store(builder, value, builder.add(row, builder.mul(block.index, block_bytes)))
            with builder.if_then(partial):
                value = storage.load(builder, builder.add(at, builder.mul(whole, vector_bytes)), mask)
                lanes.store(builder, value, builder.add(row, builder.mul(whole, block_bytes)))

    return 10, emit


def load_columns(storage: Any) -> Any:
    """For steps that lie side by side: blocks of ``width`` steps are transposed in registers.

    The same steps of the next channels are fetched meanwhile: processors do not foresee so many short rows far apart.
    """
    lanes = storage.lanes

    def emit(builder, source, step_stride, channel_stride, channels, first, last, count, scratch, offsets, block_bytes):
        with for_range(builder, _blocks(builder, lanes, channels)) as block:
            done = builder.mul(block.index, INTP(lanes.width))
            at = builder.add(source, builder.mul(done, channel_stride))
            into = builder.add(scratch, builder.mul(block.index, block_bytes))
            left = builder.sub(channels, done)
            final = _smaller(builder, builder.sub(left, INTP(1)), INTP(lanes.width - 1))
            strides = [builder.mul(_smaller(builder, INTP(c), final), channel_stride) for c in range(lanes.width)]
            present = lanes.below(builder, left)
            next_channels = builder.mul(channel_stride, INTP(lanes.width))
            with count_from(builder, INTP(0), count, lanes.width) as start:
                steps_at = builder.add(at, builder.mul(start, step_stride))
                addresses = [builder.add(steps_at, stride) for stride in strides]
                for address in addresses:
                    prefetch(builder, builder.add(address, next_channels))
                columns = _columns(builder, storage, addresses, builder.sub(first, start), builder.sub(last, start))
                for i, row in enumerate(lanes.transpose(builder, columns)):
                    value = builder.select(present, row, lanes.zero())
                    lanes.store(builder, value, _scratch_row(builder, into, offsets, builder.add(start, INTP(i))))

    return 10, emit


def _columns(builder, storage, addresses, first, last):
    """A vector from each address, zeros in lanes outside ``first..last-1``."""
    lanes = storage.lanes
    columns = lanes.registers(builder, [lanes.zero()] * lanes.width)
    from_start, to_end = (
        builder.icmp_signed("<=", first, INTP(0)),
        builder.icmp_signed(">=", last, INTP(lanes.width)),
    )
    with builder.if_else(builder.and_(from_start, to_end)) as (whole, partial):
        with whole:
            for column, address in zip(columns, addresses, strict=True):
                builder.store(storage.load_whole(builder, address), column)
        with partial:
            inside = builder.and_(lanes.below(builder, last), builder.not_(lanes.below(builder, first)))
            for column, address in zip(columns, addresses, strict=True):
                builder.store(storage.load(builder, address, inside), column)
    return [builder.load(column) for column in columns]


def _smaller(builder, a, b):
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def load_items(storage: Any) -> Any:
    """For any strides, one item at a time."""
    lanes = storage.lanes
    width = INTP(lanes.width)

    def emit(builder, source, step_stride, channel_stride, channels, first, last, count, scratch, offsets, block_bytes):
        _clear_outside(builder, lanes, channels, INTP(0), INTP(0), count, scratch, offsets, block_bytes)
        with count_from(builder, first, last, 1) as step, for_range(builder, channels) as channel:
            at = builder.add(source, builder.mul(step, step_stride))
            at = builder.add(at, builder.mul(channel.index, channel_stride))
            value = storage.load(builder, at, lanes.below(builder, INTP(1)))
            row = _scratch_row(builder, scratch, offsets, step)
            row = builder.add(row, builder.mul(builder.sdiv(channel.index, width), block_bytes))
            place = builder.add(row, builder.mul(builder.srem(channel.index, width), INTP(lanes.item_bytes)))
            item = builder.extract_element(value, ir.IntType(32)(0))
            builder.store(item, builder.inttoptr(place, lanes.scalar.as_pointer()))

    return 10, emit


def pack_panel(storage: Any) -> Any:
    """Weights of a panel: ``rows`` rows of its filters, ``row_stride`` bytes apart in ``source``, one after the other.

    Rows so short and so far apart are not foreseen by processors; later ones are fetched meanwhile.
    """
    lanes = storage.lanes

    def emit(builder, source, row_stride, rows, target):
        following = builder.mul(row_stride, INTP(AHEAD_ROWS))
        with for_range(builder, rows) as row:
            at = builder.add(source, builder.mul(row.index, row_stride))
            to = builder.add(target, builder.mul(row.index, INTP(PANEL_VECTORS * lanes.bytes)))
            for vector in range(PANEL_VECTORS):
                vector_at = lanes.at(builder, at, vector * lanes.width * storage.item_bytes)
                prefetch(builder, builder.add(vector_at, following))
                lanes.store(
                    builder, storage.load_whole(builder, vector_at), lanes.at(builder, to, vector * lanes.bytes)
                )

    return 4, emit


def store_rows(storage: Any) -> Any:
    """For filters that lie side by side; the next vector of them is fetched meanwhile, for it is stored soon.

    Vectors of which all is stored are stored without a mask: with one they take some processors twelve cycles each.
    """
    lanes = storage.lanes

    def store_each(builder, y, row_bytes, steps, target, step_stride, store):
        with for_range(builder, steps) as step:
            value = lanes.load(builder, builder.add(y, builder.mul(step.index, row_bytes)))
            at = builder.add(target, builder.mul(step.index, step_stride))
            prefetch(builder, builder.add(at, INTP(lanes.width * storage.item_bytes)), for_writing=True)
            store(builder, value, at)

    def emit(builder, y, row_bytes, steps, filters, target, step_stride, filter_stride):
        mask, rows = lanes.below(builder, filters), (y, row_bytes, steps, target, step_stride)

        def store_some(builder, value, at):
            storage.store(builder, value, at, mask)

        if vector_unit().masks:
            store_each(builder, *rows, store_some)
            return
        with builder.if_else(builder.icmp_signed(">=", filters, INTP(lanes.width))) as (whole, partial):
            with whole:
                store_each(builder, *rows, storage.store_whole)
            with partial:
                store_each(builder, *rows, store_some)

    return 7, emit


def store_last_rows(storage: Any) -> Any:
    """As :func:`store_rows`, for vectors of which fewer than all are stored, ``filters``, and zeros behind them, to
    ``room`` in all. ``y`` may be where they are stored.
    """
    lanes = storage.lanes

    def emit(builder, y, row_bytes, steps, filters, target, step_stride, room):
        present, inside = lanes.below(builder, filters), lanes.below(builder, room)

        def store_all(store):
            with for_range(builder, steps) as step:
                value = lanes.load(builder, builder.add(y, builder.mul(step.index, row_bytes)), lanes.item_bytes)
                at = builder.add(target, builder.mul(step.index, step_stride))
                store(builder.select(present, value, lanes.zero()), at)

        with builder.if_else(builder.icmp_signed(">=", room, INTP(lanes.width))) as (whole, partial):
            with whole:
                store_all(lambda value, at: storage.store_whole(builder, value, at))
            with partial:
                store_all(lambda value, at: storage.store(builder, value, at, inside))

    return 7, emit


def store_columns(storage: Any) -> Any:
    """For steps that lie side by side: blocks of ``width`` rows are transposed in registers.

    The same steps of the next filters are fetched meanwhile.
    """
    lanes = storage.lanes

    def emit(builder, y, row_bytes, steps, filters, target, step_stride, filter_stride):
        all_filters = builder.icmp_signed(">=", filters, INTP(lanes.width))
        with count_from(builder, INTP(0), steps, lanes.width) as start:
            at = builder.add(y, builder.mul(start, row_bytes))
            rows = [lanes.load(builder, builder.add(at, builder.mul(row_bytes, INTP(i)))) for i in range(lanes.width)]
            columns = lanes.transpose(builder, rows)
            to = builder.add(target, builder.mul(start, step_stride))
            addresses = [builder.add(to, builder.mul(filter_stride, INTP(f))) for f in range(lanes.width)]
            for address in addresses:
                prefetch(builder, builder.add(address, builder.mul(filter_stride, INTP(lanes.width))), for_writing=True)
            left = builder.sub(steps, start)
            whole = builder.and_(all_filters, builder.icmp_signed(">=", left, INTP(lanes.width)))
            with builder.if_else(whole) as (then, otherwise):
                with then:
                    for column, address in zip(columns, addresses, strict=True):
                        storage.store_whole(builder, column, address)
                with otherwise:
                    inside = lanes.below(builder, left)
                    nothing = ir.Constant(inside.type, None)
                    for f, (column, address) in enumerate(zip(columns, addresses, strict=True)):
                        present = builder.icmp_signed("<", INTP(f), filters)
                        storage.store(builder, column, address, builder.select(present, inside, nothing))

    return 7, emit


def store_items(storage: Any) -> Any:
    """For any strides, one item at a time."""
    lanes = storage.lanes

    def emit(builder, y, row_bytes, steps, filters, target, step_stride, filter_stride):
        few = builder.icmp_signed("<", filters, INTP(lanes.width))
        present = builder.select(few, filters, INTP(lanes.width))
        with for_range(builder, steps) as step, for_range(builder, present) as filter_:
            row = builder.add(y, builder.mul(step.index, row_bytes))
            place = builder.add(row, builder.mul(filter_.index, INTP(lanes.item_bytes)))
            item = builder.load(builder.inttoptr(place, lanes.scalar.as_pointer()))
            at = builder.add(target, builder.mul(step.index, step_stride))
            at = builder.add(at, builder.mul(filter_.index, filter_stride))
            storage.store_first(builder, lanes.splat(builder, item), at)

    return 7, emit
