"""A plan whose pointwise product is in parts: the FMA engine's problem, and what parts need beyond it."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.codegen.procedures import procedure
from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.bf16.forward.loops import parts_worker_address
from nb_sepconv.kernels.bf16.forward.packing import splitter_address
from nb_sepconv.kernels.bf16.forward.problem import Parts, PartsProblem
from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.forward.packing import packer_address, sharing_packer_address
from nb_sepconv.kernels.cpu.forward.plan import NEAR_BYTES, problem_of
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan

PART_BYTES = 2
SERIAL_SPLIT_BYTES = 128 * 1024  # of all packed weights: below this, waking threads to split costs more than they save


class PartsPlan(PreparedPlan):
    """The problem of one convolution for some workers, on a unit, with so many parts of each number."""

    worker_address: Any = staticmethod(parts_worker_address)
    packer_address: Any = staticmethod(packer_address)
    sharing_packer_address: Any = staticmethod(sharing_packer_address)

    def __init__(self, sizes: Any, workers: int, unit: Any, parts: Any) -> None:
        made = UNITS[unit]
        base = problem_of(sizes, workers, made.block_rows)
        found, scratch_bytes, packed_bytes = _parts(base, made, parts)
        base = base._replace(scratch_bytes=scratch_bytes, packed_bytes=packed_bytes)
        problem = PartsProblem(*base, *found)
        super().__init__(problem, workers, problem.panels)
        self.packing: str = f"{parts} parts for {unit}"

    def pack(self, depthwise: Any, pointwise: Any = None, bias: Any = None) -> Any:
        """The weights as the kernels read them, and the pointwise ones once more in parts."""
        buffer = super().pack(depthwise, pointwise, bias)
        self._launch_packing(splitter_address(), buffer, buffer, SERIAL_SPLIT_BYTES)
        return buffer


def _parts(p, unit, parts):
    """The fields, and the sizes of scratch memory and of the packed weights."""
    vector_bytes = p.width * p.item_bytes
    sum_steps = ceil_div(p.sum_blocks * p.multiplier, 2)
    row_blocks = ceil_div(p.tile_rows, unit.block_rows)
    row_block_bytes = (sum_steps * parts * unit.block_rows + 1) * vector_bytes  # apart: not a multiple of a page
    row_parts = aligned(p.scratch_bytes)
    row_ranges = row_parts + row_blocks * row_block_bytes
    tile_sums = aligned(row_ranges + p.tile_rows * 2 * INTP_BYTES)
    saved_rows = tile_sums + row_blocks * unit.block_rows * PANEL_VECTORS * vector_bytes
    scratch_bytes = saved_rows + p.tile_rows * PANEL_VECTORS * vector_bytes
    weight_bytes = parts * p.width * vector_bytes
    weight_parts = aligned(p.packed_bytes)
    sums = ceil_div(p.blocks, p.sum_blocks)
    weight_ranges = weight_parts + p.panels * PANEL_VECTORS * sums * sum_steps * weight_bytes
    zero_row = aligned(weight_ranges + p.panels * 2 * INTP_BYTES)
    found = Parts(
        sum_steps=sum_steps,
        row_block_bytes=row_block_bytes,
        row_parts=row_parts,
        row_ranges=row_ranges,
        tile_sums=tile_sums,
        saved_rows=saved_rows,
        weight_bytes=weight_bytes,
        weight_parts=weight_parts,
        weight_ranges=weight_ranges,
        zero_row=zero_row,
        **_procedures(p, unit, parts),
    )
    return found, scratch_bytes, zero_row + PANEL_VECTORS * vector_bytes


def _procedures(p, unit, parts):
    """The addresses of what this problem calls; compiled when they are first asked for."""
    vectors = ceil_div(p.filters, p.width)
    far = unit.configured and p.channels * p.multiplier * p.filters * parts * PART_BYTES > NEAR_BYTES
    product = "product_far" if far else "product"
    used = {
        "split_rows": ("split_rows", True),
        "split_pairs": ("split_pairs", True),
        "product_2": (f"{product}:2", vectors >= PANEL_VECTORS),
        "product_1": (f"{product}:1", vectors % PANEL_VECTORS == 1),
        "begin": ("begin", unit.configured),
        "end": ("end", unit.configured),
    }
    return {field: procedure(name, unit.name, parts) if needed else 0 for field, (name, needed) in used.items()}
