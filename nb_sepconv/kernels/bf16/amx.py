"""The product of tiles of bfloat16 pairs into float32 tiles: on AMX, and the same in plain vectors for other machines.

A tile is 16 rows of one vector. A tile of rows holds a word of a pair in each lane, a tile of weights a pair in each
row; their product adds to ``sums[row, filter]`` the products of the even numbers of all pairs, summed, and those of
the odd ones. What is below 2**-126 counts as zero and becomes zero.
"""

from llvmlite import ir
from numba.core.cgutils import alloca_once, alloca_once_value, for_range

from nb_sepconv.kernels.bf16.codegen.splitting import I32, UPPER, Words
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named, splat

TILE_ROWS, TILES = 16, 2
REGISTERS = 8
CONFIGURATION_BYTES = 64
BYTE = ir.IntType(8)


class AmxTiles:
    """Emits the instructions of the tile unit; its registers are numbers."""

    def __init__(self, lanes):
        self.lanes = lanes

    def registers(self, builder):
        return [BYTE(number) for number in range(REGISTERS)]

    def clear(self, builder, register):
        self._call(builder, "tilezero", [register])

    def load(self, builder, register, at, rows=TILE_ROWS, stride=None):
        """From ``rows`` rows ``stride`` bytes apart, default one after the other; the unit takes 16."""
        self._move(builder, "tileloadd64", register, at, stride)

    def store(self, builder, register, at, rows=TILE_ROWS, stride=None):
        """The reverse."""
        self._move(builder, "tilestored64", register, at, stride)

    def _move(self, builder, name, register, at, stride):
        self._call(builder, name, [register, self._pointer(builder, at), stride or INTP(self.lanes.bytes)])

    def add_product(self, builder, sums, rows, weights):
        self._call(builder, "tdpbf16ps", [sums, rows, weights])

    def begin(self, builder):
        """This thread's tiles: palette 1, all of 16 rows of 64 bytes."""
        at = alloca_once(builder, BYTE, CONFIGURATION_BYTES)
        columns = [self.lanes.bytes, 0] * REGISTERS
        content = [1, *[0] * 15, *columns, *[0] * 16, *[TILE_ROWS] * REGISTERS, *[0] * 8]
        kind = ir.ArrayType(BYTE, CONFIGURATION_BYTES)
        builder.store(ir.Constant(kind, content), builder.bitcast(at, kind.as_pointer()), align=1)
        self._call(builder, "ldtilecfg", [at])

    def end(self, builder):
        self._call(builder, "tilerelease", [])

    def _call(self, builder, name, arguments):
        call_named(builder, f"llvm.x86.{name}", ir.VoidType(), arguments)

    def _pointer(self, builder, at):
        return builder.inttoptr(at, BYTE.as_pointer())


class PlainTiles:
    """The same in memory and in vectors of any width; a row of a tile is one vector."""

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
