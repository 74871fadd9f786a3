"""Compiled functions that Python calls: by its own fast convention, which costs less than ctypes and needs no Numba.

One piece of machine code serves all functions of as many arguments: what Python passes as ``self`` is the address.
"""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.function_pointers import compile_function, pointer_to
from nb_sepconv.kernels.cpu.codegen.vector import INTP, call_named

METH_FASTCALL = 0x80
OBJECT = ir.IntType(8).as_pointer()
ENTRY = ir.FunctionType(OBJECT, [OBJECT, OBJECT.as_pointer(), INTP])

_definitions: list[Any] = []  # Python keeps a pointer to them


class _Definition(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    ]


def callable_from_python(function: Any) -> Any:
    """A function that returns ``function``, of intps and with an intp for its result, compiled: it takes ints and
    returns an int, and lets other threads run meanwhile. It is used as a decorator.
    """
    address = pointer_to(function, returns=types.intp)
    return compile_once(lambda: entry_to(function, address()))


def entry_to(function: Any, address: int) -> Any:
    """The machine code of ``function`` at an address, for Python."""
    definition = _definition(function.__name__, function.__code__.co_argcount)
    return _new_function(ctypes.byref(definition), address, None)


def _new_function(*arguments: Any) -> Any:
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    return make(*arguments)


def _definition(name: Any, arity: Any) -> Any:
    definition = _Definition(name.encode(), _entry(arity), METH_FASTCALL, None)
    _definitions.append(definition)
    return definition


@compile_once
def _entry(arity: Any) -> Any:
    """The address of ``entry(self, arguments, count)`` for functions of ``arity`` arguments."""
    return compile_function(f"nb_sepconv.entry.{arity}", ENTRY, partial(_emit, arity))


def _emit(arity: Any, builder: Any, address: Any, arguments: Any, count: Any) -> None:
    with builder.if_then(builder.icmp_signed("!=", count, INTP(arity)), likely=False):
        call_named(builder, "PyErr_BadArgument", ir.IntType(32), [])
        builder.ret(OBJECT(None))
    objects = [address, *(builder.load(builder.gep(arguments, [INTP(i)])) for i in range(arity))]
    function, *values = [call_named(builder, "PyLong_AsSsize_t", INTP, [each]) for each in objects]
    failed = call_named(builder, "PyErr_Occurred", OBJECT, [])
    with builder.if_then(builder.icmp_unsigned("!=", failed, OBJECT(None)), likely=False):
        builder.ret(OBJECT(None))
    state = call_named(builder, "PyEval_SaveThread", OBJECT, [])
    shape = ir.FunctionType(INTP, [INTP] * arity)
    result = builder.call(builder.inttoptr(function, shape.as_pointer()), values)
    call_named(builder, "PyEval_RestoreThread", ir.VoidType(), [state])
    builder.ret(call_named(builder, "PyLong_FromSsize_t", OBJECT, [result]))
