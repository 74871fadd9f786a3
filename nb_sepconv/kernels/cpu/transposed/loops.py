"""The fused forward pass for outputs whose steps lie side by side: the product with its sides exchanged.

The vectors of the product are steps and its rows are filters, so that sums go where they belong without a
transposition; the depthwise results are transposed where they arise, while they are in registers. Every output is
summed in the order of the other pass, and has its bits.

A row is one step of one example as there, but every example has ``example_rows``, a multiple of the depthwise group.
Examples with lengths have whole panels of steps, so that each panel is of one of them; where half of a last panel's
vectors have steps, that half alone is computed.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, PANEL_VECTORS, STEPS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call4, call7, call9, call11, clear_bytes, release
from nb_sepconv.kernels.cpu.forward.hidden import fill_tables, load_blocks
from nb_sepconv.kernels.cpu.forward.keeping import keep_steps
from nb_sepconv.kernels.cpu.forward.lengths import (
    all_rows,
    clear_until,
    example_from,
    first_example,
    line_of,
    piece_at,
)
from nb_sepconv.kernels.cpu.forward.loops import sum_blocks_of
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.worker import rows_of_tile
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket
from nb_sepconv.kernels.cpu.transposed.problem import transposed_at


def run_worker(problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
    """Fill tiles of the output, by ticket, until none is left. All arguments but the last are addresses."""
    p, a = problem_at(problem), transposed_at(problem)
    buffer = allocate(p.scratch_bytes + ALIGNMENT)
    if buffer:
        _fill_tiles(p, a, inputs, outputs, aligned(weights), tickets, worker, aligned(buffer))
        release(buffer)


@compiled
def _fill_tiles(p, a, inputs, outputs, weights, tickets, worker, scratch):
    """``scratch`` belongs to this worker, ``tickets`` to all of them."""
    fill_tables(p, scratch)
    rows = all_rows(p, a.example_rows)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        _fill_hidden(p, a, inputs, weights, first_row, last_row, scratch)
        hidden, part = scratch + p.hidden, ticket % p.filter_parts
        multiply_groups(p, a, outputs, weights, hidden, first_row, last_row, part, scratch + p.y)
        keep_steps(p, inputs, ticket)
        ticket = next_ticket(tickets, worker)


@compiled
def _fill_hidden(p, a, inputs, weights, first_row, last_row, scratch):
    """The depthwise results of a tile, panels of steps whose rows are the hidden channels in the order of the sums."""
    row, example = first_row, first_example(p, first_row)
    while row < last_row:
        piece = piece_at(p, a.example_rows, row, last_row, example)
        rows = ceil_div(piece.steps, STEPS) * STEPS
        for first_block in range(0, p.blocks, p.load_blocks):
            last_block = min(first_block + p.load_blocks, p.blocks)
            load_blocks(p, inputs, piece, rows, first_block, last_block, scratch)
            _convolve(p, a, weights, first_block, last_block, row - first_row, rows, scratch)
        row, example = row + piece.rows, piece.example
    if not p.lengths:
        clear_behind_steps(p, a, scratch + p.hidden, last_row - first_row)


@compiled
def _convolve(p, a, weights, first_block, last_block, row, rows, scratch):
    """Loaded blocks in the order of the sums: rows of channels that do not exist are overwritten by the next block."""
    vector_bytes = p.width * p.item_bytes
    for first in range(first_block, last_block, BLOCKS_TOGETHER):
        last = min(first + BLOCKS_TOGETHER, last_block)
        hidden = scratch + p.hidden + first * p.width * p.multiplier * PANEL_VECTORS * vector_bytes
        for m in range(p.multiplier):
            for block in range(first, last):
                call9(
                    p.convolve,
                    scratch + p.x + (block - first_block) * p.x_block_bytes,
                    scratch + p.tap_table,
                    p.kernel_size,
                    p.runs,
                    weights + (block * p.multiplier + m) * p.kernel_size * vector_bytes,
                    hidden,
                    a.panel_bytes,
                    row,
                    rows,
                )
                hidden += min(p.width, p.channels - block * p.width) * PANEL_VECTORS * vector_bytes


@compiled
def clear_behind_steps(p: Any, a: Any, hidden: Any, rows: Any) -> None:
    """Zeros for the steps that a last panel lacks, which are multiplied in vain."""
    panel_rows = PANEL_VECTORS * p.width
    present = rows % panel_rows
    if present:
        at = hidden + rows // panel_rows * a.panel_bytes + present * p.item_bytes
        for channel in range(p.channels * p.multiplier):
            clear_bytes(at + channel * panel_rows * p.item_bytes, (panel_rows - present) * p.item_bytes)


@compiled
def multiply_groups(
    p: Any, a: Any, outputs: Any, weights: Any, hidden: Any, first_row: Any, last_row: Any, part: Any, y: Any
) -> None:
    """The sums of some rows: a group of filters for all their panels of steps, then the next filters."""
    panel_rows = PANEL_VECTORS * p.width
    first = first_example(p, first_row)
    last = min((part + 1) * a.part_groups, ceil_div(p.filters, a.group_filters))
    for group in range(part * a.part_groups, last):
        first_filter, example, behind = group * a.group_filters, first, first
        filters = min(a.group_filters, p.filters - first_filter)
        for row in range(first_row, last_row, panel_rows):
            number = (row - first_row) // panel_rows
            panel = hidden + number * a.panel_bytes
            example = _fill_panel(p, a, panel, outputs, weights, row, last_row, group, example, y)
            behind = clear_until(p, outputs, behind, row + panel_rows, first_filter, filters)


@compiled
def _fill_panel(p, a, hidden, outputs, weights, row, last_row, group, example, y):
    """A group of filters for one panel of steps, in place where all of it has room in one example. Returns the example
    of its first row, which is ``example`` or a later one.
    """
    first_filter = group * a.group_filters
    filters = min(a.group_filters, p.filters - first_filter)
    vector_bytes = p.width * p.item_bytes
    y_row_bytes = PANEL_VECTORS * vector_bytes
    targets = outputs + first_filter * p.output_filter_stride
    example = _example_of(p, a, row, example)
    step, rows = _step_and_rows(p, a, row, last_row, example)
    if rows <= 0:
        return example
    vectors, room = PANEL_VECTORS, rows
    if p.lengths:
        vectors, room = min(PANEL_VECTORS, ceil_div(rows, p.width)), p.steps - step
    in_place = p.rows_in_place and room >= vectors * p.width
    if in_place:
        y = targets + example * p.output_example_stride + step * p.output_step_stride
        y_row_bytes = p.output_filter_stride
    whole_blocks, part_blocks, part_lanes = sum_blocks_of(p, 0, p.blocks)
    call11(
        a.multiply if vectors == PANEL_VECTORS else p.multiply_vector,
        weights + p.pointwise + group * a.group_bytes,
        a.filter_block_bytes,
        whole_blocks,
        part_blocks,
        part_lanes,
        hidden,
        weights + p.bias + first_filter * p.item_bytes,
        p.item_bytes,
        y,
        y_row_bytes,
        filters,
    )
    if p.activate:
        call4(p.activate, y, filters, y_row_bytes, vectors)
    for v in range(rows // p.width if in_place else 0, min(vectors, (last_row - row) // p.width)):
        _store(p, a, y + v * vector_bytes, y_row_bytes, row + v * p.width, last_row, example, filters, targets)
    return example


@compiled
def _example_of(p, a, row, example):
    """The example of a row, which is ``example`` or a later one."""
    return example_from(p, row, example) if p.lengths else row // a.example_rows


@compiled
def _step_and_rows(p, a, row, last_row, example):
    """The output step that a row of an example is, and how many steps there are from it on, up to ``last_row``."""
    if not p.lengths:
        step = row - example * a.example_rows
        return step, min(p.steps - step, last_row - row)
    line = line_of(p, example)
    step = row - line.first_row
    return step, min(line.steps - step, last_row - row)


@compiled
def _store(p, a, y, y_row_bytes, row, last_row, example, filters, targets):
    """One vector of steps, of which those that exist, and zeros behind a length."""
    example = _example_of(p, a, row, example)
    step, steps = _step_and_rows(p, a, row, last_row, example)
    target = targets + example * p.output_example_stride + step * p.output_step_stride
    if p.lengths and 0 < steps < p.width:
        room = min(p.steps - step, p.width)
        call7(p.store_last, y, y_row_bytes, filters, steps, target, p.output_filter_stride, room)
    elif steps > 0:
        call7(p.store, y, y_row_bytes, filters, steps, target, p.output_filter_stride, p.output_step_stride)


transposed_worker_address: Any = pointer_to(run_worker)
