"""The fused forward pass, tile by tile: load, depthwise, pointwise, activation, store.

A row is one output step of one example; rows are numbered through all examples. A tile's depthwise result never leaves
the cache, and each output sums its channels in one order (channel block, multiplier, lane), whatever the tile.
Nothing here knows an element type: the inner loops are procedures that the problem names by address.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call4, call7, call8, call10, call11, release, store_intp
from nb_sepconv.kernels.cpu.codegen.microkernels import rows_in_vain
from nb_sepconv.kernels.cpu.forward.keeping import keep_steps
from nb_sepconv.kernels.cpu.forward.lengths import all_rows, clear_behind, end_of_rows_together, piece_at, place_of_rows
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.tiling import first_row_of
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket

STORED_ROWS = 16  # at a time, where channels lie side by side: processors foresee the stores to so many rows


def run_worker(problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
    """Fill tiles of the output, by ticket, until none is left. All arguments but the last are addresses."""
    p = problem_at(problem)
    buffer = allocate(p.scratch_bytes + ALIGNMENT)
    if buffer:
        _fill_tiles(p, inputs, outputs, aligned(weights), tickets, worker, aligned(buffer))
        release(buffer)


@compiled
def _fill_tiles(p, inputs, outputs, weights, tickets, worker, scratch):
    """``scratch`` belongs to this worker, ``tickets`` to all of them."""
    fill_tables(p, scratch)
    rows = all_rows(p, p.steps)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
        part = ticket % p.filter_parts
        if p.fused:
            _fill_tile(p, inputs, outputs, weights, first_row, last_row, part * p.part_panels, scratch)
        else:
            _convolve_tile(p, inputs, outputs, weights, first_row, last_row, part * p.sum_blocks, scratch)
        clear_behind(p, outputs, first_row, last_row, part)
        keep_steps(p, inputs, ticket)
        ticket = next_ticket(tickets, worker)


@compiled
def rows_of_tile(p: Any, tile: Any, rows: Any) -> tuple[Any, Any]:
    """A tile's first row, and the one behind its last; all tiles together have so many."""
    first = first_row_of(tile, p.tiles, p.row_groups, p.row_group)
    return first, min(first_row_of(tile + 1, p.tiles, p.row_groups, p.row_group), rows)


@compiled
def _fill_tile(p, inputs, outputs, weights, first_row, last_row, first_panel, scratch):
    last_panel = min(first_panel + p.part_panels, p.panels)
    for first_block in range(0, p.blocks, p.sum_blocks):
        last_block = min(first_block + p.sum_blocks, p.blocks)
        fill_hidden(p, inputs, weights, first_row, last_row, first_block, last_block, scratch)
        for panel in range(first_panel, last_panel):
            place = panel - first_panel if p.sum_blocks < p.blocks else 0
            row = first_row
            while row < last_row:
                end = end_of_rows_together(p, row, last_row)
                hidden = scratch + p.hidden + (row - first_row) * p.width * p.item_bytes
                fill_panel(p, outputs, weights, hidden, row, end, first_block, last_block, panel, place, scratch)
                row = end


@compiled
def _convolve_tile(p, inputs, outputs, weights, first_row, last_row, first_block, scratch):
    """The depthwise results of a part of the channels, which are outputs."""
    last_block = min(first_block + p.sum_blocks, p.blocks)
    fill_hidden(p, inputs, weights, first_row, last_row, first_block, last_block, scratch)
    _store_hidden(p, outputs, first_row, last_row, first_block, last_block, scratch)


@compiled
def fill_hidden(
    p: Any, inputs: Any, weights: Any, first_row: Any, last_row: Any, first_block: Any, last_block: Any, scratch: Any
) -> None:
    """The depthwise results of a tile's rows for some blocks of channels, example by example."""
    vector_bytes = p.width * p.item_bytes
    kernel_bytes = p.kernel_size * vector_bytes
    row = first_row
    while row < last_row:
        piece = piece_at(p, p.steps, row, last_row)
        for loaded in range(first_block, last_block, p.load_blocks):
            end = min(loaded + p.load_blocks, last_block)
            rows = ceil_div(piece.steps, p.output_phases)  # of the longest phase, whose rows in vain reach farthest
            rows = (rows + rows_in_vain(rows)) * p.output_phases
            load_blocks(p, inputs, piece, rows, loaded, end, scratch)
            for block in range(loaded, end):
                x = scratch + p.x + (block - loaded) * p.x_block_bytes
                for m in range(p.multiplier):
                    kernel = weights + (block * p.multiplier + m) * kernel_bytes
                    place = place_in_sum(p, block, m) - first_block * p.multiplier
                    hidden = scratch + p.hidden + place * p.hidden_block_bytes + (row - first_row) * vector_bytes
                    convolve(p, x, scratch + p.tap_table, kernel, hidden, piece.steps)
        row += piece.rows


@compiled
def convolve(p: Any, x: Any, tap_offsets: Any, weights: Any, hidden: Any, steps: Any) -> None:
    """One block of channels and one multiplier, output phase by output phase."""
    vector_bytes = p.width * p.item_bytes
    for phase in range(min(p.output_phases, steps)):
        call8(
            p.convolve,
            x + phase * p.phase_rows * vector_bytes,
            tap_offsets,
            p.kernel_size,
            p.runs,
            weights,
            hidden + phase * vector_bytes,
            p.output_phases * vector_bytes,
            ceil_div(steps - phase, p.output_phases),
        )


@compiled
def load_blocks(p: Any, inputs: Any, piece: Any, rows: Any, first_block: Any, last_block: Any, scratch: Any) -> None:
    """Some blocks of channels of the input steps that a piece's output steps read, zeros outside the series, or what
    lies before it.

    Zeros lie behind them where ``rows`` rows, some of them in vain, read: numbers that happened to lie there may be
    subnormal, and take a processor a hundred times as long.
    """
    channels = min(last_block * p.width, p.channels) - first_block * p.width
    count = (piece.steps - 1) * p.stride + p.window_span
    filled = max(count, (rows - 1) * p.stride + p.window_span)
    source = inputs + piece.example * p.input_example_stride + first_block * p.width * p.input_channel_stride
    for window in range(p.windows):
        at = piece.step * p.stride - piece.left + window * p.dilation
        first = min(max(-at, 0), count)
        last = min(max(piece.length - at, first), count)
        x, skipped = scratch + p.x + window * p.window_bytes, 0
        if p.before and first:
            kept = p.before + piece.example * p.before_example_stride + (p.left + at) * p.before_step_stride
            kept += first_block * p.width * p.before_channel_stride
            steps = p.before_step_stride, p.before_channel_stride
            call10(p.load, kept, *steps, channels, 0, first, first, x, scratch, p.x_block_bytes)
            skipped = first
        call10(
            p.load,
            source + (at + skipped) * p.input_step_stride,
            p.input_step_stride,
            p.input_channel_stride,
            channels,
            first - skipped,
            last - skipped,
            filled - skipped,
            x,
            scratch + skipped * INTP_BYTES,
            p.x_block_bytes,
        )


@compiled
def _store_hidden(p, outputs, first_row, last_row, first_block, last_block, scratch):
    """The depthwise results as outputs: channel ``c`` and multiplier ``m`` are output channel ``c*M + m``.

    Where channels lie side by side, a few rows are stored at a time, block after block: with 126 rows of 512 channels
    at a time, the whole call took 2.8 times as long.
    """
    vector_bytes = p.width * p.item_bytes
    first_hidden = scratch + p.hidden
    if p.activate:
        for place in range((last_block - first_block) * p.multiplier):
            call4(p.activate, first_hidden + place * p.hidden_block_bytes, last_row - first_row, vector_bytes, 1)
    rows = STORED_ROWS if p.output_filter_stride < p.output_step_stride else last_row - first_row
    for row in range(first_row, last_row, rows):
        end = min(row + rows, last_row)
        for block in range(first_block, last_block):
            for m in range(p.multiplier):
                place = place_in_sum(p, block, m) - first_block * p.multiplier
                hidden = first_hidden + place * p.hidden_block_bytes + (row - first_row) * vector_bytes
                target = outputs + (block * p.width * p.multiplier + m) * p.output_filter_stride
                filters = p.channels - block * p.width
                stride = p.multiplier * p.output_filter_stride
                store_rows(p, hidden, vector_bytes, row, end, filters, target, stride)


@compiled
def fill_panel(
    p: Any,
    outputs: Any,
    weights: Any,
    hidden: Any,
    first_row: Any,
    last_row: Any,
    first_block: Any,
    last_block: Any,
    panel: Any,
    place: Any,
    scratch: Any,
) -> None:
    """A tile's sums over some blocks of channels for one panel of filters; after the last block they are finished."""
    vector_bytes = p.width * p.item_bytes
    first_filter = panel * PANEL_VECTORS * p.width
    filters = p.filters - first_filter
    vectors = min(PANEL_VECTORS, ceil_div(filters, p.width))
    rows_at = place_of_rows(p, outputs, first_row, last_row)
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
                filters - v * p.width,
                target,
                p.output_filter_stride,
            )


@compiled
def place_in_sum(p: Any, block: Any, m: Any) -> Any:
    """The place of a hidden block in the sums over channels: some blocks of channels, multiplier by multiplier."""
    first = block // BLOCKS_TOGETHER * BLOCKS_TOGETHER
    return first * p.multiplier + m * min(BLOCKS_TOGETHER, p.blocks - first) + block - first


@compiled
def block_in_sum(p: Any, place: Any) -> Any:
    """The block and the multiplier that are at a place."""
    first = place // (BLOCKS_TOGETHER * p.multiplier) * BLOCKS_TOGETHER
    blocks = max(1, min(BLOCKS_TOGETHER, p.blocks - first))
    place -= first * p.multiplier
    return first + place % blocks, place // blocks


@compiled
def first_in_sum(p: Any, block: Any, m: Any) -> Any:
    """The hidden channels that are summed before those of a block and a multiplier."""
    first = block // BLOCKS_TOGETHER * BLOCKS_TOGETHER
    channels = min(BLOCKS_TOGETHER * p.width, p.channels - first * p.width)
    return first * p.width * p.multiplier + m * channels + (block - first) * p.width


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
    p: Any, y: Any, y_row_bytes: Any, first_row: Any, last_row: Any, filters: Any, target: Any, filter_stride: Any
) -> None:
    """One vector of filters of a tile's rows, example by example."""
    row = first_row
    while row < last_row:
        piece = piece_at(p, p.steps, row, last_row)
        at = target + piece.example * p.output_example_stride + piece.step * p.output_step_stride
        source = y + (row - first_row) * y_row_bytes
        call7(p.store, source, y_row_bytes, piece.steps, filters, at, p.output_step_stride, filter_stride)
        row += piece.rows


@compiled
def fill_tables(p: Any, scratch: Any) -> None:
    """Where each step of a window lies in scratch, ``phases`` apart, and where each tap's first row does."""
    vector_bytes = p.width * p.item_bytes
    for phase in range(p.phases):
        offset = phase * p.phase_rows * vector_bytes
        for i in range(phase, p.window_steps, p.phases):
            store_intp(offset, scratch + i * INTP_BYTES)
            offset += vector_bytes
    rows, phase = 0, 0
    rows_apart, phases_apart = p.phases * p.phase_rows, 0
    if p.windows == 1:
        rows_apart, phases_apart = p.dilation // p.phases, p.dilation % p.phases
    for k in range(p.kernel_size):
        store_intp((phase * p.phase_rows + rows) * vector_bytes, scratch + p.tap_table + k * INTP_BYTES)
        rows, phase = rows + rows_apart, phase + phases_apart
        if phase >= p.phases:
            rows, phase = rows + 1, phase - p.phases


worker_address: Any = pointer_to(run_worker)
