"""The pointwise product of a panel of filters from tiles of parts."""

from __future__ import annotations

from typing import Any

from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.bf16.codegen.amx import TILE_ROWS, TILES
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.vector import INTP, prefetch, while_at_least

# Which parts of rows and of weights are multiplied, small products first; an order that loads few of them anew.
ORDERS: Any = {
    1: ((0, 0),),
    2: ((1, 0), (0, 1), (0, 0)),
    3: ((2, 0), (1, 0), (1, 1), (0, 1), (0, 2), (0, 0)),
}
STEPS_AHEAD = 2  # how far ahead weights are fetched
STEPS_TOGETHER = 4  # steps between loading sums and storing them: the parts of so many stay in the first-level cache


def product(lanes: Any, parts: Any, vectors: Any, tiles: Any, far: Any = False) -> Any:
    """``y[r, v] = start[r, v] + sum_p hidden[p, r] . weights[p, v]`` over pairs ``p``, for rows and vectors of filters.

    Arguments: ``hidden``, words in blocks of two tiles, ``block_bytes`` apart, each ``[step][part][tile]``;
    ``weights``, tiles ``[step][part][vector]``, ``weight_step_bytes`` apart; ``steps``; ``start`` and ``y`` with
    the bytes between their rows; ``rows``; ``scratch`` for the sums of all blocks, 4 tiles each. ``far``: weights are
    fetched ahead, since they come from far memory.
    """
    multiply = _product_of_blocks(lanes, parts, vectors, tiles, far)

    def emit(builder, hidden, block_bytes, weights, weight_step_bytes, steps, start, start_row_bytes,
             y, y_row_bytes, rows, scratch):  # fmt: skip
        multiply(builder, hidden, block_bytes, weights, weight_step_bytes, steps, rows, scratch)
        with for_range(builder, rows) as row:
            source = builder.add(start, builder.mul(row.index, start_row_bytes))
            target = builder.add(y, builder.mul(row.index, y_row_bytes))
            for v, total in enumerate(_sums_of_row(builder, lanes, vectors, scratch, row.index)):
                offset = INTP(v * lanes.bytes)
                begun = lanes.load(builder, builder.add(source, offset), lanes.item_bytes)
                lanes.store(builder, builder.fadd(begun, total), builder.add(target, offset), lanes.item_bytes)

    return 11, emit


def product_into_blocks(lanes: Any, parts: Any, vectors: Any, tiles: Any) -> Any:
    """``y[v, r] = sum_p g[p, r] . weights[p, v]``: :func:`product` from zero, its vectors ``y_block_bytes`` apart."""
    multiply = _product_of_blocks(lanes, parts, vectors, tiles)

    def emit(builder, g, block_bytes, weights, weight_step_bytes, steps, y, y_block_bytes, rows, scratch):
        multiply(builder, g, block_bytes, weights, weight_step_bytes, steps, rows, scratch)
        with for_range(builder, rows) as row:
            target = builder.add(y, builder.mul(row.index, INTP(lanes.bytes)))
            for v, total in enumerate(_sums_of_row(builder, lanes, vectors, scratch, row.index)):
                lanes.store(builder, total, builder.add(target, builder.mul(y_block_bytes, INTP(v))))

    return 9, emit


def _sums_of_row(builder, lanes, vectors, scratch, row):
    tile_bytes = TILE_ROWS * lanes.bytes
    tile, within = builder.sdiv(row, INTP(TILE_ROWS)), builder.srem(row, INTP(TILE_ROWS))
    at = builder.add(scratch, builder.mul(tile, INTP(vectors * tile_bytes)))
    at = builder.add(at, builder.mul(within, INTP(lanes.bytes)))
    return [lanes.load(builder, builder.add(at, INTP(v * tile_bytes))) for v in range(vectors)]


def _product_of_blocks(lanes, parts, vectors, tiles, far=False):
    """Emits the sums of all rows and of one panel into scratch memory, a few steps of all blocks after the other."""
    tile_bytes, weight_bytes = TILE_ROWS * lanes.bytes, lanes.width * lanes.bytes
    step_bytes, block_sums = parts * TILES * tile_bytes, TILES * vectors * tile_bytes

    def fetch_part(builder, weights, weight_step_bytes, part):
        ahead = builder.add(weights, builder.mul(weight_step_bytes, INTP(STEPS_AHEAD)))
        for offset in range(part * vectors * weight_bytes, (part + 1) * vectors * weight_bytes, ALIGNMENT):
            prefetch(builder, builder.add(ahead, INTP(offset)))

    def add_step(builder, sums, row_tiles, weight_tiles, hidden, weights, weight_step_bytes):
        loaded, fetched = [None, None], set() if far else set(range(parts))
        for row_part, weight_part in ORDERS[parts]:
            if loaded[0] != row_part:
                for i, tile in enumerate(row_tiles):
                    offset = (row_part * TILES + i) * tile_bytes
                    tiles.load(builder, tile, builder.add(hidden, INTP(offset)))
            if loaded[1] != weight_part:
                for v, tile in enumerate(weight_tiles):
                    at = builder.add(weights, INTP((weight_part * vectors + v) * weight_bytes))
                    tiles.load(builder, tile, at, lanes.width)
            if weight_part not in fetched:
                fetch_part(builder, weights, weight_step_bytes, weight_part)
                fetched.add(weight_part)
            loaded = [row_part, weight_part]
            for i, row_tile in enumerate(row_tiles):
                for v, weight_tile in enumerate(weight_tiles):
                    tiles.add_product(builder, sums[i * vectors + v], row_tile, weight_tile)

    def add_steps(builder, registers, hidden, block_bytes, blocks, weights, weight_step_bytes, first, count, scratch):
        """``count`` steps for all blocks of rows."""
        sums, row_tiles = registers[: TILES * vectors], registers[4 : 4 + TILES]
        weight_tiles = registers[6 : 6 + vectors]
        weights_at = builder.add(weights, builder.mul(first, weight_step_bytes))
        hidden_at = builder.add(hidden, builder.mul(first, INTP(step_bytes)))
        with for_range(builder, blocks) as block:
            at = builder.add(scratch, builder.mul(block.index, INTP(block_sums)))
            rows_at = builder.add(hidden_at, builder.mul(block.index, block_bytes))
            with builder.if_else(builder.icmp_signed("==", first, INTP(0))) as (begin, go_on):
                with begin:
                    for tile in sums:
                        tiles.clear(builder, tile)
                with go_on:
                    for i, tile in enumerate(sums):
                        tiles.load(builder, tile, builder.add(at, INTP(i * tile_bytes)))
            for step in range(count):
                rows_of_step = builder.add(rows_at, INTP(step * step_bytes))
                weights_of_step = builder.add(weights_at, builder.mul(weight_step_bytes, INTP(step)))
                add_step(builder, sums, row_tiles, weight_tiles, rows_of_step, weights_of_step, weight_step_bytes)
            for i, tile in enumerate(sums):
                tiles.store(builder, tile, builder.add(at, INTP(i * tile_bytes)))

    def emit(builder, hidden, block_bytes, weights, weight_step_bytes, steps, rows, scratch):
        registers = tiles.registers(builder)
        blocks = builder.sdiv(builder.add(rows, INTP(TILES * TILE_ROWS - 1)), INTP(TILES * TILE_ROWS))
        done = alloca_once_value(builder, INTP(0))
        for count in (STEPS_TOGETHER, 1):
            with while_at_least(builder, steps, done, count):
                first = builder.load(done)
                add_steps(
                    builder, registers, hidden, block_bytes, blocks, weights, weight_step_bytes, first, count, scratch
                )
                builder.store(builder.add(first, INTP(count)), done)

    return emit
