"""Plans for products whose vectors are steps, for inputs and outputs whose steps lie side by side."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, ROWS
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.forward.tiling import HIDDEN_BYTES, TILES_PER_WORKER
from nb_sepconv.kernels.cpu.products.problem import Steps, StepsProblem
from nb_sepconv.kernels.cpu.products.transposed_loops import steps_worker_address
from nb_sepconv.kernels.cpu.products.transposed_packing import sharing_steps_packer_address, steps_packer_address

MOST_FILTERS = 112  # multiplied at a time
WEIGHT_BYTES = 192 * 1024  # of the filters that are multiplied at a time: a part of the second-level cache
MOST_WASTE = 1.5  # steps that are computed for each that exists


def transposed_product_plan(sizes: Any, workers: int, base: Any) -> Any:
    """The plan, or None where steps do not lie side by side or are too few to fill vectors."""
    item = base.stored_bytes
    if sizes.output_strides[1] != item or sizes.input_strides[1] != item:
        return None
    if ceil_div(sizes.steps, base.width) * base.width >= MOST_WASTE * sizes.steps:
        return None
    return StepsPlan(sizes, workers, base)


class StepsPlan(PreparedPlan):
    """The problem of one product for some workers, whose vectors are of steps."""

    worker_address: Any = staticmethod(steps_worker_address)
    packer_address: Any = staticmethod(steps_packer_address)
    sharing_packer_address: Any = staticmethod(sharing_steps_packer_address)
    reads_before = False

    def __init__(self, sizes: Any, workers: int, base: Any) -> None:
        problem = _steps_problem(sizes, workers, base)
        super().__init__(problem, workers, ceil_div(sizes.filters, problem.group_filters))
        self.packing: str = f"groups of {problem.group_filters} filters alone"

    def pack_kernel(self, kernel: Any, bias: Any = None) -> Any:
        """The weights as the kernels read them, from C-contiguous arrays of K*C rows of F numbers, and (F,) or None."""
        return self.pack(kernel, kernel, bias)


def _steps_problem(sizes, workers, p):
    panel_steps, vector_bytes = PANEL_VECTORS * p.width, p.width * p.item_bytes
    span = (sizes.kernel_size - 1) * sizes.dilation + 1
    groups = ceil_div(sizes.steps, panel_steps)
    example_tiles = _example_tiles(sizes, workers, groups, panel_steps, span, p.item_bytes)
    tile_steps = ceil_div(groups, example_tiles) * panel_steps
    phase_rows = tile_steps + ceil_div(span, sizes.stride) + p.width
    channel_bytes = (phase_rows * p.item_bytes // ALIGNMENT | 1) * ALIGNMENT + ALIGNMENT * 2
    numbers = aligned(sizes.kernel_size * INTP_BYTES)
    one_by_one = (tile_steps * sizes.stride + span + 2 * p.width) * p.item_bytes if sizes.stride > 1 else 0
    x = aligned(numbers + one_by_one)
    phase_bytes = sizes.channels * channel_bytes
    y = x + min(sizes.stride, span) * phase_bytes + vector_bytes
    parts, part_filters, group_filters = _filters(sizes, p, workers, sizes.examples * example_tiles)
    group_bytes = aligned(group_filters * p.channels * p.item_bytes) + vector_bytes
    pack_table = p.pointwise + ceil_div(sizes.filters, group_filters) * group_bytes
    problem = p._replace(
        tiles=sizes.examples * example_tiles,
        tile_rows=tile_steps,
        row_group=panel_steps,
        filter_parts=parts,
        x=x,
        y=y,
        scratch_bytes=y + group_filters * PANEL_VECTORS * vector_bytes,
        pack_table=pack_table,
        packed_bytes=pack_table + INTP_BYTES,
        rows_in_place=int(p.stored_bytes == p.item_bytes),
        multiply_panel=procedure(sizes.dtype, "multiply_steps_panel"),
        multiply_vector=procedure(sizes.dtype, "multiply_steps_vector"),
        store=procedure(sizes.dtype, "store_rows"),
    )
    across = Steps(
        series_channels=sizes.channels,
        span=span,
        taps=sizes.kernel_size,
        tap_dilation=sizes.dilation,
        numbers=numbers,
        channel_bytes=channel_bytes,
        phase_bytes=phase_bytes,
        example_tiles=example_tiles,
        example_groups=groups,
        part_filters=part_filters,
        group_filters=group_filters,
        group_bytes=group_bytes,
        copy_numbers=procedure(sizes.dtype, "copy_numbers"),
        split_phases=procedure(sizes.dtype, "split_phases") if sizes.stride > 1 else 0,
    )
    return StepsProblem(*problem, *across)


def _example_tiles(sizes, workers, groups, panel_steps, span, item):
    """Into how many tiles an example is cut: its input must stay near, and workers have as much to do."""
    group_bytes = panel_steps * sizes.stride * sizes.channels * item
    most = max(1, (HIDDEN_BYTES - min(span * sizes.channels * item, HIDDEN_BYTES // 2)) // group_bytes)
    tiles = max(1, ceil_div(groups, most))
    if workers > 1:
        wanted = ceil_div(workers * TILES_PER_WORKER, max(1, sizes.examples))
        tiles = max(tiles, min(wanted, groups // 2))
        while sizes.examples * tiles % workers and tiles < groups and sizes.examples * tiles < 8 * workers:
            tiles += 1
    return max(1, min(tiles, groups))


def _filters(sizes, p, workers, tiles):
    """Parts of the filters that are tickets of their own, the filters of a part, and those multiplied at a time."""
    row_groups = ceil_div(sizes.filters, ROWS)
    parts = 1 if tiles >= workers else min(row_groups, ceil_div(workers, max(tiles, 1)))
    part_groups = ceil_div(row_groups, parts)
    most = max(1, min(MOST_FILTERS // ROWS, WEIGHT_BYTES // (p.channels * p.item_bytes * ROWS)))
    together = ceil_div(part_groups, ceil_div(part_groups, most))
    part_groups = ceil_div(part_groups, together) * together
    return ceil_div(row_groups, part_groups), part_groups * ROWS, together * ROWS
