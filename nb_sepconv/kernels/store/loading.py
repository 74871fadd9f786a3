"""Machine code in memory, ready to be called."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import config

from nb_sepconv.kernels.store.unit_file import Unit

_engines: list[Any] = []  # machine code lives as long as its engine


def address_in_memory(unit: Unit) -> int | None:
    """The address of a unit's function, None where this process has not all that it calls.

    Every unit has an engine of its own: functions within units have names that were counted in other processes, where
    the same name may have meant something else.
    """
    if not has_functions(unit.needs):
        return None
    engine = _new_engine(unit.name)
    engine.add_object_file(llvm.ObjectFileRef.from_data(unit.code))
    engine.finalize_object()
    address = engine.get_function_address(unit.symbol)
    if not address:
        return None
    _engines.append(engine)
    return address


def has_functions(names: Iterable[str]) -> bool:
    """Whether this process has all functions of these names."""
    _open_process()
    return all(llvm.address_of_symbol(name) for name in names)


@cache
def _open_process() -> Any:
    """An engine; making the first one lets LLVM look for functions in the whole process."""
    return _new_engine("process")


def _new_engine(name: str) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(str(ir.Module(name)))
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(module, machine, use_lmm=config.USE_LLVMLITE_MEMORY_MANAGER)
