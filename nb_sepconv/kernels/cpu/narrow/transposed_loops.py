"""The pass for inputs of few channels where the steps of the outputs lie side by side: the product's sides exchanged.

A row is one step of one example, and every example has ``example_rows``, as in the transposed pass.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, STEPS, whole_panels
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call9
from nb_sepconv.kernels.cpu.forward.lengths import all_rows, first_example, piece_at
from nb_sepconv.kernels.cpu.forward.worker import rows_of_tile, worker_of
from nb_sepconv.kernels.cpu.narrow.loops import fill_narrow_tables, fill_run, input_of_block
from nb_sepconv.kernels.cpu.narrow.problem import narrow_transposed_at
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket
from nb_sepconv.kernels.cpu.transposed.loops import clear_behind_steps, multiply_groups


@compiled
def _fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch):
    p = narrow_transposed_at(problem)
    fill_narrow_tables(p, p, scratch)
    rows = all_rows(p, p.example_rows)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        _fill_tile(p, inputs, outputs, weights, first_row, last_row, ticket % p.filter_parts, scratch)
        ticket = next_ticket(tickets, worker)


@compiled
def _fill_tile(p, inputs, outputs, weights, first_row, last_row, part, scratch):
    """Segments are finished run by run; where there are none, a tile's rows are finished together."""
    hidden, y = scratch + p.hidden, scratch + p.y
    row, example = first_row, first_example(p, first_row)
    while row < last_row:
        piece = piece_at(p, p.example_rows, row, min(row + p.segments * p.most_steps, last_row), example)
        example = piece.example
        rows = piece.rows
        size = _segment_rows(p, piece)
        fill_run(p, p, inputs, weights, piece, size, scratch)
        if p.segments == 1:
            _convolve(p, weights, row - first_row, size, scratch)
        else:
            _convolve(p, weights, 0, size, scratch)
            for first in range(0, rows, size):
                segment = hidden + first // size * p.channels * PANEL_VECTORS * p.width * p.item_bytes
                last = min(first + size, rows)
                multiply_groups(p, p, outputs, weights, segment, row + first, row + last, part, y)
        row += rows
    if p.segments == 1:
        if not p.lengths:
            clear_behind_steps(p, p, hidden, last_row - first_row)
        multiply_groups(p, p, outputs, weights, hidden, first_row, last_row, part, y)


@compiled
def _segment_rows(p, piece):
    """The rows of each segment of a run but the last: whole panels of steps; those that are computed of a run alone."""
    if p.segments == 1:
        return ceil_div(piece.steps, STEPS) * STEPS
    panel_rows = whole_panels(p.width)
    return min(ceil_div(ceil_div(piece.rows, p.segments), panel_rows) * panel_rows, min(piece.rows, p.most_steps))


@compiled
def _convolve(p, weights, row, rows, scratch):
    """The depthwise results of a run, panels of steps whose rows are the lanes."""
    vector_bytes = p.width * p.item_bytes
    for block in range(p.blocks):
        x, taps = input_of_block(p, p, block, scratch)
        call9(
            p.convolve,
            x,
            taps,
            p.kernel_size,
            p.runs,
            weights + block * p.kernel_size * vector_bytes,
            scratch + p.hidden + block * p.width * PANEL_VECTORS * vector_bytes,
            p.panel_bytes,
            row,
            rows,
        )


narrow_transposed_worker_address: Any = worker_of(_fill_tiles)
