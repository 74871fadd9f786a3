"""Functions that are compiled once and called by their address: LLVM instructions of ours, and translated Python.

An address keeps a big inner loop out of the modules of its callers: it is compiled once, and only when it is used.
Every argument is an intp, an address or a count; instructions of ours return nothing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.collecting import collected_later
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.optimizing import OptimizedOnce, Simplified
from nb_sepconv.kernels.cpu.codegen.translation.functions import emit_translated
from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.store.units import Compiled, address_of


def compiled(function: Any) -> Any:
    """Marks a function that other compiled functions alone call."""
    return function


def compile_ir(name: Any, arity: Any, emit: Any) -> Any:
    """The address of a function of ``arity`` arguments that ``emit(builder, *arguments)`` writes."""

    def emit_whole(builder: Any, *arguments: Any) -> None:
        emit(builder, *arguments)
        builder.ret_void()

    return compile_function(name, ir.FunctionType(ir.VoidType(), [INTP] * arity), emit_whole)


@global_compiler_lock
def compile_function(name: Any, shape: Any, emit: Any, optimized: Any = OptimizedOnce) -> Any:
    """The address of a function of LLVM's type ``shape`` that ``emit(builder, *arguments)`` writes to its end.

    ``optimized`` is a class of libraries, which optimize what they hold.
    """
    return address_of(name, lambda: _emitted(name, shape, emit, optimized))


@collected_later()
def _emitted(name: Any, shape: Any, emit: Any, optimized: Any) -> Compiled:
    library = optimized(cpu_target.target_context.codegen(), name)
    library.enable_object_caching()
    module = library.create_ir_module(name)
    function = ir.Function(module, shape, name)
    emit(ir.IRBuilder(function.append_basic_block("entry")), *function.args)
    library.add_ir_module(module)
    library.finalize()
    return Compiled(library, name)


def pointer_to(function: Any, name: Any = None, returns: Any = types.void) -> Any:
    """A function that returns the address of the Python ``function``, which the first call compiles.

    Args:
        function: of intps, in the words of Numba.
        name: of the unit. Default that of the function and its module.
        returns: void, or intp.
    """
    name = name or f"{function.__module__}.{function.__qualname__}"
    shape = ir.FunctionType(ir.VoidType() if returns == types.void else INTP, [INTP] * function.__code__.co_argcount)

    def emit(builder: Any, *arguments: Any) -> None:
        value = emit_translated(function, builder, *arguments)
        builder.ret_void() if returns == types.void else builder.ret(value)

    @compile_once
    def address() -> Any:
        return compile_function(name, shape, emit, Simplified)

    return address
