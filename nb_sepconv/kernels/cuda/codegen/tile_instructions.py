"""The instructions on a block's shared memory, beside their Python twins for the simulator, as in ``instructions``."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen.emission import (
    DOUBLE,
    VECTOR_BYTES,
    fused_multiply_add,
    load_shared,
    packed,
    shared_pointer,
    unpacked,
    vector_of,
)
from nb_sepconv.kernels.cuda.codegen.instructions import rounded_once
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, compile_once, instruction

if not SIMULATED:
    from numba.cuda import types


@compile_once
def shared_storer(count: Any) -> Any:
    """``store(tile, offset, values)``: neighbours in shared memory, at a multiple of their size or of 16 bytes."""

    def twin(tile, offset, values):
        for i, value in enumerate(values):
            tile[offset + i] = value

    @instruction(twin)
    def store(typing, tile, offset, values):
        def emit(context, builder, signature, arguments):
            tile, offset, values = arguments
            values = unpacked(builder, values)
            item_bytes = 8 if values[0].type == DOUBLE else 4
            lanes = min(count, VECTOR_BYTES // item_bytes)
            for i in range(0, count, lanes):
                vector = vector_of(builder, values[i : i + lanes])
                pointer = shared_pointer(context, builder, signature, tile, offset, i, vector.type)
                builder.store(vector, pointer, align=lanes * item_bytes)
            return context.get_dummy_value()

        return types.void(tile, offset, values), emit

    return store


@compile_once
def outer_products(rows: Any, columns: Any, row_pitch: Any, column_pitch: Any, count: Any) -> Any:
    """``multiply(tile, left, right, sums)``: ``sums[i][j] += tile[left + r*row_pitch + i] * tile[right + ... + j]``.

    ``r`` counts from 0 to ``count``; ``rows`` and ``columns`` neighbours are read at a time.
    """

    def twin(tile, left, right, sums):
        for r in range(count):
            a, b = left + r * row_pitch, right + r * column_pitch
            sums = tuple(
                tuple(rounded_once(tile[a + i], tile[b + j], sums[i][j]) for j in range(columns)) for i in range(rows)
            )
        return sums

    @instruction(twin)
    def multiply(typing, tile, left, right, sums):
        def emit(context, builder, signature, arguments):
            tile, left, right, sums = arguments
            sums = unpacked(builder, sums)
            for r in range(count):
                a_at = builder.add(left, left.type(r * row_pitch))
                b_at = builder.add(right, right.type(r * column_pitch))
                a = load_shared(context, builder, signature, tile, a_at, rows)
                b = load_shared(context, builder, signature, tile, b_at, columns)
                for i, j in ((i, j) for i in range(rows) for j in range(columns)):
                    sums[i][j] = fused_multiply_add(builder, a[i], b[j], sums[i][j])
            return packed(builder, sums)

        return sums(tile, left, right, sums), emit

    return multiply
