"""Functions that are compiled once and called by their address: LLVM instructions of ours, and Python through Numba.

An address keeps a big inner loop out of the modules of its callers: it is compiled once, and only when it is used.
Every argument is an intp, an address or a count; nothing is returned.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import cfunc, njit, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.vector import INTP

_libraries = []  # machine code lives as long as its library,
_cfuncs = []  # or as long as Numba's object for it

# For a function that other compiled functions alone call.
compiled: Any = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@global_compiler_lock
def compile_ir(name: Any, arity: Any, emit: Any) -> Any:
    """The address of a function of ``arity`` arguments that ``emit(builder, *arguments)`` writes."""
    codegen = cpu_target.target_context.codegen()
    library = codegen.create_library(name)
    module = library.create_ir_module(name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INTP] * arity), name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit(builder, *function.args)
    builder.ret_void()
    library.add_ir_module(module)
    library.finalize()
    _libraries.append(library)
    return library.get_pointer_to_function(name)


def pointer_to(function: Any) -> Any:
    """A function that returns the address of the Python ``function``, which the first call compiles."""

    @compile_once
    def address():
        compiled_function = cfunc(types.void(*[types.intp] * function.__code__.co_argcount), nopython=True)(function)
        _cfuncs.append(compiled_function)
        return compiled_function.address

    return address
