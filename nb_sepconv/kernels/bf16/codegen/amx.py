"""The product of tiles of bfloat16 pairs into float32 tiles, on AMX.

A tile is 16 rows of one vector. A tile of rows holds a word of a pair in each lane, a tile of weights a pair in each
row; their product adds to ``sums[row, filter]`` the products of the even numbers of all pairs, summed, and those of
the odd ones. What is below 2**-126 counts as zero and becomes zero.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import alloca_once

from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named

TILE_ROWS, TILES = 16, 2
REGISTERS = 8
CONFIGURATION_BYTES = 64
BYTE: Any = ir.IntType(8)


class AmxTiles:
    """Emits the instructions of the tile unit; its registers are numbers."""

    def __init__(self, lanes: Any) -> None:
        self.lanes = lanes

    def registers(self, builder: Any) -> Any:
        return [BYTE(number) for number in range(REGISTERS)]

    def clear(self, builder: Any, register: Any) -> None:
        self._call(builder, "tilezero", [register])

    def load(self, builder: Any, register: Any, at: Any, rows: Any = TILE_ROWS, stride: Any = None) -> None:
        """From ``rows`` rows ``stride`` bytes apart, default one after the other; the unit takes 16."""
        self._move(builder, "tileloadd64", register, at, stride)

    def store(self, builder: Any, register: Any, at: Any, rows: Any = TILE_ROWS, stride: Any = None) -> None:
        """The reverse."""
        self._move(builder, "tilestored64", register, at, stride)

    def _move(self, builder, name, register, at, stride):
        self._call(builder, name, [register, self._pointer(builder, at), stride or INTP(self.lanes.bytes)])

    def add_product(self, builder: Any, sums: Any, rows: Any, weights: Any) -> None:
        self._call(builder, "tdpbf16ps", [sums, rows, weights])

    def begin(self, builder: Any) -> None:
        """This thread's tiles: palette 1, all of 16 rows of 64 bytes."""
        at = alloca_once(builder, BYTE, CONFIGURATION_BYTES)
        columns = [self.lanes.bytes, 0] * REGISTERS
        content = [1, *[0] * 15, *columns, *[0] * 16, *[TILE_ROWS] * REGISTERS, *[0] * 8]
        kind = ir.ArrayType(BYTE, CONFIGURATION_BYTES)
        builder.store(ir.Constant(kind, content), builder.bitcast(at, kind.as_pointer()), align=1)
        self._call(builder, "ldtilecfg", [at])

    def end(self, builder: Any) -> None:
        self._call(builder, "tilerelease", [])

    def _call(self, builder, name, arguments):
        call_named(builder, f"llvm.x86.{name}", ir.VoidType(), arguments)

    def _pointer(self, builder, at):
        return builder.inttoptr(at, BYTE.as_pointer())
