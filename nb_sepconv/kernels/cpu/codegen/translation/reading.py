"""Numba's reading of a Python function: what its bytecode does, block by block, with names in place of a stack."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

from numba.core import ir
from numba.core.bytecode import ByteCode, FunctionIdentity
from numba.core.interpreter import Interpreter

REMEMBERED = 256  # functions, more than all passes over a type call


class Reading(NamedTuple):
    """A function's blocks of statements by where they begin, in order, and the variables that outlive a block.

    ``steady`` are those that the first block assigns to, once; all others are ``changing``.
    """

    blocks: dict[int, Any]
    changing: frozenset[str]
    steady: frozenset[str]


@lru_cache(REMEMBERED)
def reading_of(function: Any) -> Reading:
    """What a function does."""
    identity = FunctionIdentity.from_function(function)
    read = Interpreter(identity).interpret(ByteCode(identity)).blocks
    blocks = {at: read[at].body for at in sorted(read)}
    lasting: set[str] = set()
    assignments: Counter[str] = Counter()
    for block in blocks.values():
        assigned: set[str] = set()
        for statement in block:
            lasting |= _read_by(statement) - assigned
            if isinstance(statement, ir.Assign):
                assigned.add(statement.target.name)
                assignments[statement.target.name] += 1
    first = {each.target.name for each in next(iter(blocks.values())) if isinstance(each, ir.Assign)}
    steady = {name for name in lasting & first if assignments[name] == 1}
    return Reading(blocks, frozenset(lasting - steady), frozenset(steady))


def _read_by(statement: Any) -> set[str]:
    if not isinstance(statement, ir.Assign):
        read = statement.list_vars()
    elif isinstance(statement.value, ir.Var):
        read = [statement.value]
    else:
        read = statement.value.list_vars() if isinstance(statement.value, ir.Expr) else []
    return {each.name for each in read}
