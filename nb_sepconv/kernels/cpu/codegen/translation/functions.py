"""Functions of one LLVM module, each translated once for arguments of the same shapes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen.translation.statements import Body
from nb_sepconv.kernels.cpu.codegen.translation.values import NONE, integers_in, integers_of, shape_of, shaped
from nb_sepconv.kernels.cpu.codegen.vector import INTP

STRAIGHT_BLOCKS = 2  # its variables' places, and its instructions


def emit_translated(function: Any, builder: Any, *arguments: Any) -> Any:
    """Emit a call of the Python ``function`` of intps, translated, and return its value: an intp or None."""
    functions = Functions(builder.module)
    value = functions.call(builder, function, arguments)
    functions.inline()
    return None if value == NONE else integers_of(builder, value)[0]


class Functions:
    """The functions of ``module`` that were Python's."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._made: dict[Any, Any] = {}
        self._calls: Counter[Any] = Counter()

    def call(self, builder: Any, function: Any, arguments: Any) -> Any:
        """Emit a call, and the function where there is none yet for such arguments."""
        shapes = tuple(map(shape_of, arguments))
        if (function, shapes) not in self._made:
            self._made[function, shapes] = self._translated(function, shapes)
        made, result = self._made[function, shapes]
        self._calls[made] += 1
        value = builder.call(made, [each for argument in arguments for each in integers_of(builder, argument)])
        count = integers_in(result)
        parts = [value] if count == 1 else [builder.extract_value(value, i) for i in range(count)]
        return shaped(result, iter(parts))

    def inline(self) -> None:
        """Let those be inlined that are called from one place, or have neither loops nor branches."""
        for made, calls in self._calls.items():
            if calls == 1 or len(made.blocks) == STRAIGHT_BLOCKS:
                made.attributes.add("alwaysinline")

    def _translated(self, function: Any, shapes: Any) -> tuple[Any, Any]:
        """The function, and the shape of what it returns."""
        kind = ir.FunctionType(ir.VoidType(), [INTP] * sum(map(integers_in, shapes)))
        made = ir.Function(self._module, kind, self._module.get_unique_name(function.__name__))
        made.linkage = "internal"
        made.attributes.add("nounwind")
        integers = iter(made.args)
        body = Body(made, function, [shaped(shape, integers) for shape in shapes], self.call)
        body.translate()
        _set_result(made, [INTP] * integers_in(body.result))
        body.finish()
        return made, body.result


def _set_result(function: Any, parts: Any) -> None:
    """What a function returns is known when its body is."""
    result = ir.VoidType() if not parts else parts[0] if len(parts) == 1 else ir.LiteralStructType(parts)
    function.ftype = ir.FunctionType(result, function.ftype.args)
    function.type = function.ftype.as_pointer()
    function.return_value = ir.values.ReturnValue(function, result)
