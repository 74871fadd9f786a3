"""Tiles of bfloat16 pairs in plain vectors: what AMX does, for machines that have none.

Importing this adds the unit "emulation" to those that a plan may name.
"""

from llvmlite import ir
from numba.core.cgutils import alloca_once, alloca_once_value, for_range

from nb_sepconv.kernels.bf16.codegen.amx import REGISTERS, TILE_ROWS
from nb_sepconv.kernels.bf16.codegen.splitting import I32, UPPER, Words
from nb_sepconv.kernels.bf16.codegen.units import UNITS, of_tiles
from nb_sepconv.kernels.cpu.codegen.vector import INTP, splat

NAME = "emulation"


class PlainTiles:
    """The interface of ``AmxTiles``, in memory and in vectors of any width; a row of a tile is one vector."""

    def __init__(self, lanes):
        self.lanes, self._words = lanes, Words(lanes, 1)

    def registers(self, builder):
        size = TILE_ROWS * self.lanes.width
        return [builder.ptrtoint(self._memory(builder, size), INTP) for _ in range(REGISTERS)]

    def _memory(self, builder, size):
        place = alloca_once(builder, self.lanes.scalar, size)
        place.align = self.lanes.bytes
        return place

    def clear(self, builder, register):
        with for_range(builder, INTP(TILE_ROWS)) as row:
            self.lanes.store(builder, self.lanes.zero(), self._row(builder, register, row.index))

    def load(self, builder, register, at, rows=TILE_ROWS, stride=None):
        self._copy(builder, at, stride, register, None, rows)

    def store(self, builder, register, at, rows=TILE_ROWS, stride=None):
        self._copy(builder, register, None, at, stride, rows)

    def _copy(self, builder, source, source_stride, target, target_stride, rows):
        with for_range(builder, INTP(rows)) as row:
            value = self.lanes.load(builder, self._row(builder, source, row.index, source_stride))
            self.lanes.store(builder, value, self._row(builder, target, row.index, target_stride))

    def _row(self, builder, at, index, stride=None):
        return builder.add(at, builder.mul(index, stride or INTP(self.lanes.bytes)))

    def add_product(self, builder, sums, rows, weights):
        builder.call(self._multiplier(builder.module), [sums, rows, weights])

    def _multiplier(self, module):
        """A function of its own: it is called dozens of times."""
        name = f"nb_sepconv.add_product.{self.lanes.width}"
        if name not in module.globals:
            function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INTP] * 3), name)
            function.linkage = "internal"
            function.attributes.add("noinline")
            builder = ir.IRBuilder(function.append_basic_block("entry"))
            self._add_product(builder, *function.args)
            builder.ret_void()
        return module.globals[name]

    def _add_product(self, builder, sums, rows, weights):
        lanes = self.lanes
        halves = [alloca_once_value(builder, lanes.zero()) for _ in range(2)]
        with for_range(builder, INTP(TILE_ROWS)) as row:
            for half in halves:
                builder.store(lanes.zero(), half)
            words = self._row(builder, rows, row.index)
            with for_range(builder, INTP(lanes.width)) as pair:
                at = builder.add(words, builder.mul(pair.index, INTP(4)))
                word = builder.load(builder.inttoptr(at, I32.as_pointer()))
                value = self._numbers(builder, splat(builder, word, lanes.width))
                weight = lanes.load(builder, self._row(builder, weights, pair.index))
                weight = self._numbers(builder, builder.bitcast(weight, self._words.type))
                for total, one, other in zip(halves, value, weight, strict=True):
                    found = lanes.fma(builder, one, other, builder.load(total))
                    builder.store(self._flushed(builder, found), total)
            added = self._flushed(builder, builder.fadd(*map(builder.load, halves)))
            place = self._row(builder, sums, row.index)
            lanes.store(builder, self._flushed(builder, builder.fadd(lanes.load(builder, place), added)), place)

    def _numbers(self, builder, words):
        """The lower and the upper number of each pair."""
        shift, upper = self._words.constant(16), self._words.constant(UPPER)
        pair = builder.shl(words, shift), builder.and_(words, upper)
        return [self._flushed(builder, builder.bitcast(bits, self.lanes.type)) for bits in pair]

    def _flushed(self, builder, value):
        bits = builder.bitcast(value, self._words.type)
        magnitude = builder.and_(bits, self._words.constant(0x7FFFFFFF))
        small = builder.icmp_unsigned("<", magnitude, self._words.constant(0x00800000))
        return builder.select(small, self.lanes.zero(), value)


UNITS[NAME] = of_tiles(NAME, PlainTiles)
