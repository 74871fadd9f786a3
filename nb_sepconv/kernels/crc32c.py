"""CRC-32C of long buffers: by carry-less multiplication where the CPU has it, else by tables, three streams at once."""

from __future__ import annotations

from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import njit, types

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.function_pointers import compile_ir
from nb_sepconv.kernels.cpu.codegen.intrinsics import address_of, call4
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_intrinsic, count_from, vector_unit

LANE_WORDS = 512
LANE_BYTES = 8 * LANE_WORDS
ACCUMULATORS = 4
QUADWORD_BYTES = 16
FIRST, SECOND = 0x00, 0x11  # which 64-bit halves of both operands are multiplied


@cache
def multiplier_bytes() -> int:
    """The bytes of a register that carry-less multiplication works on; 0 where it is not to be used.

    Numba must compile for this very CPU, because only then its features are known.
    """
    settings = numba.config
    for_this_cpu = settings.CPU_NAME is None and settings.CPU_FEATURES is None and not settings.DISABLE_JIT
    features = llvm.get_host_cpu_features()
    if not (for_this_cpu and types.intp.bitwidth == 64 and features.get("pclmul")):
        return 0
    return vector_unit().width_bytes if features.get("vpclmulqdq") else QUADWORD_BYTES


@compile_once
def crc32c_kernel(width_bytes: Any, polynomial: Any) -> Any:
    """The kernel ``(words, state, byte_tables, lane_tables) -> state``, compiled at its first call.

    Args:
        width_bytes: int, of a register of carry-less multiplication; 0 for tables.
        polynomial: int, its bits reflected, the same that the tables were made for.
    """
    return _folding_kernel(width_bytes, polynomial) if width_bytes else _hash_streams


@njit(nogil=True)
def _step(state, word, byte_tables):
    mixed = state ^ word
    result = np.uint64(0)
    for position in range(8):
        result ^= np.uint64(byte_tables[7 - position, (mixed >> np.uint64(8 * position)) & np.uint64(255)])
    return result


@njit(nogil=True)
def _hash_words(words, state, byte_tables):
    for i in range(words.shape[0]):
        state = _step(state, words[i], byte_tables)
    return state


@njit(nogil=True)
def _skip_lane(state, lane_tables):
    """The state after one lane of zero bytes."""
    result = np.uint64(0)
    for position in range(4):
        result ^= np.uint64(lane_tables[position, (state >> np.uint64(8 * position)) & np.uint64(255)])
    return result


@njit(nogil=True)
def _hash_streams(words, state, byte_tables, lane_tables):
    """state' = remainder of (state ^ words) over GF(2); words (W,) uint64, tables (8, 256) and (4, 256) uint32."""
    state = np.uint64(state)
    position = 0
    while position + 3 * LANE_WORDS <= words.shape[0]:
        second = np.uint64(0)
        third = np.uint64(0)
        # One stream waits for the table at each word; three independent ones fill the wait.
        for i in range(position, position + LANE_WORDS):
            state = _step(state, words[i], byte_tables)
            second = _step(second, words[i + LANE_WORDS], byte_tables)
            third = _step(third, words[i + 2 * LANE_WORDS], byte_tables)
        state = _skip_lane(_skip_lane(state, lane_tables) ^ second, lane_tables) ^ third
        position += 3 * LANE_WORDS
    return _hash_words(words[position:], state, byte_tables)


def _folding_kernel(width_bytes, polynomial):
    """Fold all whole rows of four registers into one row that leaves the same remainder, and hash that by tables."""
    name = f"nb_sepconv.crc32c_fold.{width_bytes}.{polynomial}"
    address = compile_ir(name, 4, _Folding(width_bytes, polynomial).emit)
    row_words = ACCUMULATORS * width_bytes // 8

    @njit(nogil=True)
    def fold_words(words, state, byte_tables, lane_tables):
        state = np.uint64(state)
        rows = words.shape[0] // row_words
        if rows:
            folded = np.empty(row_words, np.uint64)
            call4(address, address_of(words), rows * row_words * 8, np.intp(state), address_of(folded))
            state = _hash_words(folded, np.uint64(0), byte_tables)
        return _hash_words(words[rows * row_words :], state, byte_tables)

    return fold_words


class _Folding:
    """Emits the folding of a stretch of memory, whose size is a multiple of four registers, into its last four.

    Moving the remainder R of what came before over D bits is R x**D mod P. With R = high x**64 + low it is
    high (x**(D+64) mod P) + low (x**D mod P), two carry-less products (Gopal et al., Fast CRC Computation for Generic
    Polynomials Using PCLMULQDQ, Intel 2009). The order of bits is reflected, so the first eight bytes are ``high``,
    and each product comes out multiplied by x, which the constants take back.
    """

    def __init__(self, width_bytes: Any, polynomial: Any) -> None:
        self.width_bytes, self.polynomial = width_bytes, polynomial
        self.type = ir.VectorType(INTP, width_bytes // 8)
        suffix = "" if width_bytes == QUADWORD_BYTES else f".{8 * width_bytes}"
        self._multiply = f"llvm.x86.pclmulqdq{suffix}"

    def emit(self, builder: Any, start: Any, size_bytes: Any, state: Any, folded: Any) -> None:
        """The procedure: ``state`` enters with the first bytes; ``folded`` gets the four registers."""
        row_bytes = ACCUMULATORS * self.width_bytes
        sums = [self._load(builder, start, register) for register in range(ACCUMULATORS)]
        with_state = builder.xor(builder.extract_element(sums[0], INTP(0)), state)
        sums[0] = builder.insert_element(sums[0], with_state, INTP(0))
        cells = [builder.alloca(self.type) for _ in sums]
        for cell, value in zip(cells, sums, strict=True):
            builder.store(value, cell)
        factors = _fold_factors(8 * row_bytes, self.polynomial) * (self.width_bytes // QUADWORD_BYTES)
        with count_from(builder, INTP(row_bytes), size_bytes, row_bytes) as position:
            row = builder.add(start, position)
            for register, cell in enumerate(cells):
                moved = self._move(builder, builder.load(cell), ir.Constant(self.type, factors))
                builder.store(builder.xor(moved, self._load(builder, row, register)), cell)
        for register, cell in enumerate(cells):
            builder.store(builder.load(cell), self._pointer(builder, folded, register), align=8)

    def _move(self, builder, value, factors):
        products = [
            call_intrinsic(builder, self._multiply, [value, factors, ir.IntType(8)(halves)])
            for halves in (FIRST, SECOND)
        ]
        return builder.xor(*products)

    def _load(self, builder, row, register):
        return builder.load(self._pointer(builder, row, register), align=1)

    def _pointer(self, builder, row, register):
        return builder.inttoptr(builder.add(row, INTP(register * self.width_bytes)), self.type.as_pointer())


def _fold_factors(bits, polynomial):
    """What the first and the second eight bytes of a register are multiplied by to move over so many bits."""
    return [_power(bits + 63, polynomial) << 32, _power(bits - 1, polynomial) << 32]


def _power(exponent, polynomial):
    """x**exponent mod P, its bits reflected: the CRC of a lone bit so many places before the end."""
    value = 1 << 31
    for _ in range(exponent):
        value = value >> 1 ^ (polynomial if value & 1 else 0)
    return value
