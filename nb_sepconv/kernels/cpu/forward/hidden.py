"""The depthwise stage: input steps are loaded to scratch memory and convolved, example by example.

Its results, the hidden rows, have one row for each output step of a tile, and never leave the cache.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call8, call10, store_intp
from nb_sepconv.kernels.cpu.codegen.microkernels import rows_in_vain
from nb_sepconv.kernels.cpu.forward.lengths import first_example, piece_at


@compiled
def fill_hidden(
    p: Any, inputs: Any, weights: Any, first_row: Any, last_row: Any, first_block: Any, last_block: Any, scratch: Any
) -> None:
    """The depthwise results of a tile's rows for some blocks of channels, example by example."""
    vector_bytes = p.width * p.item_bytes
    kernel_bytes = p.kernel_size * vector_bytes
    row, example = first_row, first_example(p, first_row)
    while row < last_row:
        piece = piece_at(p, p.steps, row, last_row, example)
        for loaded in range(first_block, last_block, p.load_blocks):
            end = min(loaded + p.load_blocks, last_block)
            load_piece(p, inputs, piece, loaded, end, scratch)
            for block in range(loaded, end):
                x = scratch + p.x + (block - loaded) * p.x_block_bytes
                for m in range(p.multiplier):
                    kernel = weights + (block * p.multiplier + m) * kernel_bytes
                    place = place_in_sum(p, block, m) - first_block * p.multiplier
                    hidden = scratch + p.hidden + place * p.hidden_block_bytes + (row - first_row) * vector_bytes
                    convolve(p, x, scratch + p.tap_table, kernel, hidden, piece.steps)
        row, example = row + piece.rows, piece.example


@compiled
def load_piece(p: Any, inputs: Any, piece: Any, first_block: Any, last_block: Any, scratch: Any) -> None:
    """What :func:`convolve` reads for a piece and some blocks of channels."""
    rows = ceil_div(piece.steps, p.output_phases)  # of the longest phase, whose rows in vain reach farthest
    rows = (rows + rows_in_vain(rows)) * p.output_phases
    load_blocks(p, inputs, piece, rows, first_block, last_block, scratch)


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
def convolve(p: Any, x: Any, tap_offsets: Any, weights: Any, hidden: Any, steps: Any) -> None:
    """One block of channels and one multiplier, output phase by output phase."""
    vector_bytes = p.width * p.item_bytes
    if p.output_phases == 1:
        call8(p.convolve, x, tap_offsets, p.kernel_size, p.runs, weights, hidden, vector_bytes, steps)
        return
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
