"""Integers that threads share, and what a processor keeps for each thread, as LLVM instructions on addresses.

All accesses here are sequentially consistent: going to sleep is announced and then work is looked for, while work is
announced and then sleepers are looked for, and one of the two must see the other. Acquire and release allow neither to.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named

ORDER = "seq_cst"
BYTES = 8
VOID: Any = ir.VoidType()
NUMBER: Any = ir.IntType(32)


def _place(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, INTP.as_pointer())


@intrinsic
def load_shared(typingctx: Any, address: Any) -> Any:
    def codegen(context, builder, signature, arguments):
        return builder.load_atomic(_place(builder, arguments[0]), ORDER, BYTES)

    return types.intp(types.intp), codegen


@intrinsic
def store_shared(typingctx: Any, value: Any, address: Any) -> Any:
    def codegen(context, builder, signature, arguments):
        builder.store_atomic(arguments[0], _place(builder, arguments[1]), ORDER, BYTES)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), codegen


def _read_and(operation: Any) -> Any:
    """An intrinsic ``change(value, address)`` that gives what was there before."""

    def typed():
        def codegen(context, builder, signature, arguments):
            return builder.atomic_rmw(operation, _place(builder, arguments[1]), arguments[0], ORDER)

        return types.intp(types.intp, types.intp), codegen

    @intrinsic
    def change(typingctx, value, address):
        return typed()

    return change


add_shared: Any = _read_and("add")
keep_bits_shared: Any = _read_and("and")


@intrinsic
def replace_shared(typingctx: Any, expected: Any, value: Any, address: Any) -> Any:
    """Whether the expected value was there; the other one is now."""

    def codegen(context, builder, signature, arguments):
        pair = builder.cmpxchg(_place(builder, arguments[2]), arguments[0], arguments[1], ORDER)
        return builder.extract_value(pair, 1)

    return types.boolean(types.intp, types.intp, types.intp), codegen


def architecture() -> Any:
    """ "x86", "arm" or "other": the processors whose own instructions are used here."""
    name = llvm.get_process_triple().partition("-")[0]
    return {"x86_64": "x86", "aarch64": "arm", "arm64": "arm"}.get(name, "other")


def emit_pause(builder: Any, processor: Any) -> Any:
    if processor == "x86":
        call_named(builder, "llvm.x86.sse2.pause", VOID, [])
    elif processor == "arm":
        call_named(builder, "llvm.aarch64.hint", VOID, [NUMBER(1)])  # yield


def emit_get_float_control(builder: Any, processor: Any) -> Any:
    if processor == "x86":
        register = alloca_once(builder, NUMBER)
        call_named(builder, "llvm.x86.sse.stmxcsr", VOID, [register])
        return builder.zext(builder.load(register), INTP)
    return call_named(builder, "llvm.aarch64.get.fpcr", INTP, []) if processor == "arm" else INTP(0)


def emit_set_float_control(builder: Any, processor: Any, value: Any) -> Any:
    if processor == "x86":
        register = alloca_once(builder, NUMBER)
        builder.store(builder.trunc(value, NUMBER), register)
        call_named(builder, "llvm.x86.sse.ldmxcsr", VOID, [register])
    elif processor == "arm":
        call_named(builder, "llvm.aarch64.set.fpcr", VOID, [value])


@intrinsic
def pause(typingctx: Any) -> Any:
    """Leave the core's resources to its other thread for a moment."""

    def codegen(context, builder, signature, arguments):
        emit_pause(builder, architecture())
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def get_float_control(typingctx: Any) -> Any:
    """The calling thread's rounding, and whether it takes denormals for zeros."""

    def codegen(context, builder, signature, arguments):
        return emit_get_float_control(builder, architecture())

    return types.intp(), codegen


@intrinsic
def set_float_control(typingctx: Any, value: Any) -> Any:
    def codegen(context, builder, signature, arguments):
        emit_set_float_control(builder, architecture(), arguments[0])
        return context.get_dummy_value()

    return types.void(types.intp), codegen
