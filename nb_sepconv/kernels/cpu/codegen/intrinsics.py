"""What compiled loops say that Numba has no word for: calls by address, raw memory, and an atomic counter."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once, get_or_insert_function, memset, raw_memcpy
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.codegen.vector import INTP

BYTES = ir.IntType(8).as_pointer()


def caller(arity: Any) -> Any:
    """An intrinsic ``call(address, *arguments)`` of ``arity`` intp arguments."""

    def codegen(context, builder, signature, arguments):
        shape = ir.FunctionType(ir.VoidType(), [INTP] * arity)
        builder.call(builder.inttoptr(arguments[0], shape.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    def typed(*given):
        return types.void(*[types.intp] * (arity + 1)), codegen

    # Numba reads the arity from the function's own parameters.
    names = ", ".join(["address", *(f"a{i}" for i in range(arity))])
    scope = {"typed": typed}
    exec(f"def call(typingctx, {names}):\n    return typed({names})", scope)
    return intrinsic(scope["call"])


call2, call3, call4, call5, call6, call7, call8, call9, call10, call11 = map(caller, range(2, 12))


@intrinsic
def address_of(typingctx: Any, array: Any) -> Any:
    """The address of an array's first element."""

    def codegen(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(view.data, INTP)

    return types.intp(array), codegen


@intrinsic
def allocate(typingctx: Any, size: Any) -> Any:
    """The address of so many bytes of memory, 0 where there are none."""

    def codegen(context, builder, signature, arguments):
        shape = ir.FunctionType(BYTES, [INTP])
        malloc = get_or_insert_function(builder.module, shape, "malloc")
        return builder.ptrtoint(builder.call(malloc, [arguments[0]]), INTP)

    return types.intp(types.intp), codegen


@intrinsic
def release(typingctx: Any, address: Any) -> Any:
    """Give the memory back."""

    def codegen(context, builder, signature, arguments):
        free = get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [BYTES]), "free")
        builder.call(free, [builder.inttoptr(arguments[0], BYTES)])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@intrinsic
def clear_bytes(typingctx: Any, address: Any, size: Any) -> Any:
    """Zeros for so many bytes."""

    def codegen(context, builder, signature, arguments):
        memset(builder, builder.inttoptr(arguments[0], BYTES), arguments[1], 0)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen


@intrinsic
def copy_bytes(typingctx: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy so many bytes, which do not overlap."""

    def codegen(context, builder, signature, arguments):
        to, of = (builder.inttoptr(address, BYTES) for address in arguments[:2])
        raw_memcpy(builder, to, of, arguments[2], INTP(1))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def stack_memory(typingctx: Any) -> Any:
    """The address of two cache lines on the stack, good until the calling function returns."""

    def codegen(context, builder, signature, arguments):
        return builder.ptrtoint(alloca_once(builder, INTP, 16), INTP)

    return types.intp(), codegen


@intrinsic
def data_of(typingctx: Any, array_id: Any) -> Any:
    """The address of the first element of the NumPy array whose ``id`` this is.

    NumPy's C interface fixes it as the first field behind the object's header; asking the array from Python for it
    takes longer than a small convolution.
    """

    def codegen(context, builder, signature, arguments):
        field = builder.add(arguments[0], INTP(object.__basicsize__))
        return builder.load(builder.inttoptr(field, INTP.as_pointer()))

    return types.intp(types.intp), codegen


@intrinsic
def store_intp(typingctx: Any, value: Any, address: Any) -> Any:
    def codegen(context, builder, signature, arguments):
        builder.store(arguments[0], builder.inttoptr(arguments[1], INTP.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen


@intrinsic
def load_intp(typingctx: Any, address: Any) -> Any:
    def codegen(context, builder, signature, arguments):
        return builder.load(builder.inttoptr(arguments[0], INTP.as_pointer()))

    return types.intp(types.intp), codegen


@intrinsic
def take_ticket(typingctx: Any, counter: Any) -> Any:
    """The counter's value at this address, which one thread alone gets, and the next one for whoever asks next."""

    def codegen(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[0], INTP.as_pointer())
        return builder.atomic_rmw("add", pointer, INTP(1), "monotonic")

    return types.intp(types.intp), codegen
