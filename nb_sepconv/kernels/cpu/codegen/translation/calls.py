"""Calls within translated functions: of intrinsics, of C's functions, and of other Python functions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.core.extending import _Intrinsic
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.fields import FieldsAddress
from nb_sepconv.kernels.cpu.codegen.translation.counting import counted
from nb_sepconv.kernels.cpu.codegen.translation.operators import FUNCTIONS
from nb_sepconv.kernels.cpu.codegen.translation.values import NONE, Fields, as_integer
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named


def call(builder: Any, callee: Any, arguments: Any, named: Any, translated: Callable[..., Any]) -> Any:
    """The value of a call; ``translated(builder, function, arguments)`` calls a Python function."""
    if callee in FUNCTIONS:
        return FUNCTIONS[callee](builder, *arguments)
    if callee is range:
        return counted(builder, *arguments)
    if isinstance(callee, _Intrinsic):
        return _of_intrinsic(builder, callee, arguments)
    if isinstance(callee, types.ExternalFunction):
        return _of_c(builder, callee, arguments)
    if named:
        arguments = signature(callee).bind(*arguments, **named).args
    if isinstance(callee, type) and issubclass(callee, tuple) and hasattr(callee, "_make"):
        return callee(*arguments)
    if not callable(callee) or isinstance(callee, type):
        raise TypingError(f"Not a function that can be called here: {callee!r}")
    return translated(builder, callee, arguments)


def _of_intrinsic(builder: Any, intrinsic: Any, arguments: Any) -> Any:
    given = [FieldsAddress(each.kind) if isinstance(each, Fields) else types.intp for each in arguments]
    typed, generate = intrinsic._defn(cpu_target.typing_context, *given)
    values = [each.address if isinstance(each, Fields) else as_integer(builder, each) for each in arguments]
    result = generate(cpu_target.target_context, builder, typed, values)
    if typed.return_type == types.void:
        return NONE
    return Fields(typed.return_type.kind, result) if isinstance(typed.return_type, FieldsAddress) else result


def _of_c(builder: Any, function: Any, arguments: Any) -> Any:
    """A function by its name, whose integers may have fewer bits than ours."""
    widths = [ir.IntType(each.bitwidth) for each in (*function.sig.args, function.sig.return_type)]
    values = [
        _resized(builder, as_integer(builder, value), width)
        for value, width in zip(arguments, widths[:-1], strict=True)
    ]
    return _resized(builder, call_named(builder, function.symbol, widths[-1], values), INTP)


def _resized(builder: Any, value: Any, width: Any) -> Any:
    if value.type == width:
        return value
    return builder.trunc(value, width) if width.width < value.type.width else builder.sext(value, width)
