"""Numba's way from Python to LLVM, without the passes that change nothing in functions of integers.

It leaves out closures, inlined overloads, constants that prune branches, array expressions and exceptions.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import typed_passes as typed
from numba.core import untyped_passes as untyped
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager
from numba.core.registry import CPUDispatcher

PASSES: Any = (
    untyped.TranslateByteCode,
    untyped.FixupArgs,
    untyped.IRProcessing,
    untyped.ReconstructSSA,
    typed.NopythonTypeInference,
    typed.PreLowerStripPhis,
    typed.IRLegalization,
    typed.AnnotateTypes,
    typed.NativeLowering,
    typed.NoPythonBackend,
)


class ShortPipeline(CompilerBase):
    """The passes that translate, in their order."""

    def define_pipelines(self) -> list[PassManager]:
        """One series of passes."""
        passes = PassManager("short")
        for each in PASSES:
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


class TranslatedOnce(CPUDispatcher):
    """A function that compiled functions call, translated once for all integers, constants among them."""

    def __init__(
        self, py_func: Any, locals: Any, targetoptions: Any, pipeline_class: type[CompilerBase] = ShortPipeline
    ) -> None:
        super().__init__(py_func, locals, targetoptions, pipeline_class)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """The template for a call with arguments of these types."""
        named = {name: types.unliteral(each) for name, each in kws.items()}
        return super().get_call_template([types.unliteral(each) for each in args], named)
