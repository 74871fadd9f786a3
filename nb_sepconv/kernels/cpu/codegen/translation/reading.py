"""Numba's reading of a Python function: what its bytecode does, block by block, with names in place of a stack."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from numba.core import ir
from numba.core.bytecode import ByteCode, FunctionIdentity
from numba.core.interpreter import Interpreter

REMEMBERED = 256  # functions, more than all passes over a type call


class Reading(NamedTuple):
    """A function's blocks of statements by where they begin, in order, and the variables that outlive a block."""

    blocks: dict[int, Any]
    lasting: frozenset[str]


@lru_cache(REMEMBERED)
def reading_of(function: Any) -> Reading:
    """What a function does."""
    identity = FunctionIdentity.from_function(function)
    blocks = Interpreter(identity).interpret(ByteCode(identity)).blocks
    lasting: set[str] = set()
    for block in blocks.values():
        assigned: set[str] = set()
        for statement in block.body:
            lasting |= _read_by(statement) - assigned
            if isinstance(statement, ir.Assign):
                assigned.add(statement.target.name)
    return Reading({at: blocks[at] for at in sorted(blocks)}, frozenset(lasting))


def _read_by(statement: Any) -> set[str]:
    if not isinstance(statement, ir.Assign):
        read = statement.list_vars()
    elif isinstance(statement.value, ir.Var):
        read = [statement.value]
    else:
        read = statement.value.list_vars() if isinstance(statement.value, ir.Expr) else []
    return {each.name for each in read}
