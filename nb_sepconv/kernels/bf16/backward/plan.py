"""A plan of gradients whose pointwise products are in parts: the FMA engine's problem, and more."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.backward.loops import step_addresses
from nb_sepconv.kernels.bf16.backward.problem import GradientParts, GradientPartsProblem
from nb_sepconv.kernels.bf16.codegen.procedures import field_of, procedure
from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.cpu.backward.plan import GradientPlan, gradient_problem_of
from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS

THROUGH = ("split_rows", "split_pairs", "product_into_blocks:1", "product_into_blocks:2")
SUMMED = ("split_row_pairs", "split_columns", "update:1:1", "update:1:2", "update:2:1", "update:2:2")


class GradientPartsPlan(GradientPlan):
    """The problem of the gradients of one convolution for some workers, on a unit, with so many parts a number."""

    def __init__(self, sizes: Any, workers: int, unit: Any, count: int) -> None:
        self._unit, self._count = UNITS[unit], count
        super().__init__(sizes, workers)

    def _problem(self, sizes, workers):
        base = gradient_problem_of(sizes, workers)
        places, scratch_bytes = _places(base, self._unit, self._count)
        steps = {
            "split_panels": base.through_pointwise,
            "split_gradients": base.through_pointwise or base.d_pointwise,
            "multiply_hidden": base.through_pointwise,
            "update_sums": base.d_pointwise,
        }
        addresses = {name: step_addresses[name]() if needed else 0 for name, needed in steps.items()}
        parts = GradientParts(**places, **_procedures(base, self._unit, self._count))
        return GradientPartsProblem(*base._replace(scratch_bytes=scratch_bytes, **addresses), *parts)


def _places(p, unit, parts):
    """Where parts lie behind what else is in scratch memory, and its size."""
    vector_bytes = p.width * p.item_bytes
    tile_bytes = p.width * vector_bytes
    row_blocks, filter_steps = ceil_div(p.tile_rows, unit.block_rows), ceil_div(p.filter_blocks, 2)
    row_block_bytes = (filter_steps * parts * unit.block_rows + 1) * vector_bytes
    pair_block_bytes = ceil_div(p.tile_rows, 2 * p.width) * parts * tile_bytes + vector_bytes
    group, strip = p.group_blocks * p.multiplier, p.strip_blocks * p.multiplier
    sizes = {
        "gradient_parts": row_blocks * row_block_bytes,
        "gradient_ranges": p.tile_rows * 2 * INTP_BYTES,
        "tile_sums": row_blocks * unit.block_rows * PANEL_VECTORS * vector_bytes,
        "panel_parts": group * filter_steps * parts * tile_bytes,
        "panel_ranges": group * 2 * INTP_BYTES,
        "zero_row": PANEL_VECTORS * vector_bytes,
        "gradient_pairs": p.filter_blocks * pair_block_bytes,
        "hidden_pairs": strip * pair_block_bytes,
        "pair_ranges": 2 * 2 * INTP_BYTES,
    }
    places, end = {}, p.scratch_bytes
    for name, size in sizes.items():
        places[name] = aligned(end)
        end = places[name] + size
    bytes_of = {"gradient_row_block_bytes": row_block_bytes, "weight_bytes": parts * tile_bytes}
    return {**places, **bytes_of, "pair_block_bytes": pair_block_bytes}, end


def _procedures(p, unit, parts):
    """The addresses of what this problem calls; 0 for the rest."""
    used = dict.fromkeys(THROUGH, p.through_pointwise) | dict.fromkeys(SUMMED, p.d_pointwise)
    used |= {"begin": unit.configured, "end": unit.configured}
    return {field_of(name): procedure(name, unit.name, parts) if needed else 0 for name, needed in used.items()}
