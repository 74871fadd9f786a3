"""Products of rows with a matrix, tile by tile: dense layers, and the numbers under a kernel at each output step.

A row is one output step of one example; rows are numbered through all examples. Each output sums tap by tap and channel
by channel, whatever the tile.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call5, call7, call10, store_intp
from nb_sepconv.kernels.cpu.forward.lengths import piece_at
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.worker import rows_of_tile, worker_of
from nb_sepconv.kernels.cpu.products.problem import rows_at
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


@compiled
def _fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch):
    p, a = problem_at(problem), rows_at(problem)
    for i in range(a.table_steps):
        store_intp(i * a.step_bytes, scratch + i * INTP_BYTES)
    rows = p.examples * p.steps
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        first_panel = ticket % p.filter_parts * p.part_panels
        _fill_tile(p, a, inputs, outputs, weights, first_row, last_row, first_panel, scratch)
        ticket = next_ticket(tickets, worker)


@compiled
def _fill_tile(p, a, inputs, outputs, weights, first_row, last_row, first_panel, scratch):
    """All rows of a tile for one panel of filters, then the next panel."""
    if a.copied:
        at, row = scratch + p.x, first_row
        while row < last_row:
            piece = piece_at(p, p.steps, row, last_row, 0)
            _load(p, a, inputs, piece, at, scratch)
            at += copied_bytes(p, a, piece.rows)
            row += piece.rows
    for panel in range(first_panel, min(first_panel + p.part_panels, p.panels)):
        at, row = scratch + p.x, first_row
        while row < last_row:
            piece = piece_at(p, p.steps, row, last_row, 0)
            if a.copied:
                x = at
                at += copied_bytes(p, a, piece.rows)
            else:
                x = inputs + piece.example * p.input_example_stride + piece.step * a.row_bytes
            _fill_panel(p, a, x, outputs, weights, piece, panel, scratch + p.y)
            row += piece.rows


@compiled
def copied_bytes(p: Any, a: Any, rows: Any) -> Any:
    """The copy of the input steps that some rows of an example read: whole vectors of steps are written."""
    return aligned(((rows - 1) * p.stride + a.span + p.width) * a.step_bytes)


@compiled
def _load(p, a, inputs, piece, target, table):
    """The input steps that a piece's output steps read, zeros outside the series."""
    count = (piece.steps - 1) * p.stride + a.span
    at = piece.step * p.stride - p.left
    first = min(max(-at, 0), count)
    last = min(max(p.length - at, first), count)
    source = inputs + piece.example * p.input_example_stride + at * p.input_step_stride
    channels = a.series_channels
    if a.copy_numbers:
        source += first * p.input_step_stride
        there = (last - first) * channels
        call5(a.copy_numbers, source, first * channels, there, (count - last) * channels, target)
    else:
        step_stride, channel_stride = p.input_step_stride, p.input_channel_stride
        vector_bytes = p.width * p.item_bytes
        call10(p.load, source, step_stride, channel_stride, channels, first, last, count, target, table, vector_bytes)


@compiled
def _fill_panel(p, a, x, outputs, weights, piece, panel, y):
    """A panel of filters for the rows of a piece."""
    vector_bytes = p.width * p.item_bytes
    first_filter = panel * PANEL_VECTORS * p.width
    filters = p.filters - first_filter
    vectors = min(PANEL_VECTORS, ceil_div(filters, p.width))
    target = outputs + piece.example * p.output_example_stride + piece.step * p.output_step_stride
    target += first_filter * p.output_filter_stride
    in_place = p.rows_in_place and vectors * p.width <= filters
    y_row_bytes = vectors * vector_bytes
    if in_place:
        y, y_row_bytes = target, p.output_step_stride
    call10(
        p.multiply_panel if vectors == PANEL_VECTORS else p.multiply_vector,
        x,
        a.row_bytes,
        a.segments,
        a.segment_bytes,
        a.count,
        weights + p.pointwise + first_filter * p.channels * p.item_bytes,
        weights + p.bias + first_filter * p.item_bytes,
        y,
        y_row_bytes,
        piece.steps,
    )
    if p.activate:
        call4(p.activate, y, piece.steps, y_row_bytes, vectors)
    if not in_place:
        for v in range(vectors):
            to = target + v * p.width * p.output_filter_stride
            step_stride, filter_stride = p.output_step_stride, p.output_filter_stride
            left = filters - v * p.width
            call7(p.store, y + v * vector_bytes, y_row_bytes, piece.steps, left, to, step_stride, filter_stride)


rows_worker_address: Any = worker_of(_fill_tiles)
