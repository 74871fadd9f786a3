"""Functions that are compiled once and called by their address: LLVM instructions of ours, and Python through Numba.

An address keeps a big inner loop out of the modules of its callers: it is compiled once, and only when it is used.
Every argument is an intp, an address or a count; instructions of ours return nothing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.collecting import collected_later
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.linking import OptimizedOnce, linked_alone
from nb_sepconv.kernels.cpu.codegen.pipeline import ShortPipeline, TranslatedOnce
from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.store.units import Compiled, address_of

OPTIONS: dict[str, bool | str] = {
    "nopython": True,
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def compiled(function: Any) -> Any:
    """A decorator for a function that other compiled functions alone call."""
    return TranslatedOnce(function, {}, OPTIONS)


def compile_ir(name: Any, arity: Any, emit: Any) -> Any:
    """The address of a function of ``arity`` arguments that ``emit(builder, *arguments)`` writes."""

    def emit_whole(builder: Any, *arguments: Any) -> None:
        emit(builder, *arguments)
        builder.ret_void()

    return compile_function(name, ir.FunctionType(ir.VoidType(), [INTP] * arity), emit_whole)


@global_compiler_lock
def compile_function(name: Any, shape: Any, emit: Any) -> Any:
    """The address of a function of LLVM's type ``shape`` that ``emit(builder, *arguments)`` writes to its end."""
    return address_of(name, lambda: _emitted(name, shape, emit))


@collected_later()
def _emitted(name: Any, shape: Any, emit: Any) -> Compiled:
    library = OptimizedOnce(cpu_target.target_context.codegen(), name)
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

    @compile_once
    def address() -> Any:
        return address_of(name, lambda: _translated(name, function, returns))

    return address


@collected_later()
def _translated(name: Any, function: Any, returns: Any) -> Compiled:
    """Numba's translation, and around it a function that takes what C would give it, whose errors are forgotten."""
    arguments = (types.intp,) * function.__code__.co_argcount
    typing, target = cpu_target.typing_context, cpu_target.target_context
    library = OptimizedOnce(target.codegen(), name)
    library.enable_object_caching()
    with linked_alone(target.codegen()):
        result = compile_extra(typing, target, function, arguments, returns, _flags(), {}, library, ShortPipeline)
    module = library.create_ir_module(name)
    inner = target.call_conv
    shape = ir.FunctionType(ir.VoidType() if returns == types.void else INTP, [INTP] * len(arguments))
    builder = ir.IRBuilder(ir.Function(module, shape, name).append_basic_block("entry"))
    translated = target.declare_function(module, result.fndesc)
    _, value = inner.call_function(builder, translated, returns, arguments, builder.function.args)
    builder.ret_void() if returns == types.void else builder.ret(value)
    library.add_ir_module(module)
    library.finalize()
    return Compiled(library, name)


def _flags() -> Any:
    flags = Flags()
    flags.error_model = "numpy"
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.no_compile = True  # not before the function around it is there
    return flags
