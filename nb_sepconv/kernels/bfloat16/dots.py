"""One product of bfloat16 pairs by AVX512-BF16: the micro-kernel of the FMA engine with two channels at a time."""

from llvmlite import ir
from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.bfloat16.splitting import I32, Words
from nb_sepconv.kernels.cpu.tiling import FEW, ROWS
from nb_sepconv.kernels.cpu.vector import INTP, call_named, splat, while_at_least

TILE_ROWS, TILES = ROWS, 1


class Bfloat16(ir.types.Type):
    """LLVM's ``bfloat``, which llvmlite does not know."""

    def _to_string(self):
        return "bfloat"

    def __eq__(self, other):
        return isinstance(other, Bfloat16)

    def __hash__(self):
        return hash(Bfloat16)


def product(lanes, parts, vectors, _):
    """``y[r, v] = start[r, v] + sum_p hidden[p, r] . weights[p, v]`` over pairs ``p``, for rows and vectors of filters.

    Arguments: ``hidden``, words in blocks of a tile, ``block_bytes`` apart; ``weights``, words ``[step][vector][pair]``
    of one vector, ``weight_step_bytes`` apart; ``steps``; ``start`` and ``y`` with the bytes between their rows;
    ``rows``; ``scratch`` is not used. The unit adds the products of a pair one after the other, each sum rounded to
    nearest, and takes what is below 2**-126 for zero.
    """
    pairs = ir.VectorType(Bfloat16(), 2 * lanes.width)
    words = Words(lanes, parts)
    vector_bytes = lanes.width * lanes.bytes

    def load_word(builder, at):
        return builder.load(builder.inttoptr(at, I32.as_pointer()), align=4)

    def add_step(builder, sums, hidden, weights):
        with for_range(builder, INTP(lanes.width)) as pair:
            weight_at = builder.add(weights, builder.mul(pair.index, INTP(lanes.bytes)))
            weight = [
                builder.bitcast(lanes.load(builder, lanes.at(builder, weight_at, v * vector_bytes)), pairs)
                for v in range(vectors)
            ]
            value_at = builder.add(hidden, builder.mul(pair.index, INTP(4)))
            for row in range(len(sums) // vectors):
                word = load_word(builder, lanes.at(builder, value_at, row * lanes.bytes))
                value = builder.bitcast(splat(builder, word, words.lanes.width), pairs)
                for v in range(vectors):
                    total = sums[row * vectors + v]
                    arguments = [builder.load(total), value, weight[v]]
                    found = call_named(builder, "llvm.x86.avx512bf16.dpbf16ps.512", lanes.type, arguments)
                    builder.store(found, total)

    def group(builder, hidden, weights, weight_step_bytes, steps, start, start_row_bytes, y, y_row_bytes, rows):
        def address(base, row_bytes, row, vector):
            return builder.add(builder.add(base, builder.mul(row_bytes, INTP(row))), INTP(vector * lanes.bytes))

        places = [(row, vector) for row in range(rows) for vector in range(vectors)]
        starts = [lanes.load(builder, address(start, start_row_bytes, *place), lanes.item_bytes) for place in places]
        sums = lanes.registers(builder, starts)
        with for_range(builder, steps) as step:
            hidden_at = builder.add(hidden, builder.mul(step.index, INTP(TILE_ROWS * lanes.bytes)))
            add_step(builder, sums, hidden_at, builder.add(weights, builder.mul(step.index, weight_step_bytes)))
        for place, total in zip(places, sums, strict=True):
            lanes.store(builder, builder.load(total), address(y, y_row_bytes, *place), lanes.item_bytes)

    def emit(builder, hidden, block_bytes, weights, weight_step_bytes, steps, start, start_row_bytes,
             y, y_row_bytes, rows, scratch):  # fmt: skip
        done = alloca_once_value(builder, INTP(0))
        for size in (ROWS, FEW, 1):
            with while_at_least(builder, rows, done, size):
                at = builder.load(done)
                block = builder.mul(builder.sdiv(at, INTP(TILE_ROWS)), block_bytes)
                within = builder.mul(builder.srem(at, INTP(TILE_ROWS)), INTP(lanes.bytes))
                group(
                    builder,
                    builder.add(hidden, builder.add(block, within)),
                    weights,
                    weight_step_bytes,
                    steps,
                    builder.add(start, builder.mul(at, start_row_bytes)),
                    start_row_bytes,
                    builder.add(y, builder.mul(at, y_row_bytes)),
                    y_row_bytes,
                    size,
                )
                builder.store(builder.add(at, INTP(size)), done)

    return 11, emit
