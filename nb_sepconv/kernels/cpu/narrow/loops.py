"""The fused forward pass for inputs of few channels, whose depthwise results fill the lanes of a vector all the same.

The input is spread over the lanes as the hidden channels need it. Where these are fewer than half of a vector, a vector
holds them for several output steps, which lie ``size`` apart: a run of output steps is cut into so many segments.
Every output is summed in the order of the other passes, and has its bits.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import STEPS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call5, call6, call8, call10, store_intp
from nb_sepconv.kernels.cpu.codegen.microkernels import rows_in_vain
from nb_sepconv.kernels.cpu.forward.hidden import convolve, fill_tables
from nb_sepconv.kernels.cpu.forward.lengths import all_rows, clear_behind, first_example, piece_at
from nb_sepconv.kernels.cpu.forward.loops import fill_panel, store_rows
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.worker import rows_of_tile, worker_of
from nb_sepconv.kernels.cpu.narrow.problem import narrow_at
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


@compiled
def _fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch):
    p, a = problem_at(problem), narrow_at(problem)
    fill_narrow_tables(p, a, scratch)
    rows = all_rows(p, p.steps)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        first_panel = ticket % p.filter_parts * p.part_panels
        _fill_tile(p, a, inputs, outputs, weights, first_row, last_row, first_panel, scratch)
        clear_behind(p, outputs, first_row, last_row, ticket % p.filter_parts)
        ticket = next_ticket(tickets, worker)


@compiled
def fill_narrow_tables(p: Any, a: Any, scratch: Any) -> None:
    """The tables of every pass, and where each step of the input is loaded."""
    fill_tables(p, scratch)
    for i in range(a.table_steps):
        store_intp(i * a.number_bytes, scratch + a.number_table + i * INTP_BYTES)


@compiled
def _fill_tile(p, a, inputs, outputs, weights, first_row, last_row, first_panel, scratch):
    """Segments are finished run by run; where there are none, a tile's rows are finished together."""
    first = first_example(p, first_row)
    row, example = first_row, first
    while row < last_row:
        piece = piece_at(p, p.steps, row, min(row + a.segments * a.most_steps, last_row), example)
        example = piece.example
        steps = piece.steps
        hidden = scratch + p.hidden
        if a.segments == 1:
            hidden += (row - first_row) * p.width * p.item_bytes
        size = segment_steps(a, steps)
        fill_run(p, a, inputs, weights, piece, size, scratch)
        for block in range(p.blocks):
            x, taps = input_of_block(p, a, block, scratch)
            kernel = weights + block * p.kernel_size * p.width * p.item_bytes
            convolve(p, x, taps, kernel, hidden + block * p.hidden_block_bytes, size)
        if a.segments > 1:
            for start in range(0, steps, size):
                segment = hidden + start // size * p.channels * p.item_bytes
                last = min(start + size, steps)
                _finish(p, outputs, weights, segment, row + start, row + last, example, first_panel, scratch)
        row += steps
    if a.segments == 1:
        _finish(p, outputs, weights, scratch + p.hidden, first_row, last_row, first, first_panel, scratch)


@compiled
def segment_steps(a: Any, steps: Any) -> Any:
    """The steps of each segment of a run but the last, which may have fewer."""
    return min(max(ceil_div(steps, a.segments), STEPS), min(steps, a.most_steps))


@compiled
def fill_run(p: Any, a: Any, inputs: Any, weights: Any, piece: Any, size: Any, scratch: Any) -> None:
    """The input steps that a run of output steps reads, spread over the lanes where these do not see one channel.

    Steps that are computed in vain, and the last segment's that do not exist, read zeros.
    """
    computed = size + rows_in_vain(size)
    rows = (computed - 1) * p.stride + p.window_span
    last_segment = max(piece.steps - 1, 0) // size * size
    _load_numbers(p, a, inputs, piece, last_segment * p.stride + rows, scratch)
    if not a.spread:
        if a.split_phases:
            numbers, phase_rows = scratch + a.numbers, ceil_div(rows, p.stride)
            call5(a.split_phases, numbers, p.stride, phase_rows, scratch + p.x, p.x_block_bytes)
        return
    order_bytes = p.width * INTP_BYTES
    for pattern in range(a.patterns):
        order, x = weights + a.order + pattern * order_bytes, scratch + p.x + pattern * p.x_block_bytes
        call8(a.spread, scratch + a.numbers, a.number_bytes, rows, order, 0, p.width, x, scratch)
    for first in range(size, piece.steps, size):
        numbers = scratch + a.numbers + first * p.stride * a.number_bytes
        lane = first // size * p.channels
        order, x = weights + a.order, scratch + p.x
        call8(a.spread, numbers, a.number_bytes, rows, order, lane, lane + p.channels, x, scratch)


@compiled
def input_of_block(p: Any, a: Any, block: Any, scratch: Any) -> tuple[Any, Any]:
    """Where the input of a block lies, and where the table of its taps does, or how far apart its runs are."""
    if a.spread:
        return scratch + p.x + block % a.patterns * p.x_block_bytes, scratch + p.tap_table
    return scratch + (p.x if a.split_phases else a.numbers), p.x_block_bytes


@compiled
def _load_numbers(p, a, inputs, piece, filled, scratch):
    """The input of a run of output steps, zeros outside the series and behind the run, ``filled`` steps in all."""
    count = (piece.steps - 1) * p.stride + p.window_span if piece.steps > 0 else 0
    at = piece.step * p.stride - piece.left
    first = min(max(-at, 0), count)
    last = min(max(piece.length - at, first), count)
    source = inputs + piece.example * p.input_example_stride + at * p.input_step_stride
    channels, numbers = a.input_channels, scratch + a.numbers
    if a.copy_numbers:
        there = (last - first) * channels
        source += first * p.input_step_stride
        call5(a.copy_numbers, source, first * channels, there, (filled - last) * channels, numbers)
    elif a.interleave:
        source += first * p.input_step_stride
        call6(a.interleave, source, p.input_channel_stride, first, last - first, filled - last, numbers)
    else:
        table = scratch + a.number_table
        step_stride, channel_stride = p.input_step_stride, p.input_channel_stride
        call10(p.load, source, step_stride, channel_stride, channels, first, last, filled, numbers, table, 0)


@compiled
def _finish(p, outputs, weights, hidden, first_row, last_row, example, first_panel, scratch):
    """Outputs from the depthwise results of some rows, the first of them of ``example``."""
    if not p.fused:
        _store_hidden(p, outputs, hidden, first_row, last_row, example)
        return
    for panel in range(first_panel, min(first_panel + p.part_panels, p.panels)):
        fill_panel(p, outputs, weights, hidden, first_row, last_row, example, 0, p.blocks, panel, 0, scratch)


@compiled
def _store_hidden(p, outputs, hidden, first_row, last_row, example):
    """The depthwise results as outputs, whose order they have."""
    vector_bytes = p.width * p.item_bytes
    for block in range(p.blocks):
        at = hidden + block * p.hidden_block_bytes
        if p.activate:
            call4(p.activate, at, last_row - first_row, vector_bytes, 1)
        filter_ = block * p.width
        target = outputs + filter_ * p.output_filter_stride
        channels, stride = p.channels - filter_, p.output_filter_stride
        store_rows(p, at, vector_bytes, first_row, last_row, example, channels, target, stride)


narrow_worker_address: Any = worker_of(_fill_tiles)
