"""The fused forward pass with the pointwise product in parts: a tile's depthwise results are split where they lie.

Everything else is the FMA engine's. Rows whose numbers cannot be split, and panels of such weights, are multiplied by
its own loops, so that no result depends on which rows share a tile.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.codegen.ranges import RANGE_BYTES, fit
from nb_sepconv.kernels.bf16.forward.packing import weights_of
from nb_sepconv.kernels.bf16.forward.panels import Panel, finish_panel, multiply_rows, panel_at
from nb_sepconv.kernels.bf16.forward.problem import parts_at
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, INTP_BYTES, aligned
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call2, call7, call11, load_intp, release, store_intp
from nb_sepconv.kernels.cpu.forward.hidden import fill_hidden, fill_tables
from nb_sepconv.kernels.cpu.forward.keeping import keep_steps
from nb_sepconv.kernels.cpu.forward.lengths import all_rows, clear_behind, first_example, place_of_rows
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.worker import rows_of_tile
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


def run_worker(problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
    """Fill tiles of the output, by ticket, until none is left. All arguments but the last are addresses."""
    p, e = problem_at(problem), parts_at(problem)
    buffer = allocate(p.scratch_bytes + ALIGNMENT)
    if buffer:
        if e.begin:
            call2(e.begin, 0, 0)
        _fill_tiles(p, e, inputs, outputs, aligned(weights), tickets, worker, aligned(buffer))
        if e.end:
            call2(e.end, 0, 0)
        release(buffer)


@compiled
def _fill_tiles(p, e, inputs, outputs, weights, tickets, worker, scratch):
    """``scratch`` belongs to this worker, ``tickets`` to all of them."""
    fill_tables(p, scratch)
    rows = all_rows(p, p.steps)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        first_panel = ticket % p.filter_parts * p.part_panels
        _fill_tile(p, e, inputs, outputs, weights, first_row, last_row, first_panel, scratch)
        clear_behind(p, outputs, first_row, last_row, ticket % p.filter_parts)
        keep_steps(p, inputs, ticket)
        ticket = next_ticket(tickets, worker)


@compiled
def _fill_tile(p, e, inputs, outputs, weights, first_row, last_row, first_panel, scratch):
    last_panel = min(first_panel + p.part_panels, p.panels)
    example = first_example(p, first_row)
    rows_at = place_of_rows(p, outputs, first_row, last_row, example)
    for first_block in range(0, p.blocks, p.sum_blocks):
        last_block = min(first_block + p.sum_blocks, p.blocks)
        fill_hidden(p, inputs, weights, first_row, last_row, first_block, last_block, scratch)
        _split(p, e, last_row - first_row, last_block - first_block, scratch)
        for panel in range(first_panel, last_panel):
            place = panel - first_panel if p.sum_blocks < p.blocks else 0
            at = panel_at(p, weights, rows_at, first_block, panel, place, scratch)
            _fill_panel(p, e, at, weights, last_row - first_row, first_block, last_block, panel, scratch)
            if last_block == p.blocks:
                finish_panel(p, outputs, at, first_row, last_row, example)


@compiled
def _split(p, e, rows, blocks, scratch):
    hidden, ranges = scratch + p.hidden, scratch + e.row_ranges
    places = blocks * p.multiplier
    call7(e.split_rows, hidden, p.hidden_block_bytes, places, rows, scratch + e.row_parts, e.row_block_bytes, ranges)


@compiled
def _fill_panel(p, e, at, weights, rows, first_block, last_block, panel, scratch):
    """The product in parts for all rows; then those that cannot be split anew, from what they started with."""
    ranges = weights + e.weight_ranges + panel * RANGE_BYTES
    again = at
    if at.start_row_bytes:
        again = _restart(p, e, at, scratch)
        _save_misfits(e, at, again, rows, ranges, scratch)
    _multiply_parts(p, e, at, weights, rows, first_block, last_block, panel, scratch)
    row = 0
    while row < rows:
        end = row
        while end < rows and not fit(scratch + e.row_ranges + end * RANGE_BYTES, ranges):
            end += 1
        if end > row:
            multiply_rows(p, again, weights, first_block, last_block, row, end - row, scratch)
        row = end + 1


@compiled
def _save_misfits(e, at, again, rows, ranges, scratch):
    for row in range(rows):
        if not fit(scratch + e.row_ranges + row * RANGE_BYTES, ranges):
            source, target = at.start + row * at.start_row_bytes, again.start + row * again.start_row_bytes
            for offset in range(0, again.start_row_bytes, INTP_BYTES):
                store_intp(load_intp(source + offset), target + offset)


@compiled
def _restart(p, e, at, scratch):
    """The panel with what its rows start from in a place of its own."""
    row_bytes = at.vectors * p.width * p.item_bytes
    return Panel(at.first_filter, at.vectors, at.in_place, at.y, at.y_row_bytes, scratch + e.saved_rows, row_bytes)


@compiled
def _multiply_parts(p, e, at, weights, rows, first_block, last_block, panel, scratch):
    places = (last_block - first_block) * p.multiplier
    call11(
        e.product_2 if at.vectors == PANEL_VECTORS else e.product_1,
        scratch + e.row_parts,
        e.row_block_bytes,
        weights + weights_of(p, e, panel, first_block),
        at.vectors * e.weight_bytes,
        (places + 1) // 2,
        at.start,
        at.start_row_bytes,
        at.y,
        at.y_row_bytes,
        rows,
        scratch + e.tile_sums,
    )


parts_worker_address: Any = pointer_to(run_worker)
