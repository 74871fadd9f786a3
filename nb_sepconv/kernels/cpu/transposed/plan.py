"""A plan whose product has its sides exchanged, for outputs whose steps lie side by side."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, apart, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, ROWS, STEPS, whole_panels
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.forward.plan import distance, problem_without_product
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.transposed.loops import transposed_worker_address
from nb_sepconv.kernels.cpu.transposed.packing import sharing_transposed_packer_address, transposed_packer_address
from nb_sepconv.kernels.cpu.transposed.problem import Transposed, TransposedProblem

MOST_HIDDEN = 1024  # channels, those included that fill up a block
STORING_WORK = 5.5  # multiply-adds that take as long as storing an output the other way takes more
WEIGHT_BYTES = 192 * 1024  # of a group of filters: a part of the second-level cache
MOST_FILTERS = 112  # of a group


def transposed_plan(sizes: Any, workers: int) -> Any:
    """The plan, or None where the other one serves better: for outputs of other strides, for many hidden channels,
    where filling up the examples costs more than the way of storing saves, and where steps are computed in the order
    of their phase.
    """
    stored = storage(sizes.dtype)
    if sizes.filters is None or sizes.output_strides[1] != stored.item_bytes:
        return None
    if _hidden(sizes, stored.lanes.width) > MOST_HIDDEN:
        return None
    rows = ceil_div(sizes.steps, STEPS) * STEPS
    row_work = sizes.channels * sizes.multiplier * (sizes.kernel_size + sizes.filters)
    if (rows - sizes.steps) * row_work > sizes.steps * sizes.filters * STORING_WORK:
        return None
    row_group = whole_panels(stored.lanes.width)
    base = problem_without_product(sizes, workers, sizes.examples * rows, row_group)
    if base.sum_blocks < base.blocks or base.output_phases > 1:
        return None
    return TransposedPlan(sizes, workers, base, rows)


def _hidden(sizes, width):
    """The hidden channels, those included that fill up a block."""
    return ceil_div(sizes.channels, width) * sizes.multiplier * width


class TransposedPlan(PreparedPlan):
    """The problem of one convolution for some workers, its examples filled up to ``example_rows``."""

    worker_address: Any = staticmethod(transposed_worker_address)
    packer_address: Any = staticmethod(transposed_packer_address)
    sharing_packer_address: Any = staticmethod(sharing_transposed_packer_address)

    def __init__(self, sizes: Any, workers: int, base: Any, example_rows: Any) -> None:
        problem = transposed_problem(sizes, base, example_rows)
        super().__init__(problem, workers, ceil_div(sizes.filters, problem.group_filters))
        self.packing: str = packing_of(problem)
        self.row_multiple: int = whole_panels(problem.width)
        self._procedures = sizes.dtype, distance(problem)

    def for_lengths(self) -> dict[str, int]:
        return super().for_lengths() | for_last_steps(*self._procedures)


def for_last_steps(dtype: str, away: str) -> dict[str, int]:
    """The addresses of what stores the last steps of an example with a length, and of what computes half a panel."""
    return {
        "store_last": procedure(dtype, "store_last_rows"),
        "multiply_vector": procedure(dtype, f"multiply_half_panel{away}"),
    }


def packing_of(problem: Any) -> str:
    """The name of the form of the packed weights."""
    return f"groups of {problem.group_filters} filters"


def transposed_problem(sizes: Any, p: Any, example_rows: Any) -> Any:
    """What the compiled loops are told, from the problem without products."""
    vector_bytes = p.width * p.item_bytes
    hidden = _hidden(sizes, p.width)
    panels = ceil_div(p.tile_rows, PANEL_VECTORS * p.width)
    panel_bytes = (hidden + p.width) * PANEL_VECTORS * vector_bytes  # a vector more: not a multiple of a page
    y = p.hidden + panels * panel_bytes
    part_filters = ceil_div(sizes.filters, p.filter_parts)
    most_rows = max(1, min(MOST_FILTERS // ROWS, WEIGHT_BYTES // (hidden * p.item_bytes * ROWS)))
    part_groups = ceil_div(part_filters, most_rows * ROWS)
    group_filters = ceil_div(part_filters, part_groups * ROWS) * ROWS
    filter_rows = ceil_div(group_filters, p.width) * p.width
    filter_block_bytes = apart(filter_rows, vector_bytes)
    group_bytes = p.blocks * p.multiplier * filter_block_bytes
    pack_table = aligned(p.pointwise + ceil_div(sizes.filters, group_filters) * group_bytes)
    adjacent = "convolve_adjacent_transposed" if p.runs else "convolve_transposed"
    base = p._replace(
        y=y,
        scratch_bytes=y + group_filters * PANEL_VECTORS * vector_bytes,
        pack_table=pack_table,
        packed_bytes=pack_table + max(sizes.kernel_size, p.width, filter_rows) * INTP_BYTES,
        rows_in_place=p.stored_bytes == p.item_bytes,
        convolve=procedure(sizes.dtype, adjacent),
        store=procedure(sizes.dtype, "store_rows"),
    )
    across = Transposed(
        example_rows=example_rows,
        panel_bytes=panel_bytes,
        part_groups=part_groups,
        group_filters=group_filters,
        group_bytes=group_bytes,
        filter_rows=filter_rows,
        filter_block_bytes=filter_block_bytes,
        load_columns=procedure(sizes.dtype, "load_columns"),
        multiply=procedure(sizes.dtype, "multiply_transposed" + distance(p)),
    )
    return TransposedProblem(*base, *across)
