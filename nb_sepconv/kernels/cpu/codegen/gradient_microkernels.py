"""The inner loops of the gradients: sums over rows kept in registers, and rows moved about in scratch."""

from __future__ import annotations

from functools import partial
from typing import Any

from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.codegen.blocking import FEW, PANEL_VECTORS, ROWS
from nb_sepconv.kernels.cpu.codegen.microkernels import add_products
from nb_sepconv.kernels.cpu.codegen.vector import INTP, prefetch, vector_unit, while_at_least

CHANNELS = 8  # hidden channels of the rank update's micro-kernel where there are 32 registers, half of it otherwise
UPDATE_VECTORS = 3  # vectors of filters of it
TAPS = (9, 5, 3, 2, 1)  # taps of a group of the correlation


def update_channels(lanes: Any) -> Any:
    """The hidden channels that one group of the rank update covers, a part of a vector."""
    return min(lanes.width, CHANNELS if vector_unit().registers >= 32 else CHANNELS // 2)


def rank_update(lanes: Any, vectors: Any) -> Any:
    """``sums[j, v] += sum_r hidden[r, j] * g[v, r]`` for a few hidden channels ``j`` and vectors ``v`` of filters.

    ``hidden`` and each vector of ``g``, ``g_block_bytes`` apart, are rows of one vector; rows of ``sums`` are
    ``sums_row_bytes`` apart. The sums of the channels that follow are fetched meanwhile.
    """

    def emit(builder, hidden, g, g_block_bytes, rows, sums, sums_row_bytes):
        def place(channel, vector):
            row = builder.add(sums, builder.mul(sums_row_bytes, INTP(channel)))
            return lanes.at(builder, row, vector * lanes.bytes)

        places = [place(channel, vector) for channel in range(update_channels(lanes)) for vector in range(vectors)]
        totals = lanes.registers(builder, [lanes.load(builder, at) for at in places])
        following = builder.mul(sums_row_bytes, INTP(update_channels(lanes)))
        for at in places:
            prefetch(builder, builder.add(at, following), for_writing=True)
        blocks = [builder.add(g, builder.mul(g_block_bytes, INTP(vector))) for vector in range(vectors)]
        with for_range(builder, rows) as row:
            offset = builder.mul(row.index, INTP(lanes.bytes))
            factors = [lanes.load(builder, builder.add(block, offset)) for block in blocks]
            hidden_at = builder.add(hidden, offset)
            for channel in range(update_channels(lanes)):
                value = lanes.broadcast(builder, lanes.at(builder, hidden_at, channel * lanes.item_bytes))
                for vector, factor in enumerate(factors):
                    total = totals[channel * vectors + vector]
                    builder.store(lanes.fma(builder, value, factor, builder.load(total)), total)
        for at, total in zip(places, totals, strict=True):
            lanes.store(builder, builder.load(total), at)

    return 6, emit


def correlate(lanes: Any) -> Any:
    """``sums[k] += sum_t x[tap_row[k] + t] * g[t]`` for ``rows`` rows of one vector of channels.

    ``tap_offsets`` holds where each tap's first row lies in ``x`` (bytes, intp), ``sums`` is one vector per tap.
    """

    def group(builder, x, tap_offsets, g, rows, sums, taps):
        places = [lanes.at(builder, sums, tap * lanes.bytes) for tap in range(taps)]
        totals = lanes.registers(builder, [lanes.load(builder, at) for at in places])
        series = [builder.add(x, _offset(builder, tap_offsets, INTP(tap))) for tap in range(taps)]
        with for_range(builder, rows) as row:
            offset = builder.mul(row.index, INTP(lanes.bytes))
            factor = lanes.load(builder, builder.add(g, offset))
            for first, total in zip(series, totals, strict=True):
                value = lanes.load(builder, builder.add(first, offset))
                builder.store(lanes.fma(builder, value, factor, builder.load(total)), total)
        for at, total in zip(places, totals, strict=True):
            lanes.store(builder, builder.load(total), at)

    def emit(builder, x, tap_offsets, taps, g, rows, sums):
        done = alloca_once_value(builder, INTP(0))
        for size in TAPS:
            with while_at_least(builder, taps, done, size):
                at = builder.load(done)
                offsets = builder.add(tap_offsets, builder.mul(at, INTP(8)))
                group(builder, x, offsets, g, rows, builder.add(sums, builder.mul(at, INTP(lanes.bytes))), size)
                builder.store(builder.add(at, INTP(size)), done)

    return 6, emit


def _offset(builder, offsets, index):
    at = builder.add(offsets, builder.mul(index, INTP(8)))
    return builder.load(builder.inttoptr(at, INTP.as_pointer()))


def add_rows(lanes: Any) -> Any:
    """``sums[v] += sum_r g[v, r]`` for vectors of filters, ``g_block_bytes`` apart, and ``rows`` rows."""

    def emit(builder, g, g_block_bytes, vectors, rows, sums):
        with for_range(builder, vectors) as vector:
            first = builder.add(g, builder.mul(vector.index, g_block_bytes))
            at = builder.add(sums, builder.mul(vector.index, INTP(lanes.bytes)))
            total = alloca_once_value(builder, lanes.zero())
            builder.store(lanes.load(builder, at), total)
            with for_range(builder, rows) as row:
                value = lanes.load(builder, builder.add(first, builder.mul(row.index, INTP(lanes.bytes))))
                builder.store(builder.fadd(builder.load(total), value), total)
            lanes.store(builder, builder.load(total), at)

    return 5, emit


def copy_rows(lanes: Any) -> Any:
    """``target[i] = source[i]`` for ``count`` rows of one vector, in this order, so that rows can move forwards."""

    def emit(builder, source, count, target):
        with for_range(builder, count) as row:
            offset = builder.mul(row.index, INTP(lanes.bytes))
            lanes.store(builder, lanes.load(builder, builder.add(source, offset)), builder.add(target, offset))

    return 3, emit


def clear_rows(lanes: Any) -> Any:
    """Zeros into ``count`` rows of one vector."""

    def emit(builder, target, count):
        with for_range(builder, count) as row:
            lanes.store(builder, lanes.zero(), builder.add(target, builder.mul(row.index, INTP(lanes.bytes))))

    return 2, emit


def multiply_into_blocks(lanes: Any, vectors: Any) -> Any:
    """``y[v, r] = sum_j g[j, r] * weights[j, v]``: :func:`multiply` from zero, its vectors ``y_block_bytes`` apart."""

    def group(builder, g, block_bytes, whole_blocks, part_blocks, part_lanes, weights, y, y_block_bytes, rows):
        sums = lanes.registers(builder, [lanes.zero()] * (rows * vectors))
        places = [INTP(row * lanes.bytes) for row in range(rows)]
        add_products(
            builder, lanes, sums, g, places, block_bytes, whole_blocks, part_blocks, part_lanes, weights, vectors
        )
        for index, total in enumerate(sums):
            row, vector = divmod(index, vectors)
            at = builder.add(y, builder.mul(y_block_bytes, INTP(vector)))
            lanes.store(builder, builder.load(total), lanes.at(builder, at, row * lanes.bytes))

    def emit(builder, g, block_bytes, whole_blocks, part_blocks, part_lanes, weights, y, y_block_bytes, rows):
        done = alloca_once_value(builder, INTP(0))
        for size in (ROWS, FEW, 1):
            with while_at_least(builder, rows, done, size):
                at = builder.mul(builder.load(done), INTP(lanes.bytes))
                values, into = builder.add(g, at), builder.add(y, at)
                group(
                    builder, values, block_bytes, whole_blocks, part_blocks, part_lanes, weights, into, y_block_bytes,
                    size,
                )  # fmt: skip
                builder.store(builder.add(builder.load(done), INTP(size)), done)

    return 9, emit


BY_NAME: Any = {
    "multiply_panel_into_blocks": partial(multiply_into_blocks, vectors=PANEL_VECTORS),
    "multiply_vector_into_blocks": partial(multiply_into_blocks, vectors=1),
    **{f"rank_update_{vectors}": partial(rank_update, vectors=vectors) for vectors in range(1, UPDATE_VECTORS + 1)},
    "correlate": correlate,
    "add_rows": add_rows,
    "copy_rows": copy_rows,
    "clear_rows": clear_rows,
}
