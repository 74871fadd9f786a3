"""How much a unit is optimized: inner loops by all that Numba has, the functions around them by a few passes.

Those call an inner loop by address for each tile, panel or piece of rows. All passes would take ten times as long as
translating them, and save some nanoseconds of each call.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from numba.core.codegen import JITCodeLibrary


class OptimizedOnce(JITCodeLibrary):
    """A library that is optimized as a whole, and no function before that."""

    def _optimize_functions(self, module):
        module.data_layout = self._codegen._data_layout


class Simplified(OptimizedOnce):
    """A library whose variables get registers, and whose short functions are inlined; little more is done."""

    def _optimize_final_module(self):
        passes = llvm.create_new_module_pass_manager()
        if not hasattr(passes, "add_sroa_pass"):  # of an older llvmlite
            super()._optimize_final_module()
            return
        passes.add_always_inliner_pass()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        passes.run(
            self._final_module, llvm.create_pass_builder(self._codegen._tm, llvm.create_pipeline_tuning_options())
        )
