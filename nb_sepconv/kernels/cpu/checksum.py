"""CRC-32C of long buffers: three streams at once, eight bytes at a time, by the CPU's instruction where it has one."""

from functools import cache

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LANE_WORDS = 512
LANE_BYTES = 8 * LANE_WORDS


@intrinsic
def _instruction(typing_context, state, word):
    def lower(context, builder, signature, arguments):
        integer = ir.IntType(64)
        function_type = ir.FunctionType(integer, [integer, integer])
        function = builder.module.declare_intrinsic("llvm.x86.sse42.crc32.64.64", (), function_type)
        return builder.call(function, arguments)

    return types.uint64(types.uint64, types.uint64), lower


@njit(nogil=True)
def _instruction_step(state, word, byte_tables):
    return _instruction(state, word)


@njit(nogil=True)
def _table_step(state, word, byte_tables):
    mixed = state ^ word
    result = np.uint64(0)
    for position in range(8):
        result ^= np.uint64(byte_tables[7 - position, (mixed >> np.uint64(8 * position)) & np.uint64(255)])
    return result


@njit(nogil=True)
def _skip_lane(state, lane_tables):
    """The state after one lane of zero bytes."""
    result = np.uint64(0)
    for position in range(4):
        result ^= np.uint64(lane_tables[position, (state >> np.uint64(8 * position)) & np.uint64(255)])
    return result


def _compile(step):
    @njit(nogil=True)
    def crc32c_words(words, state, byte_tables, lane_tables):
        """state' = remainder of (state ^ words) over GF(2); words (W,) uint64, tables (8, 256) and (4, 256) uint32."""
        state = np.uint64(state)
        position = 0
        while position + 3 * LANE_WORDS <= words.shape[0]:
            second = np.uint64(0)
            third = np.uint64(0)
            # One stream waits three cycles for each instruction; three independent ones fill the wait.
            for i in range(position, position + LANE_WORDS):
                state = step(state, words[i], byte_tables)
                second = step(second, words[i + LANE_WORDS], byte_tables)
                third = step(third, words[i + 2 * LANE_WORDS], byte_tables)
            state = _skip_lane(_skip_lane(state, lane_tables) ^ second, lane_tables) ^ third
            position += 3 * LANE_WORDS
        for i in range(position, words.shape[0]):
            state = step(state, words[i], byte_tables)
        return state

    return crc32c_words


@cache
def has_instruction():
    """Whether the code is compiled for this very CPU and it has the CRC-32C instruction of SSE 4.2."""
    settings = numba.config
    for_this_cpu = settings.CPU_NAME is None and settings.CPU_FEATURES is None and not settings.DISABLE_JIT
    return for_this_cpu and types.intp.bitwidth == 64 and bool(llvm.get_host_cpu_features().get("sse4.2"))


@cache
def crc32c_kernel(instruction):
    """The kernel ``(words, state, byte_tables, lane_tables) -> state``, compiled at its first call."""
    return _compile(_instruction_step if instruction else _table_step)
