"""The body of one function: Numba's statements, one after the other, as LLVM instructions.

A variable that outlives a block is kept in memory, of which LLVM makes registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from llvmlite import ir as llvm
from numba.core import ir
from numba.core.errors import TypingError

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.translation.calls import call
from nb_sepconv.kernels.cpu.codegen.translation.counting import begun, next_turn
from nb_sepconv.kernels.cpu.codegen.translation.operators import UNARY, binary
from nb_sepconv.kernels.cpu.codegen.translation.reading import reading_of
from nb_sepconv.kernels.cpu.codegen.translation.values import (
    Fields,
    Known,
    as_condition,
    integers_of,
    of_object,
    shape_of,
    shaped,
)
from nb_sepconv.kernels.cpu.codegen.vector import INTP


class Body:
    """The body of ``made``, a function without blocks, from the Python ``function`` and the values of its arguments.

    ``call(builder, function, arguments)`` emits calls of other Python functions. ``result`` is the shape of what it
    returns, once it is translated.
    """

    def __init__(self, made: Any, function: Any, arguments: Any, call: Callable[..., Any]) -> None:
        self.result: Any = None
        self._function, self._arguments, self._call = function, arguments, call
        self._reading = reading_of(function)
        self._entry = made.append_basic_block("entry")
        self._blocks = {at: made.append_basic_block() for at in self._reading.blocks}
        self._builder = llvm.IRBuilder(self._entry)
        self._steady: dict[str, Any] = {}  # variables that never change: their values
        self._kept: dict[str, Any] = {}  # others that outlive a block: their shape, and where their integers are
        self._now: dict[Any, Any] = {}  # the values that variables, and fields, have in this block
        self._returns: list[Any] = []

    def translate(self) -> None:
        """Translate all statements but those that return."""
        for at, block in self._reading.blocks.items():
            self._builder.position_at_end(self._blocks[at])
            self._now = dict(self._steady)
            for statement in block:
                try:
                    self._STATEMENTS[type(statement)](self, statement)
                except (KeyError, TypeError, AttributeError, StopIteration) as error:
                    name = self._function.__qualname__
                    raise TypingError(f"Not to be translated in {name}: {statement}", loc=statement.loc) from error
        self._builder.position_at_end(self._entry)
        self._builder.branch(next(iter(self._blocks.values())))

    def finish(self) -> None:
        """Return, where the function does."""
        for block, integers in self._returns:
            self._builder.position_at_end(block)
            if not integers:
                self._builder.ret_void()
            elif len(integers) == 1:
                self._builder.ret(integers[0])
            else:
                self._builder.ret(self._together(integers))

    def _together(self, integers: Any) -> Any:
        whole = llvm.Constant(llvm.LiteralStructType([INTP] * len(integers)), llvm.Undefined)
        for i, each in enumerate(integers):
            whole = self._builder.insert_value(whole, each, i)
        return whole

    def _value(self, variable: Any) -> Any:
        """What a variable holds."""
        name = variable.name
        if name not in self._now:
            shape, places = self._kept[name]
            self._now[name] = shaped(shape, map(self._builder.load, places))
        return self._now[name]

    def _assign(self, statement: Any) -> None:
        name, given = statement.target.name, statement.value
        self._now[name] = value = self._RIGHT_SIDES[type(given)](self, given)
        if name in self._reading.steady:
            self._steady[name] = value
        elif name in self._reading.changing:
            integers, shape = integers_of(self._builder, value), shape_of(value)
            kept, places = self._kept.setdefault(name, (shape, [self._new_place() for _ in integers]))
            if kept != shape:
                raise TypeError(f"{name} is {kept}, and now {shape}")
            for each, place in zip(integers, places, strict=True):
                self._builder.store(each, place)

    def _new_place(self, count: int = 1) -> Any:
        with self._builder.goto_block(self._entry):
            return self._builder.alloca(INTP, count if count > 1 else None)

    def _branch(self, statement: Any) -> None:
        condition = as_condition(self._builder, self._value(statement.cond))
        self._builder.cbranch(condition, self._blocks[statement.truebr], self._blocks[statement.falsebr])

    def _jump(self, statement: Any) -> None:
        self._builder.branch(self._blocks[statement.target])

    def _return(self, statement: Any) -> None:
        value = self._value(statement.value)
        if self.result not in (None, shape_of(value)):
            raise TypeError(f"returns {self.result}, and here {shape_of(value)}")
        self.result = shape_of(value)
        self._returns.append((self._builder.block, integers_of(self._builder, value)))

    def _expression(self, expression: Any) -> Any:
        return self._EXPRESSIONS[expression.op](self, expression)

    def _call_of(self, expression: Any) -> Any:
        arguments = [self._value(each) for each in expression.args]
        if expression.vararg is not None:
            arguments += self._value(expression.vararg)
        named = {name: self._value(each) for name, each in expression.kws}
        return call(self._builder, self._value(expression.func).object, arguments, named, self._call)

    def _attribute(self, expression: Any) -> Any:
        value, name = self._value(expression.value), expression.attr
        if isinstance(value, Known):
            return of_object(getattr(value.object, name))
        if not isinstance(value, Fields):
            return getattr(value, name)
        if (value.address, name) not in self._now:
            self._now[value.address, name] = self._loaded(value, name)
        return self._now[value.address, name]

    def _loaded(self, value: Any, name: str) -> Any:
        """A field, which nobody changes while a function runs."""
        if name not in value.kind._fields:
            raise AttributeError(f"{value.kind.__name__} has no {name}")
        at = self._builder.add(value.address, INTP(value.kind._fields.index(name) * INTP_BYTES))
        return self._builder.load(self._builder.inttoptr(at, INTP.as_pointer()))

    def _binary(self, expression: Any) -> Any:
        function = expression.immutable_fn if expression.op == "inplace_binop" else expression.fn
        left, right = self._value(expression.lhs), self._value(expression.rhs)
        if isinstance(left, tuple) and isinstance(right, tuple):
            return function(left, right)
        return binary(self._builder, function, left, right)

    def _unary(self, expression: Any) -> Any:
        return UNARY[expression.fn](self._builder, self._value(expression.value))

    def _tuple(self, expression: Any) -> Any:
        return tuple(self._value(each) for each in expression.items)

    def _all_items(self, expression: Any) -> Any:
        value = self._value(expression.value)
        if len(value) != expression.count:
            raise TypeError(f"{len(value)} values for {expression.count} names")
        return value

    def _item(self, expression: Any) -> Any:
        return self._value(expression.value)[expression.index]

    def _begin_loop(self, expression: Any) -> Any:
        return begun(self._builder, self._value(expression.value), self._new_place)

    def _next_turn(self, expression: Any) -> Any:
        return next_turn(self._builder, self._value(expression.value).object)

    def _integer_of_turn(self, expression: Any) -> Any:
        return self._value(expression.value).object.integer

    def _whether_there_is_a_turn(self, expression: Any) -> Any:
        return self._value(expression.value).object.exists

    def _same(self, expression: Any) -> Any:
        return self._value(expression.value)

    _STATEMENTS: ClassVar[dict[Any, Any]] = {
        ir.Assign: _assign,
        ir.Branch: _branch,
        ir.Jump: _jump,
        ir.Return: _return,
    }
    _RIGHT_SIDES: ClassVar[dict[Any, Any]] = {
        ir.Arg: lambda self, argument: self._arguments[argument.index],
        ir.Var: _value,
        ir.Const: lambda self, constant: of_object(constant.value),
        ir.Global: lambda self, found: of_object(found.value),
        ir.FreeVar: lambda self, found: of_object(found.value),
        ir.Expr: _expression,
    }
    _EXPRESSIONS: ClassVar[dict[str, Any]] = {
        "call": _call_of,
        "getattr": _attribute,
        "binop": _binary,
        "inplace_binop": _binary,
        "unary": _unary,
        "build_tuple": _tuple,
        "exhaust_iter": _all_items,
        "static_getitem": _item,
        "getiter": _begin_loop,
        "iternext": _next_turn,
        "pair_first": _integer_of_turn,
        "pair_second": _whether_there_is_a_turn,
        "cast": _same,
    }
