"""Functions that Numba itself translates, because they compute with floats: compiled once, called by their address."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.compiler import Flags, compile_extra
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.collecting import collected_later
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.linking import linked_alone
from nb_sepconv.kernels.cpu.codegen.optimizing import OptimizedOnce
from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.store.units import Compiled, address_of


def numba_pointer_to(function: Any, name: Any) -> Any:
    """A function that returns the address of the Python ``function`` of intps, which returns one; ``name`` is the
    unit's. The first call compiles it.
    """

    @compile_once
    def address() -> Any:
        return address_of(name, lambda: _translated(name, function))

    return address


@collected_later()
def _translated(name: Any, function: Any) -> Compiled:
    """Numba's translation, and around it a function that takes what C would give it, whose errors are forgotten."""
    arguments = (types.intp,) * function.__code__.co_argcount
    typing, target = cpu_target.typing_context, cpu_target.target_context
    library = OptimizedOnce(target.codegen(), name)
    library.enable_object_caching()
    with linked_alone(target.codegen()):
        result = compile_extra(typing, target, function, arguments, types.intp, _flags(), {}, library)
    module = library.create_ir_module(name)
    shape = ir.FunctionType(INTP, [INTP] * len(arguments))
    builder = ir.IRBuilder(ir.Function(module, shape, name).append_basic_block("entry"))
    translated = target.declare_function(module, result.fndesc)
    _, value = target.call_conv.call_function(builder, translated, types.intp, arguments, builder.function.args)
    builder.ret(value)
    library.add_ir_module(module)
    library.finalize()
    return Compiled(library, name)


def _flags() -> Any:
    flags = Flags()
    flags.error_model = "numpy"
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.no_compile = True  # not before the function around it is there
    return flags
