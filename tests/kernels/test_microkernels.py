"""What inner loops are made of."""

import pytest
from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen import load_store, microkernels, vector
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import ROW_GROUPS
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def instructions_of(arity, emit):
    """The text of an inner loop."""
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), [INTP] * arity), "loop")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit(builder, *function.args)
    return str(function)


def fetches_of(arity, emit):
    """How many prefetches an inner loop has."""
    return instructions_of(arity, emit).count('call void @"llvm.prefetch.p0"')


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("across", [False, True])
def test_groups_of_few_rows_fetch_the_lines_of_the_next_group(monkeypatch, dtype, across):
    lanes = storage(dtype).lanes
    monkeypatch.setattr(microkernels, "FETCH_ROWS", True)
    lines = sum(ceil_div(rows * lanes.bytes, ALIGNMENT) for rows in (*ROW_GROUPS, 1))
    assert fetches_of(*microkernels.multiply(lanes, 2, across)) == lines
    monkeypatch.setattr(microkernels, "FETCH_ROWS", False)
    assert fetches_of(*microkernels.multiply(lanes, 2, across)) == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("unit", "masked", "whole"), [(vector.AVX512, 1, 0), (vector.AVX2, 1, 1)])
def test_whole_vectors_are_stored_without_a_mask_where_masks_cost_time(monkeypatch, dtype, unit, masked, whole):
    stored = storage(dtype)
    monkeypatch.setattr(load_store, "vector_unit", lambda: unit)
    monkeypatch.setattr(stored, "store", counted(stores := [], stored.store))
    monkeypatch.setattr(stored, "store_whole", counted(whole_stores := [], stored.store_whole))
    instructions_of(*load_store.store_rows(stored))
    assert (len(stores), len(whole_stores)) == (masked, whole)


def counted(calls, function):
    def call(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return call
