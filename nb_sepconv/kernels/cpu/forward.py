"""The fused forward pass over one tile of rows: pack, depthwise, pointwise, activation, store.

A row is one output step of one example; rows are numbered through all examples. A tile's depthwise result never leaves
the cache, and each output sums its channels in one order (channel block, multiplier, lane), whatever the tile.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numba.np.unsafe.ndarray import to_fixed_tuple

from nb_sepconv.kernels.cpu import movers
from nb_sepconv.kernels.cpu.microkernels import depthwise_microkernel, pointwise_microkernel
from nb_sepconv.kernels.cpu.problem import PANEL_VECTORS, ROWS, STEPS, Problem
from nb_sepconv.kernels.cpu.storage import storage
from nb_sepconv.kernels.cpu.vector import ALIGNMENT

compiled = njit(nogil=True, error_model="numpy")
INTP_BYTES = 8
FIELDS = len(Problem._fields)
FEW = 4  # rows or steps of the smaller micro-kernels, for what is left


class Scratch(NamedTuple):
    """Where one worker's buffers start: addresses, and the bytes from one hidden block to the next."""

    step_offsets: int
    tap_offsets: int
    x: int
    hidden: int
    y: int
    block_bytes: int


@compiled
def _align(address):
    return (address + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@compiled
def unpack(problem):
    return Problem(*to_fixed_tuple(problem, FIELDS))


@cache
def packer(storage_name):
    """Compiled ``pack(...)``: one channel block of a tile's input into scratch rows, zeros outside the series."""
    stored = storage(storage_name)
    lanes = stored.lanes
    width, item_bytes, scratch_item_bytes = lanes.width, stored.item_bytes, lanes.item_bytes
    load_row, load_item = movers.row_loader(stored), movers.item_loader(stored)
    load_transposed, clear = movers.transposing_loader(stored), movers.zero_rows(lanes)

    @compiled
    def pack_window(p, source, first_step, count, channels, scratch, offsets):
        """Scratch row ``offsets[i]`` = channels of input step ``first_step + i``, whose address is ``source + i*stride``."""
        first = min(max(-first_step, 0), count)
        last = min(max(p.length - first_step, first), count)
        if p.input_channel_stride != item_bytes and p.input_step_stride == item_bytes:
            for i in range(0, count, width):
                at = source + i * item_bytes
                load_transposed(
                    at, p.input_channel_stride, channels, first - i, last - i, scratch, offsets + i * INTP_BYTES
                )
            return
        clear(scratch, offsets, first)
        clear(scratch, offsets + last * INTP_BYTES, count - last)
        for i in range(first, last):
            row = scratch + movers.load_intp(offsets + i * INTP_BYTES)
            at = source + i * p.input_step_stride
            if p.input_channel_stride == item_bytes:
                load_row(at, channels, row)
            else:
                load_row(at, 0, row)
                for c in range(channels):
                    load_item(at + c * p.input_channel_stride, row + c * scratch_item_bytes)

    @compiled
    def pack(p, inputs, example, step, steps, block, scratch):
        channels = min(width, p.channels - block * width)
        first = step * p.stride - p.left
        count = (steps - 1) * p.stride + p.window_span
        source = inputs + example * p.input_example_stride + block * width * p.input_channel_stride
        for window in range(p.windows):
            at = first + window * p.dilation
            x = scratch.x + window * p.stride * p.phase_rows * lanes_bytes
            pack_window(p, source + at * p.input_step_stride, at, count, channels, x, scratch.step_offsets)

    lanes_bytes = lanes.bytes
    return pack


@cache
def depthwise_stage(storage_name):
    """Compiled ``fill_hidden(...)``: the depthwise results of a tile's rows for a range of channel blocks."""
    lanes = storage(storage_name).lanes
    row_bytes = lanes.bytes
    pack = packer(storage_name)
    many, few = depthwise_microkernel(lanes, STEPS), depthwise_microkernel(lanes, FEW)

    @compiled
    def convolve(p, weights, scratch, hidden, steps):
        done = 0
        while steps - done >= STEPS:
            many(scratch.x + done * row_bytes, scratch.tap_offsets, p.kernel_size, weights, hidden + done * row_bytes)
            done += STEPS
        if steps - done > 2 * FEW and steps > STEPS:
            done = steps - STEPS  # some rows a second time, which is faster than few at a time
            many(scratch.x + done * row_bytes, scratch.tap_offsets, p.kernel_size, weights, hidden + done * row_bytes)
            return
        while done < steps:
            few(scratch.x + done * row_bytes, scratch.tap_offsets, p.kernel_size, weights, hidden + done * row_bytes)
            done += FEW

    @compiled
    def fill_hidden(p, inputs, weights, first_row, last_row, first_block, last_block, scratch):
        row = first_row
        while row < last_row:
            example, step = row // p.steps, row % p.steps
            steps = min(p.steps - step, last_row - row)
            for block in range(first_block, last_block):
                pack(p, inputs, example, step, steps, block, scratch)
                for m in range(p.multiplier):
                    kernel = weights + (block * p.multiplier + m) * p.kernel_size * row_bytes
                    place = (block - first_block) * p.multiplier + m
                    hidden = scratch.hidden + place * scratch.block_bytes + (row - first_row) * row_bytes
                    convolve(p, kernel, scratch, hidden, steps)
            row += steps

    return fill_hidden


@cache
def storer(storage_name):
    """Compiled ``store_rows(...)``: scratch rows of a tile to the output, by whichever of its axes is contiguous."""
    stored = storage(storage_name)
    lanes = stored.lanes
    width, item_bytes, vector_bytes, scratch_item_bytes = lanes.width, stored.item_bytes, lanes.bytes, lanes.item_bytes
    store_row, store_item = movers.row_storer(stored), movers.item_storer(stored)
    store_transposed = movers.transposing_storer(stored)

    @compiled
    def store_vector(p, y, row_bytes, steps, filters, target, filter_stride):
        if filter_stride == item_bytes:
            for i in range(steps):
                store_row(y + i * row_bytes, filters, target + i * p.output_step_stride)
        elif p.output_step_stride == item_bytes:
            for i in range(0, steps, width):
                store_transposed(
                    y + i * row_bytes, row_bytes, steps - i, filters, target + i * item_bytes, filter_stride
                )
        else:
            for i in range(steps):
                for f in range(min(filters, width)):
                    at = target + i * p.output_step_stride + f * filter_stride
                    store_item(y + i * row_bytes + f * scratch_item_bytes, at)

    @compiled
    def store_rows(p, y, vectors, first_row, last_row, filters, target, filter_stride):
        row_bytes = vectors * vector_bytes
        row = first_row
        while row < last_row:
            example, step = row // p.steps, row % p.steps
            steps = min(p.steps - step, last_row - row)
            at = target + example * p.output_example_stride + step * p.output_step_stride
            for v in range(vectors):
                store_vector(
                    p,
                    y + (row - first_row) * row_bytes + v * vector_bytes,
                    row_bytes,
                    steps,
                    filters - v * width,
                    at + v * width * filter_stride,
                    filter_stride,
                )
            row += steps

    return store_rows


@cache
def multiplier(storage_name):
    """Compiled ``multiply(...)``: hidden rows times one panel of weights, in groups of rows."""
    lanes = storage(storage_name).lanes
    row_bytes = lanes.bytes

    def one_width(vectors):
        many, few, one = (pointwise_microkernel(lanes, rows, vectors) for rows in (ROWS, FEW, 1))

        @compiled
        def multiply(hidden, block_bytes, whole, part, part_lanes, weights, start, start_row_bytes, y, y_row_bytes, rows):
            r = 0
            while rows - r >= ROWS:
                many(
                    hidden + r * row_bytes, block_bytes, whole, part, part_lanes, weights,
                    start + r * start_row_bytes, start_row_bytes, y + r * y_row_bytes, y_row_bytes,
                )  # fmt: skip
                r += ROWS
            while rows - r >= FEW:
                few(
                    hidden + r * row_bytes, block_bytes, whole, part, part_lanes, weights,
                    start + r * start_row_bytes, start_row_bytes, y + r * y_row_bytes, y_row_bytes,
                )  # fmt: skip
                r += FEW
            while r < rows:
                one(
                    hidden + r * row_bytes, block_bytes, whole, part, part_lanes, weights,
                    start + r * start_row_bytes, start_row_bytes, y + r * y_row_bytes, y_row_bytes,
                )  # fmt: skip
                r += 1

        return multiply

    wide, narrow = one_width(PANEL_VECTORS), one_width(1)

    @compiled
    def multiply(vectors, *rest):
        if vectors == PANEL_VECTORS:
            wide(*rest)
        else:
            narrow(*rest)

    return multiply


@cache
def tile_kernel(storage_name):
    """Compiled ``tile(...)``: rows ``first_row..last_row`` of the output for panels ``first_panel..last_panel``."""
    stored = storage(storage_name)
    lanes = stored.lanes
    width, row_bytes = lanes.width, lanes.bytes
    stored_as_computed = stored.item_bytes == lanes.item_bytes
    fill_hidden, store_rows, multiply = depthwise_stage(storage_name), storer(storage_name), multiplier(storage_name)
    panel_filters = PANEL_VECTORS * width

    @compiled
    def store_depthwise(p, outputs, first_row, last_row, first_block, last_block, scratch):
        for block in range(first_block, last_block):
            for m in range(p.multiplier):
                place = (block - first_block) * p.multiplier + m
                target = outputs + (block * width * p.multiplier + m) * p.output_filter_stride
                store_rows(
                    p,
                    scratch.hidden + place * scratch.block_bytes,
                    1,
                    first_row,
                    last_row,
                    p.channels - block * width,
                    target,
                    p.multiplier * p.output_filter_stride,
                )

    @compiled
    def multiply_panel(p, outputs, weights, bias, panel, place, first_row, last_row, first_block, last_block, scratch):
        first_filter = panel * panel_filters
        vectors = min(PANEL_VECTORS, (p.filters - first_filter + width - 1) // width)
        linear = p.examples == 1 or p.output_example_stride == p.steps * p.output_step_stride
        contiguous = stored_as_computed and p.output_filter_stride == lanes_item_bytes and linear
        direct = contiguous and first_filter + vectors * width <= p.filters
        y, y_row_bytes = scratch.y + place * p.tile_rows * PANEL_VECTORS * row_bytes, vectors * row_bytes
        if direct:
            y = outputs + first_row * p.output_step_stride + first_filter * lanes_item_bytes
            y_row_bytes = p.output_step_stride
        start, start_row_bytes = y, y_row_bytes
        if first_block == 0:
            start, start_row_bytes = bias + panel * PANEL_VECTORS * row_bytes, 0
        part_lanes = p.channels % width
        part = p.multiplier if part_lanes and last_block * width > p.channels else 0
        hidden_blocks = (last_block - first_block) * p.multiplier
        channels_before = first_block * width * p.multiplier
        panel_weights = weights + panel * PANEL_VECTORS * row_bytes * p.channels * p.multiplier
        multiply(
            vectors,
            scratch.hidden,
            scratch.block_bytes,
            hidden_blocks - part,
            part,
            part_lanes,
            panel_weights + channels_before * vectors * row_bytes,
            start,
            start_row_bytes,
            y,
            y_row_bytes,
            last_row - first_row,
        )
        if last_block * width < p.channels:
            return
        if p.activation:
            movers.call_activation(p.activation, y, last_row - first_row, y_row_bytes, vectors)
        if not direct:
            target = outputs + first_filter * p.output_filter_stride
            store_rows(
                p, y, vectors, first_row, last_row, p.filters - first_filter, target, p.output_filter_stride
            )

    @compiled
    def tile(p, inputs, outputs, depthwise, pointwise, bias, first_row, last_row, first_panel, last_panel, scratch):
        blocks = (p.channels + width - 1) // width
        for first_block in range(0, blocks, p.sum_blocks):
            last_block = min(first_block + p.sum_blocks, blocks)
            fill_hidden(p, inputs, depthwise, first_row, last_row, first_block, last_block, scratch)
            if not p.pointwise:
                store_depthwise(p, outputs, first_row, last_row, first_block, last_block, scratch)
                continue
            for panel in range(first_panel, last_panel):
                place = panel - first_panel if p.sum_blocks < blocks else 0
                multiply_panel(
                    p, outputs, pointwise, bias, panel, place, first_row, last_row, first_block, last_block, scratch
                )

    lanes_item_bytes = lanes.item_bytes
    return tile


@cache
def worker_kernel(storage_name):
    """Compiled ``work(...)``: takes tiles by ticket until none is left, with scratch buffers of its own."""
    lanes = storage(storage_name).lanes
    width, row_bytes = lanes.width, lanes.bytes
    tile = tile_kernel(storage_name)
    panel_filters = PANEL_VECTORS * width

    @compiled
    def lay_out(p, parts, buffer):
        """Cut the buffer into its parts; called with address 0 it tells the bytes that are needed."""
        block_rows = p.tile_rows + STEPS + width
        block_bytes = (block_rows + (block_rows % 64 == 0)) * row_bytes  # not a multiple of 4 KiB: aliasing
        blocks = (p.channels + width - 1) // width
        y_panels = (parts if p.sum_blocks < blocks else 1) if p.pointwise else 0
        step_offsets = _align(buffer)
        tap_offsets = _align(step_offsets + ((p.tile_rows - 1) * p.stride + p.window_span + width) * INTP_BYTES)
        x = _align(tap_offsets + p.kernel_size * INTP_BYTES)
        hidden = _align(x + (p.windows * p.stride * p.phase_rows + STEPS) * row_bytes)
        y = hidden + min(p.sum_blocks, blocks) * p.multiplier * block_bytes
        end = y + (y_panels * p.tile_rows + width) * PANEL_VECTORS * row_bytes
        return Scratch(step_offsets, tap_offsets, x, hidden, y, block_bytes), end

    @compiled
    def fill_offsets(p, scratch):
        """Where each step of a window lies in scratch, phases of the stride apart, and where each tap's first row does."""
        for i in range((p.tile_rows - 1) * p.stride + p.window_span + width):
            offset = (i % p.stride * p.phase_rows + i // p.stride) * row_bytes
            movers.store_intp(offset, scratch.step_offsets + i * INTP_BYTES)
        for k in range(p.kernel_size):
            offset = k * p.stride * p.phase_rows * row_bytes
            if p.windows == 1:
                offset = (k * p.dilation % p.stride * p.phase_rows + k * p.dilation // p.stride) * row_bytes
            movers.store_intp(offset, scratch.tap_offsets + k * INTP_BYTES)

    @compiled
    def scratch_bytes(problem):
        p = unpack(problem)
        panels = (p.filters + panel_filters - 1) // panel_filters
        return lay_out(p, (panels + p.filter_parts - 1) // p.filter_parts, 0)[1] + ALIGNMENT

    @compiled
    def work(problem, inputs, outputs, weights, counter, buffer):
        """Fill the output's tiles; ``buffer`` belongs to this worker, ``counter`` to all of them."""
        p = unpack(problem)
        blocks = (p.channels + width - 1) // width
        depthwise = _align(weights)
        bias = depthwise + blocks * p.multiplier * p.kernel_size * row_bytes
        panels = (p.filters + panel_filters - 1) // panel_filters
        pointwise = bias + (p.filters + width - 1) // width * row_bytes
        panels_per_part = (panels + p.filter_parts - 1) // p.filter_parts
        scratch, _ = lay_out(p, panels_per_part, movers.address_of(buffer))
        fill_offsets(p, scratch)
        rows = p.examples * p.steps
        tickets = (rows + p.tile_rows - 1) // p.tile_rows * p.filter_parts
        ticket = movers.take_ticket(counter)
        while ticket < tickets:
            first_row = ticket // p.filter_parts * p.tile_rows
            last_row = min(first_row + p.tile_rows, rows)
            first_panel = ticket % p.filter_parts * panels_per_part
            last_panel = min(first_panel + panels_per_part, panels)
            tile(p, inputs, outputs, depthwise, pointwise, bias, first_row, last_row, first_panel, last_panel, scratch)
            ticket = movers.take_ticket(counter)

    return work, scratch_bytes


@cache
def forward_kernels(storage_name):
    """Compiled ``(serial, parallel)``: the whole output on this thread, or by ``workers`` threads of Numba's."""
    work, scratch_bytes = worker_kernel(storage_name)

    @compiled
    def run_worker(problem, inputs, outputs, weights, counter):
        work(problem, inputs, outputs, weights, movers.address_of(counter), np.empty(scratch_bytes(problem), np.uint8))

    @compiled
    def run_serial(problem, inputs, outputs, weights):
        counter = np.zeros(1, np.intp)
        run_worker(problem, inputs, outputs, movers.address_of(weights), counter)

    @njit(nogil=True, parallel=True)
    def run_parallel(problem, inputs, outputs, weights, workers):
        counter = np.zeros(1, np.intp)
        start = movers.address_of(weights)
        for _ in prange(workers):
            run_worker(problem, inputs, outputs, start, counter)

    return run_serial, run_parallel
