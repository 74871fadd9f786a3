"""The inner loops of a unit by name, each compiled for so many parts when it is first asked for."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.function_pointers import compile_ir
from nb_sepconv.kernels.cpu.codegen.storage import storage


def field_of(name: Any) -> Any:
    """The field that holds the address of a procedure."""
    return name.replace(":", "_")


@compile_once
def procedure(name: Any, unit: Any, parts: Any) -> Any:
    """The address of a compiled inner loop for a unit, compiled when it is first asked for."""
    arity, emit = UNITS[unit].emitter(name, storage("float32").lanes, parts)
    return compile_ir(f"nb_sepconv.{unit}.{name}.{parts}", arity, emit)
