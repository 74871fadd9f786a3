"""A panel of filters in a tile, in steps that the forward pass in parts takes one by one.

The FMA engine's own pass has them in one function, which is compiled sooner.
"""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call11
from nb_sepconv.kernels.cpu.forward.loops import store_rows, sum_blocks_of


class Panel(NamedTuple):
    """A panel of filters in a tile: its sums ``y`` and what they start from, which in place are rows of the outputs."""

    first_filter: int
    vectors: int
    in_place: int
    y: int
    y_row_bytes: int
    start: int
    start_row_bytes: int


@compiled
def panel_at(p: Any, weights: Any, rows_at: Any, first_block: Any, panel: Any, place: Any, scratch: Any) -> Panel:
    """Where the sums of a tile for one panel lie, and what they start from; ``rows_at`` is where the tile's rows lie in
    the outputs, or 0.
    """
    vector_bytes = p.width * p.item_bytes
    first_filter = panel * PANEL_VECTORS * p.width
    filters = p.filters - first_filter
    vectors = min(PANEL_VECTORS, ceil_div(filters, p.width))
    in_place = rows_at != 0 and vectors * p.width <= filters
    y, y_row_bytes = scratch + p.y + place * p.tile_rows * PANEL_VECTORS * vector_bytes, vectors * vector_bytes
    if in_place:
        y, y_row_bytes = rows_at + first_filter * p.item_bytes, p.output_step_stride
    start, start_row_bytes = y, y_row_bytes
    if first_block == 0:
        start, start_row_bytes = weights + p.bias + first_filter * p.item_bytes, 0
    return Panel(first_filter, vectors, int(in_place), y, y_row_bytes, start, start_row_bytes)


@compiled
def multiply_rows(
    p: Any, at: Any, weights: Any, first_block: Any, last_block: Any, first: Any, count: Any, scratch: Any
) -> None:
    """The sums of ``count`` rows of a tile, the ``first``-th and on, over some blocks of channels."""
    vector_bytes = p.width * p.item_bytes
    channels_before = first_block * p.width * p.multiplier
    panel_weights = (
        weights
        + p.pointwise
        + (at.first_filter * p.channels * p.multiplier + channels_before * at.vectors * p.width) * p.item_bytes
    )
    whole_blocks, part_blocks, part_lanes = sum_blocks_of(p, first_block, last_block)
    call11(
        p.multiply_panel if at.vectors == PANEL_VECTORS else p.multiply_vector,
        scratch + p.hidden + first * vector_bytes,
        p.hidden_block_bytes,
        whole_blocks,
        part_blocks,
        part_lanes,
        panel_weights,
        at.start + first * at.start_row_bytes,
        at.start_row_bytes,
        at.y + first * at.y_row_bytes,
        at.y_row_bytes,
        count,
    )


@compiled
def finish_panel(p: Any, outputs: Any, at: Any, first_row: Any, last_row: Any, example: Any) -> None:
    """The activation of a panel's sums, and their way out."""
    if p.activate:
        call4(p.activate, at.y, last_row - first_row, at.y_row_bytes, at.vectors)
    if not at.in_place:
        for v in range(at.vectors):
            y = at.y + v * p.width * p.item_bytes
            first_filter = at.first_filter + v * p.width
            target = outputs + first_filter * p.output_filter_stride
            filters, stride = p.filters - first_filter, p.output_filter_stride
            store_rows(p, y, at.y_row_bytes, first_row, last_row, example, filters, target, stride)
