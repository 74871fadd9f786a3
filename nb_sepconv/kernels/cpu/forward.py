"""The fused forward pass, tile by tile: load, depthwise, pointwise, activation, store.

A row is one output step of one example; rows are numbered through all examples. A tile's depthwise result never leaves
the cache, and each output sums its channels in one order (channel block, multiplier, lane), whatever the tile.
Nothing here knows an element type: the inner loops are procedures that the problem names by address.
"""

from typing import NamedTuple

import numpy as np
from numba import cfunc, njit, types

from nb_sepconv.kernels.cpu.once import once
from nb_sepconv.kernels.cpu.problem import load_problem
from nb_sepconv.kernels.cpu.procedures import address_of, call4, call6, call7, call10, call11, store_intp, take_ticket
from nb_sepconv.kernels.cpu.tiling import PANEL_VECTORS, STEPS, ceil_div
from nb_sepconv.kernels.cpu.vector import ALIGNMENT

# Reached only through the address of ``run_worker``: nothing here needs to be callable from Python.
compiled = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
INTP_BYTES = 8
_kept = []
PAGE_ROWS = 64  # vectors in 4 KiB: buffers that far apart share cache sets


class Scratch(NamedTuple):
    """Where one worker's buffers start, where they end, and the bytes from one hidden block to the next."""

    step_offsets: int
    tap_offsets: int
    x: int
    hidden: int
    y: int
    end: int
    block_bytes: int


def run_worker(problem, inputs, outputs, weights, counter):
    """Fill tiles of the output, by ticket, until none is left. All arguments are addresses."""
    p = load_problem(problem)
    buffer = np.empty(_lay_out(p, 0).end + ALIGNMENT, np.uint8)
    _fill_tiles(p, inputs, outputs, weights, counter, buffer)


@compiled
def _fill_tiles(p, inputs, outputs, weights, counter, buffer):
    """Take tiles by ticket until none is left; ``buffer`` belongs to this worker, ``counter`` to all of them."""
    depthwise = align(weights)
    bias = depthwise + ceil_div(p.channels, p.width) * p.multiplier * p.kernel_size * p.width * p.item_bytes
    pointwise = bias + ceil_div(p.filters, p.width) * p.width * p.item_bytes
    scratch = _lay_out(p, address_of(buffer))
    _fill_offsets(p, scratch)
    rows = p.examples * p.steps
    part_panels = _panels_per_part(p)
    tickets = ceil_div(rows, p.tile_rows) * p.filter_parts
    ticket = take_ticket(counter)
    while ticket < tickets:
        first_row = ticket // p.filter_parts * p.tile_rows
        last_row = min(first_row + p.tile_rows, rows)
        first_panel = ticket % p.filter_parts * part_panels
        _fill_tile(p, inputs, outputs, depthwise, pointwise, bias, first_row, last_row, first_panel, scratch)
        ticket = take_ticket(counter)


@compiled
def _fill_tile(p, inputs, outputs, depthwise, pointwise, bias, first_row, last_row, first_panel, scratch):
    blocks = ceil_div(p.channels, p.width)
    last_panel = min(first_panel + _panels_per_part(p), ceil_div(p.filters, PANEL_VECTORS * p.width))
    for first_block in range(0, blocks, p.sum_blocks):
        last_block = min(first_block + p.sum_blocks, blocks)
        _fill_hidden(p, inputs, depthwise, first_row, last_row, first_block, last_block, scratch)
        if not p.fused:
            _store_hidden(p, outputs, first_row, last_row, first_block, last_block, scratch)
            continue
        for panel in range(first_panel, last_panel):
            place = panel - first_panel if p.sum_blocks < blocks else 0
            _fill_panel(
                p, outputs, pointwise, bias, first_row, last_row, first_block, last_block, panel, place, scratch
            )


@compiled
def _fill_hidden(p, inputs, depthwise, first_row, last_row, first_block, last_block, scratch):
    """The depthwise results of a tile's rows for some blocks of channels, example by example."""
    vector_bytes = p.width * p.item_bytes
    kernel_bytes = p.kernel_size * vector_bytes
    row = first_row
    while row < last_row:
        example, step = row // p.steps, row % p.steps
        steps = min(p.steps - step, last_row - row)
        for loaded in range(first_block, last_block, p.load_blocks):
            end = min(loaded + p.load_blocks, last_block)
            _load_blocks(p, inputs, example, step, steps, loaded, end, scratch)
            for block in range(loaded, end):
                x = scratch.x + (block - loaded) * _x_block_bytes(p)
                for m in range(p.multiplier):
                    weights = depthwise + (block * p.multiplier + m) * kernel_bytes
                    place = (block - first_block) * p.multiplier + m
                    hidden = scratch.hidden + place * scratch.block_bytes + (row - first_row) * vector_bytes
                    call6(p.convolve, x, scratch.tap_offsets, p.kernel_size, weights, hidden, steps)
        row += steps


@compiled
def _load_blocks(p, inputs, example, step, steps, first_block, last_block, scratch):
    """Some blocks of channels of the input steps that ``steps`` output steps read, zeros outside the series."""
    channels = min(last_block * p.width, p.channels) - first_block * p.width
    count = (steps - 1) * p.stride + p.window_span
    source = inputs + example * p.input_example_stride + first_block * p.width * p.input_channel_stride
    window_bytes = p.stride * p.phase_rows * p.width * p.item_bytes
    for window in range(p.windows):
        at = step * p.stride - p.left + window * p.dilation
        first = min(max(-at, 0), count)
        last = min(max(p.length - at, first), count)
        call10(
            p.load,
            source + at * p.input_step_stride,
            p.input_step_stride,
            p.input_channel_stride,
            channels,
            first,
            last,
            count,
            scratch.x + window * window_bytes,
            scratch.step_offsets,
            _x_block_bytes(p),
        )


@compiled
def _store_hidden(p, outputs, first_row, last_row, first_block, last_block, scratch):
    """The depthwise results as outputs: channel ``c`` and multiplier ``m`` are output channel ``c*M + m``."""
    vector_bytes = p.width * p.item_bytes
    for block in range(first_block, last_block):
        for m in range(p.multiplier):
            place = (block - first_block) * p.multiplier + m
            hidden = scratch.hidden + place * scratch.block_bytes
            if p.activate:
                call4(p.activate, hidden, last_row - first_row, vector_bytes, 1)
            target = outputs + (block * p.width * p.multiplier + m) * p.output_filter_stride
            filters = p.channels - block * p.width
            stride = p.multiplier * p.output_filter_stride
            _store(p, hidden, vector_bytes, first_row, last_row, filters, target, stride)


@compiled
def _fill_panel(p, outputs, pointwise, bias, first_row, last_row, first_block, last_block, panel, place, scratch):
    """A tile's sums over some blocks of channels for one panel of filters; after the last block they are finished."""
    vector_bytes = p.width * p.item_bytes
    first_filter = panel * PANEL_VECTORS * p.width
    filters = p.filters - first_filter
    vectors = min(PANEL_VECTORS, ceil_div(filters, p.width))
    in_place = p.rows_in_place and vectors * p.width <= filters
    y, y_row_bytes = scratch.y + place * p.tile_rows * PANEL_VECTORS * vector_bytes, vectors * vector_bytes
    if in_place:
        y, y_row_bytes = outputs + first_row * p.output_step_stride + first_filter * p.item_bytes, p.output_step_stride
    start, start_row_bytes = y, y_row_bytes
    if first_block == 0:
        start, start_row_bytes = bias + first_filter * p.item_bytes, 0
    channels_before = first_block * p.width * p.multiplier
    weights = (
        pointwise + (first_filter * p.channels * p.multiplier + channels_before * vectors * p.width) * p.item_bytes
    )
    part_lanes = p.channels % p.width
    part_blocks = p.multiplier if part_lanes and last_block * p.width > p.channels else 0
    whole_blocks = (last_block - first_block) * p.multiplier - part_blocks
    call11(
        p.multiply_panel if vectors == PANEL_VECTORS else p.multiply_vector,
        scratch.hidden,
        scratch.block_bytes,
        whole_blocks,
        part_blocks,
        part_lanes,
        weights,
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
            _store(
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
def _store(p, y, y_row_bytes, first_row, last_row, filters, target, filter_stride):
    """One vector of filters of a tile's rows, example by example."""
    row = first_row
    while row < last_row:
        example, step = row // p.steps, row % p.steps
        steps = min(p.steps - step, last_row - row)
        at = target + example * p.output_example_stride + step * p.output_step_stride
        source = y + (row - first_row) * y_row_bytes
        call7(p.store, source, y_row_bytes, steps, filters, at, p.output_step_stride, filter_stride)
        row += steps


@compiled
def _lay_out(p, buffer):
    """Cut a buffer into its parts; at address 0, ``end`` is the bytes that are needed."""
    vector_bytes = p.width * p.item_bytes
    blocks = ceil_div(p.channels, p.width)
    block_rows = p.tile_rows + STEPS + p.width
    block_bytes = (block_rows + (block_rows % PAGE_ROWS == 0)) * vector_bytes
    y_panels = (_panels_per_part(p) if p.sum_blocks < blocks else 1) if p.fused else 0
    step_offsets = align(buffer)
    tap_offsets = align(step_offsets + _window_steps(p) * INTP_BYTES)
    x = align(tap_offsets + p.kernel_size * INTP_BYTES)
    hidden = align(x + min(p.load_blocks, blocks) * _x_block_bytes(p))
    y = hidden + min(p.sum_blocks, blocks) * p.multiplier * block_bytes
    end = y + (y_panels * p.tile_rows + p.width) * PANEL_VECTORS * vector_bytes
    return Scratch(step_offsets, tap_offsets, x, hidden, y, end, block_bytes)


@compiled
def _x_block_bytes(p):
    """One block of channels of all windows, and the rows that the last group of steps reads in vain."""
    rows = p.windows * p.stride * p.phase_rows + STEPS
    return (rows + (rows % PAGE_ROWS == 0)) * p.width * p.item_bytes


@compiled
def _fill_offsets(p, scratch):
    """Where each step of a window lies in scratch, phases of the stride apart, and where each tap's first row does."""
    vector_bytes = p.width * p.item_bytes
    for i in range(_window_steps(p)):
        offset = (i % p.stride * p.phase_rows + i // p.stride) * vector_bytes
        store_intp(offset, scratch.step_offsets + i * INTP_BYTES)
    for k in range(p.kernel_size):
        rows = k * p.stride * p.phase_rows
        if p.windows == 1:
            rows = k * p.dilation % p.stride * p.phase_rows + k * p.dilation // p.stride
        store_intp(rows * vector_bytes, scratch.tap_offsets + k * INTP_BYTES)


@compiled
def _window_steps(p):
    """Input steps of a full tile's window, and a vector more: columns are loaded by whole vectors."""
    return (p.tile_rows - 1) * p.stride + p.window_span + p.width


@compiled
def _panels_per_part(p):
    return ceil_div(ceil_div(p.filters, PANEL_VECTORS * p.width), p.filter_parts)


@compiled
def align(address):
    return (address + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@once
def worker_address():
    """The machine address of the compiled worker."""
    worker = cfunc(types.void(*[types.intp] * 5), nopython=True)(run_worker)
    _kept.append(worker)
    return worker.address
