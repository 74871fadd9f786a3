"""The fused forward pass, tile by tile: load, depthwise, pointwise, activation, store.

A row is one output step of one example; rows are numbered through all examples. A tile's depthwise result never leaves
the cache, and each output sums its channels in one order (channel block, multiplier, lane), whatever the tile.
Nothing here knows an element type: the inner loops are procedures that the problem names by address.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call7, call11
from nb_sepconv.kernels.cpu.forward.hidden import fill_hidden
from nb_sepconv.kernels.cpu.forward.lengths import (
    end_of_rows_together,
    example_from,
    first_example,
    piece_at,
    place_of_rows,
)
from nb_sepconv.kernels.cpu.forward.worker import worker_by_tiles


@compiled
def _fill_tile(p, inputs, outputs, weights, first_row, last_row, part, scratch):
    first_panel, first = part * p.part_panels, first_example(p, first_row)
    last_panel = min(first_panel + p.part_panels, p.panels)
    for first_block in range(0, p.blocks, p.sum_blocks):
        last_block = min(first_block + p.sum_blocks, p.blocks)
        fill_hidden(p, inputs, weights, first_row, last_row, first_block, last_block, scratch)
        for panel in range(first_panel, last_panel):
            place = panel - first_panel if p.sum_blocks < p.blocks else 0
            row, example = first_row, first
            while row < last_row:
                end = end_of_rows_together(p, row, last_row, example)
                at = scratch + p.hidden + (row - first_row) * p.width * p.item_bytes
                fill_panel(p, outputs, weights, at, row, end, example, first_block, last_block, panel, place, scratch)
                row, example = end, example_from(p, end, example)


@compiled
def fill_panel(
    p: Any,
    outputs: Any,
    weights: Any,
    hidden: Any,
    first_row: Any,
    last_row: Any,
    example: Any,
    first_block: Any,
    last_block: Any,
    panel: Any,
    place: Any,
    scratch: Any,
) -> None:
    """A tile's sums over some blocks of channels for one panel of filters; after the last block they are finished.

    ``example`` is that of the first row, or one before.
    """
    vector_bytes = p.width * p.item_bytes
    first_filter = panel * PANEL_VECTORS * p.width
    filters = p.filters - first_filter
    vectors = min(PANEL_VECTORS, ceil_div(filters, p.width))
    rows_at = place_of_rows(p, outputs, first_row, last_row, example)
    in_place = rows_at != 0 and vectors * p.width <= filters
    y, y_row_bytes = scratch + p.y + place * p.tile_rows * PANEL_VECTORS * vector_bytes, vectors * vector_bytes
    if in_place:
        y, y_row_bytes = rows_at + first_filter * p.item_bytes, p.output_step_stride
    start, start_row_bytes = y, y_row_bytes
    if first_block == 0:
        start, start_row_bytes = weights + p.bias + first_filter * p.item_bytes, 0
    channels_before = first_block * p.width * p.multiplier
    panel_weights = (
        weights
        + p.pointwise
        + (first_filter * p.channels * p.multiplier + channels_before * vectors * p.width) * p.item_bytes
    )
    whole_blocks, part_blocks, part_lanes = sum_blocks_of(p, first_block, last_block)
    call11(
        p.multiply_panel if vectors == PANEL_VECTORS else p.multiply_vector,
        hidden,
        p.hidden_block_bytes,
        whole_blocks,
        part_blocks,
        part_lanes,
        panel_weights,
        start,
        start_row_bytes,
        y,
        y_row_bytes,
        last_row - first_row,
    )
    if last_block * p.width < p.channels:
        return
    if p.activate:
        call4(p.activate, y, last_row - first_row, y_row_bytes, vectors)
    if not in_place:
        for v in range(vectors):
            target = outputs + (first_filter + v * p.width) * p.output_filter_stride
            store_rows(
                p,
                y + v * vector_bytes,
                y_row_bytes,
                first_row,
                last_row,
                example,
                filters - v * p.width,
                target,
                p.output_filter_stride,
            )


@compiled
def sum_blocks_of(p: Any, first_block: Any, last_block: Any) -> Any:
    """Hidden blocks of all lanes in some blocks of channels; those behind them, which are as many for each multiplier
    and whose last one may have fewer lanes; and the lanes of these together.
    """
    part_lanes = p.channels % (BLOCKS_TOGETHER * p.width)
    part_blocks = 0
    if part_lanes and last_block == p.blocks:
        part_blocks = ceil_div(part_lanes, p.width) * p.multiplier
    return (last_block - first_block) * p.multiplier - part_blocks, part_blocks, part_lanes


@compiled
def store_rows(
    p: Any,
    y: Any,
    y_row_bytes: Any,
    first_row: Any,
    last_row: Any,
    example: Any,
    filters: Any,
    target: Any,
    filter_stride: Any,
) -> None:
    """One vector of filters of a tile's rows, example by example; ``example`` is as in :func:`fill_panel`."""
    row = first_row
    while row < last_row:
        piece = piece_at(p, p.steps, row, last_row, example)
        at = target + piece.example * p.output_example_stride + piece.step * p.output_step_stride
        source = y + (row - first_row) * y_row_bytes
        call7(p.store, source, y_row_bytes, piece.steps, filters, at, p.output_step_stride, filter_stride)
        row, example = row + piece.rows, piece.example


worker_address: Any = worker_by_tiles(_fill_tile)
