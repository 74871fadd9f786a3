"""Products on tensor cores, beside their Python twin for the simulator, as in ``instructions``.

Tensor cores multiply TF32 numbers, which have float32's exponent and 11 significant bits, and add in float32. A warp's
32 lanes hold the factors in *fragments*: lane ``4 g + m`` has of a product of 16 rows, 8 columns and a depth of 8 the
left factor's rows g and g + 8 at the depths m and m + 4, the right factor's column g at these depths, and the sums in
rows g and g + 8 of the columns 2 m and 2 m + 1.
Source: PTX ISA, "Matrix Fragments for mma.m16n8k8".
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from llvmlite import ir

from nb_sepconv.kernels.cuda.codegen.emission import FLOAT, I32, packed, shared_pointer, unpacked
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, instruction

ROWS, COLUMNS, DEPTH = 16, 8, 8  # of one product
LANES, GROUP = 32, 4
HALF = ROWS // 2


@compile_once
def tensor_products(
    left_parts: Any, right_parts: Any, rows: Any, columns: Any, row_pitch: Any, column_pitch: Any
) -> Any:
    """``multiply(tile, left, right, sums)`` adds the products of ``rows`` times ``columns`` fragments, 8 deep.

    A lane's first numbers lie at ``left`` and ``right`` in shared memory, ``row_pitch`` and ``column_pitch`` before the
    next depth. Which depth a fragment calls m is free where both factors agree: it is 2 m, and 2 m + 1 for m + 4. So
    the lanes of a warp read 32 banks where pitches are 4 more than a multiple of 32.

    A factor of one part is rounded; one of two is split into its TF32 part and the TF32 part of the rest. The products
    of all parts but the two rests are added, the smallest first. Tensor cores cut off bits when they add, which long
    sums would feel: with a split factor they start at zero each time, and what they give is added in float32.
    Source: H. Ootomo and R. Yokota, "Recovering single precision accuracy from Tensor Cores while surpassing the FP32
    theoretical peak performance", 2022.
    """
    parts = left_parts, right_parts

    def twin(tile, left, right, sums):
        lefts = [[tile[left + at] for at in _places(i * ROWS, row_pitch, (0, HALF))] for i in range(rows)]
        rights = [[tile[right + at] for at in _places(j * COLUMNS, column_pitch, (0,))] for j in range(columns)]
        lane, lefts, rights = _exchanged(lefts, rights)
        return tuple(
            _twin_add(lane, [each[i] for each in lefts], [each[j] for each in rights], sums[i * columns + j], parts)
            for i in range(rows)
            for j in range(columns)
        )

    @instruction(twin)
    def multiply(typing, tile, left, right, sums):
        def emit(context, builder, signature, arguments):
            tile, left, right, sums = arguments
            sums = unpacked(builder, sums)

            def load(offset, places, count):
                where = (context, builder, signature, tile, offset)
                numbers = [builder.load(shared_pointer(*where, at, FLOAT), align=4) for at in places]
                return _parts(builder, numbers, count)

            lefts = [load(left, _places(i * ROWS, row_pitch, (0, HALF)), left_parts) for i in range(rows)]
            for j in range(columns):
                b = load(right, _places(j * COLUMNS, column_pitch, (0,)), right_parts)
                for i, a in enumerate(lefts):
                    at = i * columns + j
                    sums[at] = _added(builder, a, b, sums[at])
            return packed(builder, sums)

        return sums(tile, left, right, sums), emit

    return multiply


def _places(first, pitch, halves):
    """Where the numbers of a lane's fragment lie: at two depths, the halves of each."""
    return [first + depth * pitch + half for depth in (0, 1) for half in halves]


def _parts(builder, numbers, count):
    """The numbers in TF32, and with a ``count`` of 2 what that leaves, in TF32."""
    big = [_rounded(builder, number) for number in numbers]
    if count == 1:
        return [big]
    rests = [builder.fsub(x, builder.bitcast(part, FLOAT)) for x, part in zip(numbers, big, strict=True)]
    return [big, [_rounded(builder, rest) for rest in rests]]


def _pairs(left_parts, right_parts):
    """The parts to multiply, as their numbers in the left and in the right factor, the smallest products first."""
    pairs = [(i, j) for i in range(left_parts) for j in range(right_parts) if i + j < 2]
    return sorted(pairs, key=sum, reverse=True)


def _rounded(builder, number):
    return builder.asm(ir.FunctionType(I32, [FLOAT]), "cvt.rna.tf32.f32 $0, $1;", "=r,f", [number], False)


def _added(builder, left, right, sums):
    pairs = _pairs(len(left), len(right))
    if len(pairs) == 1:
        return _multiplied(builder, left[0], right[0], sums)
    new = [ir.Constant(FLOAT, 0.0)] * len(sums)
    for i, j in pairs:
        new = _multiplied(builder, left[i], right[j], new)
    return [builder.fadd(total, more) for total, more in zip(sums, new, strict=True)]


_MULTIPLY = (
    "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
    "{$0, $1, $2, $3}, {$4, $5, $6, $7}, {$8, $9}, {$10, $11, $12, $13};"
)


def _multiplied(builder, left, right, sums):
    kind = ir.FunctionType(ir.LiteralStructType([FLOAT] * 4), [I32] * 6 + [FLOAT] * 4)
    constraints = ",".join(["=f"] * 4 + ["r"] * 6 + ["f"] * 4)
    assembly = ir.InlineAsm(kind, _MULTIPLY, constraints, True)
    got = builder.call(assembly, [*left, *right, *sums], attrs=("convergent",))  # all lanes, or none
    return [builder.extract_value(got, i) for i in range(4)]


def tf32(numbers: Any) -> Any:
    """float32 numbers rounded to TF32, to the nearest, halves away from zero; NaN and infinity stay."""
    numbers = np.asarray(numbers, np.float32)
    rounded = ((numbers.view(np.uint32) + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(numbers), rounded, numbers)


_given = {}  # by the simulator's thread; it runs one block at a time


def _exchanged(*fragments):
    """This thread's number in its warp, and what its lanes gave, by lane."""
    thread = threading.current_thread()
    number = thread.threadIdx.x
    _given[number] = fragments
    thread.syncthreads()
    lane = number % LANES
    seen = [_given[number - lane + other] for other in range(LANES)]
    thread.syncthreads()
    return lane, *zip(*seen, strict=True)


def _twin_add(lane, lefts, rights, sums, parts):
    """The lane's sums with the product of fragments that are given by lane, as the numbers of each."""
    group, member = divmod(lane, GROUP)
    depths = range(DEPTH)
    rows = [[lefts[GROUP * group + k % GROUP][2 * (k // GROUP) + half] for k in depths] for half in (0, 1)]
    columns = [[rights[GROUP * n + k % GROUP][k // GROUP] for k in depths] for n in (2 * member, 2 * member + 1)]
    factors = [_twin_parts(rows, parts[0]), _twin_parts(np.transpose(columns), parts[1])]
    sums, pairs = np.reshape(sums, (2, 2)), _pairs(*parts)
    with np.errstate(all="ignore"):
        new = sums if len(pairs) == 1 else np.zeros_like(sums)
        for i, j in pairs:
            new = _cut(factors[0][i], factors[1][j], new)
        return tuple((new if len(pairs) == 1 else sums + new).ravel())


def _twin_parts(numbers, count):
    big = tf32(numbers)
    with np.errstate(all="ignore"):
        return [big, tf32(np.asarray(numbers, np.float32) - big)][:count]


def _cut(a, b, sums):
    """``a b + sums`` in float32, cut off towards zero: no tensor core is less exact."""
    exact = a.astype(np.float64) @ b + sums
    near = exact.astype(np.float32)
    return np.where(np.abs(near) > np.abs(exact), np.nextafter(near, np.float32(0)), near)
