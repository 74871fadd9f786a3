"""Python's operators on integers and a few of its functions, with Python's results; a division by zero gives zero."""

from __future__ import annotations

import operator
from functools import partial, reduce
from typing import Any

from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen.translation.values import as_condition, as_integer
from nb_sepconv.kernels.cpu.codegen.vector import INTP


def _compare(sign: str, builder: Any, a: Any, b: Any) -> Any:
    return builder.icmp_signed(sign, a, b)


def _instruction(name: str, builder: Any, a: Any, b: Any) -> Any:
    return getattr(builder, name)(a, b)


def _divided(builder: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Quotient and remainder as processors round them, and whether Python's differ; the divisor is not zero."""
    remainder = builder.srem(a, b)
    signs_differ = builder.icmp_signed("<", builder.xor(remainder, b), INTP(0))
    differ = builder.and_(signs_differ, builder.icmp_signed("!=", remainder, INTP(0)))
    return builder.sdiv(a, b), remainder, differ


def _unless_zero(divide: Any, builder: Any, a: Any, b: Any) -> Any:
    if isinstance(b, ir.Constant) and b.constant:
        return divide(builder, a, b)
    is_zero = builder.icmp_signed("==", b, INTP(0))
    return builder.select(is_zero, INTP(0), divide(builder, a, builder.select(is_zero, INTP(1), b)))


def _floor(builder: Any, a: Any, b: Any) -> Any:
    quotient, _, differ = _divided(builder, a, b)
    return builder.sub(quotient, builder.zext(differ, INTP))


def _modulo(builder: Any, a: Any, b: Any) -> Any:
    _, remainder, differ = _divided(builder, a, b)
    return builder.select(differ, builder.add(remainder, b), remainder)


BINARY: dict[Any, Any] = {
    operator.add: partial(_instruction, "add"),
    operator.sub: partial(_instruction, "sub"),
    operator.mul: partial(_instruction, "mul"),
    operator.floordiv: partial(_unless_zero, _floor),
    operator.mod: partial(_unless_zero, _modulo),
    operator.lshift: partial(_instruction, "shl"),
    operator.rshift: partial(_instruction, "ashr"),
    operator.and_: partial(_instruction, "and_"),
    operator.or_: partial(_instruction, "or_"),
    operator.xor: partial(_instruction, "xor"),
    operator.lt: partial(_compare, "<"),
    operator.le: partial(_compare, "<="),
    operator.gt: partial(_compare, ">"),
    operator.ge: partial(_compare, ">="),
    operator.eq: partial(_compare, "=="),
    operator.ne: partial(_compare, "!="),
}


def binary(builder: Any, function: Any, a: Any, b: Any) -> Any:
    """The result of one of Python's operators, as the module ``operator`` names it."""
    return BINARY[function](builder, as_integer(builder, a), as_integer(builder, b))


UNARY: dict[Any, Any] = {
    operator.not_: lambda builder, a: builder.not_(as_condition(builder, a)),
    operator.neg: lambda builder, a: builder.neg(as_integer(builder, a)),
    operator.invert: lambda builder, a: builder.not_(as_integer(builder, a)),
    operator.pos: as_integer,
}


def _extreme(sign: str, builder: Any, *values: Any) -> Any:
    def better(a: Any, b: Any) -> Any:
        return builder.select(builder.icmp_signed(sign, b, a), b, a)

    return reduce(better, [as_integer(builder, value) for value in values])


FUNCTIONS: dict[Any, Any] = {
    min: partial(_extreme, "<"),
    max: partial(_extreme, ">"),
    int: as_integer,
    bool: as_condition,
    tuple: lambda builder, items: tuple(items),
}
