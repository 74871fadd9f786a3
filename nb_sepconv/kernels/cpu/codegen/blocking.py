"""The register blocking of the micro-kernels: how many rows, steps, taps and vectors one iteration holds."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.vector import vector_unit

_MANY_REGISTERS = vector_unit().registers >= 32

# Rows of the pointwise micro-kernel; a last row may go alone.
ROW_GROUPS = (14, 8, 6, 4) if _MANY_REGISTERS else (6, 4)
# The same where a panel is one vector: as many accumulators hold twice the rows.
ROW_GROUPS_OF_VECTORS = ROW_GROUPS if _MANY_REGISTERS else (12, *ROW_GROUPS)
ROWS = ROW_GROUPS[0]  # with two vectors of filters, 28 of 32 registers or 12 of 16 are accumulators
STEPS = 16 if _MANY_REGISTERS else 8  # steps of the depthwise micro-kernel
ADJACENT = (4, 2, 1)  # taps whose rows follow one another, taken together
# Few rows of a group are multiplied before their neighbours can come from the second-level cache by themselves.
FETCH_ROWS = not _MANY_REGISTERS
FEW = 4  # rows or steps of the smaller groups, for what is left
PANEL_VECTORS = 2  # vectors of filters in a panel of pointwise weights
# Blocks of channels that are summed before the next multiplier's: 64 bytes, so that all vector units sum in one order.
BLOCKS_TOGETHER = 64 // vector_unit().width_bytes


@register_jitable
def whole_panels(width: Any) -> Any:
    """The least steps that are whole panels of steps and whole groups of the depthwise micro-kernel."""
    return max(STEPS, PANEL_VECTORS * width)
