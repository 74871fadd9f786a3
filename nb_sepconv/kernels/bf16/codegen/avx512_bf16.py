"""One product of bfloat16 pairs by AVX512-BF16: the micro-kernel of the FMA engine with two channels at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.bf16.codegen.splitting import I32
from nb_sepconv.kernels.cpu.codegen.blocking import FEW, ROWS
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named, splat, while_at_least

TILE_ROWS, TILES = ROWS, 1


class Bfloat16(ir.types.Type):
    """LLVM's ``bfloat``, which llvmlite does not know."""

    def _to_string(self):
        return "bfloat"

    def __eq__(self, other: Any) -> Any:
        return isinstance(other, Bfloat16)

    def __hash__(self) -> Any:
        return hash(Bfloat16)


class _Pairs:
    """Emits the sums of products of pairs for one width."""

    def __init__(self, lanes: Any) -> None:
        self.lanes, self._type = lanes, ir.VectorType(Bfloat16(), 2 * lanes.width)

    def load(self, builder: Any, at: Any) -> Any:
        """A vector of pairs."""
        return builder.bitcast(self.lanes.load(builder, at), self._type)

    def broadcast(self, builder: Any, at: Any) -> Any:
        """The pair at an address in every lane."""
        word = builder.load(builder.inttoptr(at, I32.as_pointer()), align=4)
        return builder.bitcast(splat(builder, word, self.lanes.width), self._type)

    def add_product(self, builder: Any, total: Any, one: Any, other: Any) -> None:
        arguments = [builder.load(total), one, other]
        builder.store(call_named(builder, "llvm.x86.avx512bf16.dpbf16ps.512", self.lanes.type, arguments), total)


def _add_steps(builder, lanes, sums, vectors, hidden, step_bytes, weights, weight_step_bytes, vector_bytes, steps):
    """``sums[r, v] += sum_p hidden[p, r] . weights[p, v]``: rows of words and, ``vector_bytes`` apart, vectors."""
    pairs = _Pairs(lanes)
    with for_range(builder, steps) as step:
        hidden_at = builder.add(hidden, builder.mul(step.index, step_bytes))
        weights_at = builder.add(weights, builder.mul(step.index, weight_step_bytes))
        with for_range(builder, INTP(lanes.width)) as pair:
            at = builder.add(weights_at, builder.mul(pair.index, INTP(lanes.bytes)))
            weight = [pairs.load(builder, builder.add(at, builder.mul(vector_bytes, INTP(v)))) for v in range(vectors)]
            words = builder.add(hidden_at, builder.mul(pair.index, INTP(4)))
            for row in range(len(sums) // vectors):
                value = pairs.broadcast(builder, lanes.at(builder, words, row * lanes.bytes))
                for v in range(vectors):
                    pairs.add_product(builder, sums[row * vectors + v], value, weight[v])


def product(lanes: Any, parts: Any, vectors: Any, _: Any) -> Any:
    """``y[r, v] = start[r, v] + sum_p hidden[p, r] . weights[p, v]`` over pairs ``p``, for rows and vectors of filters.

    Arguments: ``hidden``, words in blocks of a tile, ``block_bytes`` apart; ``weights``, words ``[step][vector][pair]``
    of one vector, ``weight_step_bytes`` apart; ``steps``; ``start`` and ``y`` with the bytes between their rows;
    ``rows``; ``scratch`` is not used. The unit adds the products of a pair one after the other, each sum rounded to
    nearest, and takes what is below 2**-126 for zero.
    """

    def emit(builder, hidden, block_bytes, weights, weight_step_bytes, steps, start, start_row_bytes,
             y, y_row_bytes, rows, scratch):  # fmt: skip
        for at, size in _groups(builder, rows):
            first = builder.add(start, builder.mul(at, start_row_bytes))
            places = _places(builder, lanes, first, start_row_bytes, size, vectors)
            sums = lanes.registers(builder, [lanes.load(builder, place, lanes.item_bytes) for place in places])
            words = _rows_at(builder, lanes, hidden, block_bytes, at)
            _add_tiles(builder, lanes, sums, vectors, words, weights, weight_step_bytes, steps)
            first = builder.add(y, builder.mul(at, y_row_bytes))
            for place, total in zip(_places(builder, lanes, first, y_row_bytes, size, vectors), sums, strict=True):
                lanes.store(builder, builder.load(total), place, lanes.item_bytes)

    return 11, emit


def product_into_blocks(lanes: Any, parts: Any, vectors: Any, _: Any) -> Any:
    """``y[v, r] = sum_p g[p, r] . weights[p, v]``: :func:`product` from zero, its vectors ``y_block_bytes`` apart."""

    def emit(builder, g, block_bytes, weights, weight_step_bytes, steps, y, y_block_bytes, rows, scratch):
        for at, size in _groups(builder, rows):
            sums = lanes.registers(builder, [lanes.zero()] * (size * vectors))
            words = _rows_at(builder, lanes, g, block_bytes, at)
            _add_tiles(builder, lanes, sums, vectors, words, weights, weight_step_bytes, steps)
            first = builder.add(y, builder.mul(at, INTP(lanes.bytes)))
            for index, total in enumerate(sums):
                row, vector = divmod(index, vectors)
                place = builder.add(first, builder.mul(y_block_bytes, INTP(vector)))
                lanes.store(builder, builder.load(total), lanes.at(builder, place, row * lanes.bytes))

    return 9, emit


def _add_tiles(builder, lanes, sums, vectors, words, weights, weight_step_bytes, steps):
    step_bytes, vector_bytes = INTP(TILE_ROWS * lanes.bytes), INTP(lanes.width * lanes.bytes)
    _add_steps(builder, lanes, sums, vectors, words, step_bytes, weights, weight_step_bytes, vector_bytes, steps)


def _groups(builder, rows):
    """Groups of many rows, then of few: yields the first row and the number, for the code of each."""
    done = alloca_once_value(builder, INTP(0))
    for size in (ROWS, FEW, 1):
        with while_at_least(builder, rows, done, size):
            at = builder.load(done)
            yield at, size
            builder.store(builder.add(at, INTP(size)), done)


def _rows_at(builder, lanes, words, block_bytes, row):
    block = builder.mul(builder.sdiv(row, INTP(TILE_ROWS)), block_bytes)
    return builder.add(words, builder.add(block, builder.mul(builder.srem(row, INTP(TILE_ROWS)), INTP(lanes.bytes))))


def _places(builder, lanes, base, row_bytes, rows, vectors):
    firsts = [builder.add(base, builder.mul(row_bytes, INTP(row))) for row in range(rows)]
    return [lanes.at(builder, first, vector * lanes.bytes) for first in firsts for vector in range(vectors)]


def update(lanes: Any, parts: Any, blocks: Any, vectors: Any, _: Any) -> Any:
    """``sums[j, v] += sum_p hidden[j, p] . g[p, v]`` over pairs ``p`` of rows, half a block of channels at a time.

    Arguments: ``hidden``, words ``[step][lane]``, blocks ``hidden_bytes`` apart; ``g``, words ``[step][pair]``, vectors
    ``g_bytes`` apart; ``steps``; ``sums``, whose rows are ``row_bytes`` apart.
    """
    rows = lanes.width // 2
    step_bytes = INTP(lanes.width * lanes.bytes)

    def emit(builder, hidden, hidden_bytes, g, g_bytes, steps, sums, row_bytes):
        for block in range(blocks):
            for half in range(2):
                words = builder.add(hidden, builder.mul(hidden_bytes, INTP(block)))
                words = builder.add(words, INTP(half * rows * lanes.bytes))
                first = builder.add(sums, builder.mul(row_bytes, INTP(block * lanes.width + half * rows)))
                places = _places(builder, lanes, first, row_bytes, rows, vectors)
                totals = lanes.registers(builder, [lanes.load(builder, place) for place in places])
                _add_steps(builder, lanes, totals, vectors, words, step_bytes, g, step_bytes, g_bytes, steps)
                for place, total in zip(places, totals, strict=True):
                    lanes.store(builder, builder.load(total), place)

    return 7, emit
