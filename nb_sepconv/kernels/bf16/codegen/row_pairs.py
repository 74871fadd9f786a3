"""Rows in pairs, for sums over rows: parts of the numbers of two rows in a word."""

from __future__ import annotations

from typing import Any

from numba.core.cgutils import for_range

from nb_sepconv.kernels.bf16.codegen.splitting import Range, Words, store_range
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def split_row_pairs(lanes: Any, parts: Any, transposed: Any) -> Any:
    """``rows`` rows of one vector to parts, in steps of twice the vector's width, zeros beyond the last row.

    Row ``i`` of a step makes a pair with row ``i + width``. Arguments: ``source``; ``rows``; ``target``, words
    ``[step][part][pair]`` of a lane each, or where ``transposed`` ``[step][part][lane]`` of a pair each; ``ranges``,
    two intps that widen to what is seen.
    """
    words = Words(lanes, parts)
    tile_bytes = lanes.width * lanes.bytes

    def load_half(builder, source, rows, first, seen):
        last = builder.sub(rows, INTP(1))
        values = []
        for i in range(lanes.width):
            row = builder.add(first, INTP(i))
            exists = builder.icmp_signed("<", row, rows)
            at = builder.add(source, builder.mul(builder.select(exists, row, last), INTP(lanes.bytes)))
            values.append(builder.select(exists, lanes.load(builder, at), lanes.zero()))
            seen.include(values[-1])
        return lanes.transpose(builder, values) if transposed else values

    def emit(builder, source, rows, target, ranges):
        seen = Range(builder, words)
        steps = builder.sdiv(builder.add(rows, INTP(2 * lanes.width - 1)), INTP(2 * lanes.width))
        with for_range(builder, steps) as step:
            first = builder.mul(step.index, INTP(2 * lanes.width))
            halves = [
                load_half(builder, source, rows, builder.add(first, INTP(half * lanes.width)), seen) for half in (0, 1)
            ]
            at = builder.add(target, builder.mul(step.index, INTP(parts * tile_bytes)))
            for i, pair in enumerate(zip(*halves, strict=True)):
                for part, word in enumerate(words.of(builder, *pair)):
                    to = builder.add(at, INTP(part * tile_bytes + i * lanes.bytes))
                    lanes.store(builder, builder.bitcast(word, lanes.type), to)
        store_range(builder, seen, ranges, widen=True)

    return 4, emit
