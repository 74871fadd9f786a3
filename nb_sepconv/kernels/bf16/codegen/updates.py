"""Sums over rows of products of parts: the gradient of the pointwise kernel, tile by tile."""

from __future__ import annotations

from typing import Any

from numba.core.cgutils import for_range

from nb_sepconv.kernels.bf16.codegen.products import ORDERS
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def update(lanes: Any, parts: Any, blocks: Any, vectors: Any, tiles: Any) -> Any:
    """``sums[j, v] += sum_p hidden[j, p] * g[p, v]`` over pairs ``p`` of rows, for blocks ``j`` of a vector of hidden
    channels and vectors ``v`` of filters, on tiles.

    Arguments: ``hidden``, words ``[step][part][lane]``, blocks ``hidden_bytes`` apart; ``g``, words
    ``[step][part][pair]``, vectors ``g_bytes`` apart; ``steps``; ``sums``, whose rows are ``row_bytes`` apart.
    """
    tile_bytes = lanes.width * lanes.bytes

    def emit(builder, hidden, hidden_bytes, g, g_bytes, steps, sums, row_bytes):
        registers = tiles.registers(builder)
        totals, hidden_tiles, g_tiles = (
            registers[: blocks * vectors],
            registers[4 : 4 + blocks],
            registers[6 : 6 + vectors],
        )
        block_rows = builder.mul(row_bytes, INTP(lanes.width))
        places = [
            builder.add(builder.add(sums, builder.mul(block_rows, INTP(block))), INTP(vector * lanes.bytes))
            for block in range(blocks)
            for vector in range(vectors)
        ]

        def load_part(registers, base, distance, step, part):
            offset = builder.add(builder.mul(step, INTP(parts * tile_bytes)), INTP(part * tile_bytes))
            for index, register in enumerate(registers):
                at = builder.add(builder.add(base, offset), builder.mul(distance, INTP(index)))
                tiles.load(builder, register, at, lanes.width)

        for total, place in zip(totals, places, strict=True):
            tiles.load(builder, total, place, lanes.width, row_bytes)
        with for_range(builder, steps) as step:
            loaded = [None, None]
            for hidden_part, g_part in ORDERS[parts]:
                if loaded[0] != hidden_part:
                    load_part(hidden_tiles, hidden, hidden_bytes, step.index, hidden_part)
                if loaded[1] != g_part:
                    load_part(g_tiles, g, g_bytes, step.index, g_part)
                loaded = [hidden_part, g_part]
                for block in range(blocks):
                    for vector in range(vectors):
                        total = totals[block * vectors + vector]
                        tiles.add_product(builder, total, hidden_tiles[block], g_tiles[vector])
        for total, place in zip(totals, places, strict=True):
            tiles.store(builder, total, place, lanes.width, row_bytes)

    return 7, emit
