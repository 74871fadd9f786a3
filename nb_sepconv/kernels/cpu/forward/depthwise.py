"""The forward pass without a pointwise stage: channel ``c`` and multiplier ``m`` are output channel ``c*M + m``.

Sums are made where the outputs are, or in scratch memory, from where they are stored.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.blocking import STEPS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call7, call8
from nb_sepconv.kernels.cpu.codegen.microkernels import rows_in_vain
from nb_sepconv.kernels.cpu.forward.hidden import convolve, load_piece
from nb_sepconv.kernels.cpu.forward.lengths import first_example, piece_at
from nb_sepconv.kernels.cpu.forward.worker import worker_by_tiles

STORED_ROWS = 16  # at a time, where channels lie side by side: processors foresee the stores to so many rows


@compiled
def _convolve_tile(p, inputs, outputs, weights, first_row, last_row, part, scratch):
    """The outputs of a tile's rows for a part of the channels, example by example."""
    first_block = part * p.sum_blocks
    last_block = min(first_block + p.sum_blocks, p.blocks)
    row, example = first_row, first_example(p, first_row)
    while row < last_row:
        piece = piece_at(p, p.steps, row, last_row, example)
        at = outputs + piece.example * p.output_example_stride + piece.step * p.output_step_stride
        for loaded in range(first_block, last_block, p.load_blocks):
            end = min(loaded + p.load_blocks, last_block)
            load_piece(p, inputs, piece, loaded, end, scratch)
            stored = loaded
            if p.rows_in_place and rows_in_vain(piece.steps) == 0:
                stored = max(loaded, min(end, p.channels // p.width))
                _convolve_in_place(p, at, weights, piece.steps, loaded, stored, scratch)
            _convolve_and_store(p, at, weights, piece.steps, loaded, stored, end, scratch)
        row, example = row + piece.rows, piece.example


@compiled
def _convolve_in_place(p, outputs, weights, steps, first_block, last_block, scratch):
    """Whole blocks of channels, a few rows at a time. The last ones are a whole group or more: none is in vain."""
    vector_bytes = p.width * p.item_bytes
    step = 0
    while step < steps:
        rows = steps - step
        if rows >= STORED_ROWS + STEPS:
            rows = STORED_ROWS
        at = outputs + step * p.output_step_stride
        for block in range(first_block, last_block):
            call8(
                p.convolve,
                scratch + p.x + (block - first_block) * p.x_block_bytes + step * vector_bytes,
                scratch + p.tap_table,
                p.kernel_size,
                p.runs,
                weights + block * p.kernel_size * vector_bytes,
                at + block * vector_bytes,
                p.output_step_stride,
                rows,
            )
        if p.activate:
            call4(p.activate, at + first_block * vector_bytes, rows, p.output_step_stride, last_block - first_block)
        step += rows


@compiled
def _convolve_and_store(p, outputs, weights, steps, loaded, first_block, last_block, scratch):
    """Blocks of channels from ``first_block`` on, of those that are loaded from ``loaded`` on."""
    vector_bytes = p.width * p.item_bytes
    hidden = scratch + p.hidden
    for block in range(first_block, last_block):
        x = scratch + p.x + (block - loaded) * p.x_block_bytes
        for m in range(p.multiplier):
            kernel = weights + (block * p.multiplier + m) * p.kernel_size * vector_bytes
            convolve(p, x, scratch + p.tap_table, kernel, hidden, steps)
            if p.activate:
                call4(p.activate, hidden, steps, vector_bytes, 1)
            hidden += p.hidden_block_bytes
    rows = STORED_ROWS if p.output_filter_stride < p.output_step_stride else steps
    for step in range(0, steps, rows):
        hidden = scratch + p.hidden + step * vector_bytes
        _store(p, hidden, outputs + step * p.output_step_stride, min(rows, steps - step), first_block, last_block)


@compiled
def _store(p, hidden, outputs, rows, first_block, last_block):
    vector_bytes = p.width * p.item_bytes
    stride = p.multiplier * p.output_filter_stride
    for block in range(first_block, last_block):
        for m in range(p.multiplier):
            at = outputs + block * p.width * stride + m * p.output_filter_stride
            channels = p.channels - block * p.width
            call7(p.store, hidden, vector_bytes, rows, channels, at, p.output_step_stride, stride)
            hidden += p.hidden_block_bytes


depthwise_worker_address: Any = worker_by_tiles(_convolve_tile)
