"""float32 numbers as sums of bfloat16 parts, in pairs: the word of a pair holds a part of each.

A part is the number that is left, rounded to bfloat16 (nearest; a tie away from zero, or to even where one part is
all). Three parts are the number itself, for exponents that :mod:`nb_sepconv.kernels.bf16.codegen.ranges` lets pass.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_intrinsic, count_from

I32: Any = ir.IntType(32)
INTP_BYTES = 8
TOGETHER = 4  # rows whose steps are split in turn: their loads do not wait for one another
MAGNITUDE, EXPONENT_SHIFT, UPPER = 0x7FFFFFFF, 23, 0xFFFF0000


class Words:
    """Emits pairs of parts, for vectors of one width."""

    def __init__(self, lanes: Any, parts: Any) -> None:
        self.lanes, self.parts = lanes, parts
        self.type: Any = ir.VectorType(I32, lanes.width)

    def constant(self, number: Any) -> Any:
        return ir.Constant(self.type, [number] * self.lanes.width)

    def of(self, builder: Any, first: Any, second: Any) -> list[Any]:
        """For each part, the words of the pairs ``(first[i], second[i])``, the first one low."""
        shift, upper = self.constant(16), self.constant(UPPER)
        pairs = zip(self._parts_of(builder, first), self._parts_of(builder, second), strict=True)
        return [
            builder.or_(builder.lshr(low, shift), builder.and_(high, upper)) for low, high in pairs
        ]  # the lower half of a part may hold anything

    def _parts_of(self, builder, value):
        found = []
        for _ in range(self.parts - 1):
            bits = builder.add(builder.bitcast(value, self.type), self.constant(0x8000))
            found.append(bits)
            part = builder.bitcast(builder.and_(bits, self.constant(UPPER)), self.lanes.type)
            value = builder.fsub(value, part)
        return [*found, self._last(builder, builder.bitcast(value, self.type))]

    def _last(self, builder, bits):
        if self.parts == 1:
            odd = builder.and_(builder.lshr(bits, self.constant(16)), self.constant(1))
            return builder.add(builder.add(bits, self.constant(0x7FFF)), odd)
        return builder.add(bits, self.constant(0x8000))


class Range:
    """The largest magnitude and the smallest that is not 0, lane by lane, as bits; 0 counts as 2**32 there."""

    def __init__(self, builder: Any, words: Any) -> None:
        self._builder, self._words = builder, words
        self._most = alloca_once_value(builder, words.constant(0))
        self._least = alloca_once_value(builder, words.constant(0xFFFFFFFF))

    def clear(self) -> None:
        self._builder.store(self._words.constant(0), self._most)
        self._builder.store(self._words.constant(0xFFFFFFFF), self._least)

    def include(self, value: Any) -> None:
        b, words = self._builder, self._words
        bits = b.and_(b.bitcast(value, words.type), words.constant(MAGNITUDE))
        self._keep("umax", self._most, bits)
        self._keep("umin", self._least, b.sub(bits, words.constant(1)))

    def _keep(self, which, place, bits):
        name = f"llvm.{which}.v{self._words.lanes.width}i32"
        self._builder.store(call_intrinsic(self._builder, name, [self._builder.load(place), bits]), place)

    def exponents(self) -> list[Any]:
        """The largest and the smallest biased exponent, intps; 0 and 511 where all are 0."""
        b = self._builder
        most, least = self._reduced("umax", self._most), self._reduced("umin", self._least)
        return [b.zext(b.lshr(bits, I32(EXPONENT_SHIFT)), INTP) for bits in (most, least)]

    def _reduced(self, which, place):
        """Over the lanes, by halves."""
        b, value, width = self._builder, self._builder.load(place), self._words.lanes.width
        while width > 1:
            width //= 2
            orders = [ir.Constant(ir.VectorType(I32, width), list(range(first, first + width))) for first in (0, width)]
            halves = [b.shuffle_vector(value, value, order) for order in orders]
            value = call_intrinsic(b, f"llvm.{which}.v{width}i32", halves)
        return b.extract_element(value, I32(0))


def split_rows(lanes: Any, parts: Any, tile_rows: Any, tiles: Any) -> Any:
    """Rows of hidden channels to parts, and the range of each row.

    Arguments: ``hidden``, rows of one vector in blocks ``block_bytes`` apart, of which there are ``blocks``; ``rows``;
    ``target``, blocks of ``tiles`` tiles of ``tile_rows`` rows, ``row_block_bytes`` apart, each
    ``[step][part][tile][row]`` words of one vector; ``ranges``, two intps per row.
    """
    words = Words(lanes, parts)
    tile_bytes = tile_rows * lanes.bytes
    part_bytes = tiles * tile_bytes

    def place_of(builder, target, row, row_block_bytes):
        """Where a row lies in the first tiles of its block."""
        tile, within = builder.sdiv(row, INTP(tile_rows)), builder.srem(row, INTP(tile_rows))
        at = builder.add(target, builder.mul(builder.sdiv(tile, INTP(tiles)), row_block_bytes))
        at = builder.add(at, builder.mul(builder.srem(tile, INTP(tiles)), INTP(tile_bytes)))
        return builder.add(at, builder.mul(within, INTP(lanes.bytes)))

    def emit(builder, hidden, block_bytes, blocks, rows, target, row_block_bytes, ranges):
        steps, odd = builder.sdiv(blocks, INTP(2)), builder.srem(blocks, INTP(2))
        found = [Range(builder, words) for _ in range(TOGETHER)]
        last = builder.sub(rows, INTP(1))
        with count_from(builder, INTP(0), rows, TOGETHER) as start:
            places = []  # rows beyond the last one are the last one once more
            for i in range(TOGETHER):
                row = builder.add(start, INTP(i))
                row = builder.select(builder.icmp_signed("<", row, last), row, last)
                source = builder.add(hidden, builder.mul(row, INTP(lanes.bytes)))
                places.append((row, source, place_of(builder, target, row, row_block_bytes)))
                found[i].clear()

            def split(step, whole):
                source_offset = builder.mul(builder.mul(step, INTP(2)), block_bytes)
                target_offset = builder.mul(step, INTP(parts * part_bytes))
                for (_, source, at), seen in zip(places, found, strict=True):
                    source = builder.add(source, source_offset)
                    first = lanes.load(builder, source)
                    second = lanes.load(builder, builder.add(source, block_bytes)) if whole else lanes.zero()
                    seen.include(first)
                    if whole:
                        seen.include(second)
                    for part, word in enumerate(words.of(builder, first, second)):
                        to = builder.add(builder.add(at, target_offset), INTP(part * part_bytes))
                        lanes.store(builder, builder.bitcast(word, lanes.type), to)

            with for_range(builder, steps) as step:
                split(step.index, whole=True)
            with builder.if_then(builder.icmp_signed(">", odd, INTP(0))):
                split(steps, whole=False)
            for (row, _, _), seen in zip(places, found, strict=True):
                store_range(builder, seen, builder.add(ranges, builder.mul(row, INTP(2 * INTP_BYTES))))

    return 7, emit


def split_pairs(lanes: Any, parts: Any) -> Any:
    """Two rows of vectors of filters, the weights of a pair of channels, to parts.

    Arguments: ``first`` and ``second``, the rows; ``vectors``, how many each has; ``target``, the words of this pair in
    ``[part][vector][pair]`` of one vector; ``ranges``, two intps that widen to what is seen.
    """
    words = Words(lanes, parts)
    vector_bytes = lanes.width * lanes.bytes

    def emit(builder, first, second, vectors, target, ranges):
        seen = Range(builder, words)
        part_bytes = builder.mul(vectors, INTP(vector_bytes))
        with for_range(builder, vectors) as vector:
            offset = builder.mul(vector.index, INTP(lanes.bytes))
            pair = [lanes.load(builder, builder.add(row, offset)) for row in (first, second)]
            for value in pair:
                seen.include(value)
            at = builder.add(target, builder.mul(vector.index, INTP(vector_bytes)))
            for part, word in enumerate(words.of(builder, *pair)):
                to = builder.add(at, builder.mul(part_bytes, INTP(part)))
                lanes.store(builder, builder.bitcast(word, lanes.type), to)
        store_range(builder, seen, ranges, widen=True)

    return 5, emit


def store_range(builder: Any, seen: Any, at: Any, widen: Any = False) -> None:
    places = [builder.inttoptr(builder.add(at, INTP(i * INTP_BYTES)), INTP.as_pointer()) for i in range(2)]
    for value, place, further in zip(seen.exponents(), places, (">", "<"), strict=True):
        if widen:
            known = builder.load(place)
            value = builder.select(builder.icmp_signed(further, value, known), value, known)
        builder.store(value, place)
