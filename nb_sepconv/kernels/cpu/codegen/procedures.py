"""The inner loops by name, each compiled for a type when it is first asked for."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen import (
    derivatives,
    gradient_microkernels,
    load_store,
    microkernels,
    row_products,
    spreading,
    vectormath,
)
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.function_pointers import compile_ir
from nb_sepconv.kernels.cpu.codegen.storage import storage


def side_by_side(strides: Any, item: Any) -> str:
    """Which of (steps, channels) lie side by side in memory."""
    if strides[1] == item:
        return "rows"
    return "columns" if strides[0] == item else "items"


@compile_once
def procedure(dtype: Any, name: Any) -> Any:
    """The address of a compiled inner loop for a type, compiled when it is first asked for."""
    stored = storage(dtype)
    arity, emit = _emitter(stored, name)
    return compile_ir(f"nb_sepconv.{name}.{dtype}", arity, emit)


def _emitter(stored, name):
    if name in microkernels.BY_NAME:
        return microkernels.BY_NAME[name](stored.lanes)
    if name in gradient_microkernels.BY_NAME:
        return gradient_microkernels.BY_NAME[name](stored.lanes)
    if name in row_products.BY_NAME:
        return row_products.BY_NAME[name](stored.lanes)
    if name in spreading.BY_NAME:
        return spreading.BY_NAME[name](stored)
    if name.startswith("interleave_"):
        return spreading.interleave(stored, int(name.removeprefix("interleave_")))
    if name.startswith("differentiate_"):
        return derivatives.differentiate(stored.lanes, name.removeprefix("differentiate_"))
    if name in vectormath.ACTIVATIONS:
        return vectormath.activate(stored.lanes, name)
    return getattr(load_store, name)(stored)
