"""What the inner loop of a product is made of."""

import pytest
from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen import microkernels
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import ROW_GROUPS
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def fetches_of(arity, emit):
    """How many prefetches an inner loop has."""
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), [INTP] * arity), "loop")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit(builder, *function.args)
    return str(function).count('call void @"llvm.prefetch.p0"')


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("across", [False, True])
def test_groups_of_few_rows_fetch_the_lines_of_the_next_group(monkeypatch, dtype, across):
    lanes = storage(dtype).lanes
    monkeypatch.setattr(microkernels, "FETCH_ROWS", True)
    lines = sum(ceil_div(rows * lanes.bytes, ALIGNMENT) for rows in (*ROW_GROUPS, 1))
    assert fetches_of(*microkernels.multiply(lanes, 2, across)) == lines
    monkeypatch.setattr(microkernels, "FETCH_ROWS", False)
    assert fetches_of(*microkernels.multiply(lanes, 2, across)) == 0
