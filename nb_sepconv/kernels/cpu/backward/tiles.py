"""What one tile of rows gives: its gradients, those of the hidden channels, and the input steps that belong to it."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.backward.sums import add_to_sums
from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.fields import address_of_fields
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call2, call3, call5, call6, call7, call8, call9, call10, load_intp


@compiled
def run_tile(p: Any, series: Any, weights: Any, scratch: Any, tile: Any, first_block: Any, last_block: Any) -> None:
    """A tile's share of every gradient for some blocks of channels, a strip of blocks at a time."""
    if p.fused and tile.rows:
        _load_gradients(p, series, scratch, tile)
        if p.split_gradients:
            call3(p.split_gradients, address_of_fields(p), scratch, tile.rows)
        if p.d_bias and first_block == 0 and tile.counted:
            vectors = p.filter_blocks
            call5(p.add_rows, scratch + p.gradients, p.gradient_block_bytes, vectors, tile.rows, scratch + p.bias_sums)
    for block in range(first_block, last_block, p.strip_blocks):
        last = min(block + p.strip_blocks, last_block)
        place = (block - first_block) * p.multiplier
        if p.d_inputs or p.d_depthwise:
            _fill_hidden_gradients(p, series, scratch, tile, block, last, place)
        if tile.counted and tile.rows and (p.d_depthwise or p.d_pointwise):
            _load_inputs(p, series, scratch, tile, block, last)
            add_to_sums(p, weights, scratch, tile.rows, block, last, place)
        if p.d_inputs:
            _carry_in(p, scratch, (last - block) * p.multiplier, place)
            if tile.counted:
                for b in range(block, last):
                    _store_input_gradients(p, series, weights, scratch, tile, b, b - block)
            _carry_out(p, scratch, tile.count, (last - block) * p.multiplier, place)


@compiled
def _load_gradients(p, series, scratch, tile):
    """The tile's gradients for all filters, before the activation."""
    step, stride = p.gradient_step_stride, p.gradient_filter_stride
    at = series.d_outputs + tile.first * p.phases * step
    _load_rows(
        p, p.load_gradients, at, step, stride, p.filters, scratch, tile, scratch + p.gradients, p.gradient_block_bytes
    )
    if p.differentiate:
        for block in range(p.filter_blocks):
            left = p.filters - block * p.width
            target = scratch + p.gradients + block * p.gradient_block_bytes
            _differentiate(p, series, scratch, tile, block * p.width, p.output_filter_stride, left, target)


@compiled
def _load_rows(p, load, at, step_stride, filter_stride, filters, scratch, tile, target, block_bytes):
    """The rows of a tile of ``filters`` filters, from an array of the outputs' shape."""
    rows, step_stride = tile.rows, p.phases * step_stride
    call10(load, at, step_stride, filter_stride, filters, 0, rows, rows, target, scratch + p.row_table, block_bytes)


@compiled
def _differentiate(p, series, scratch, tile, filter_, filter_stride, left, gradients):
    """Carry the gradients of one vector of outputs through the activation."""
    at = series.outputs + tile.first * p.phases * p.output_step_stride + filter_ * p.output_filter_stride
    filters = min(p.width, left)
    _load_rows(
        p, p.load_outputs, at, p.output_step_stride, filter_stride, filters, scratch, tile, scratch + p.outputs, 0
    )
    call3(p.differentiate, gradients, scratch + p.outputs, tile.rows)


@compiled
def _fill_hidden_gradients(p, series, scratch, tile, first_block, last_block, place):
    """The gradients of a strip's hidden channels; rows that do not exist are zeros."""
    vector_bytes = p.width * p.item_bytes
    hidden = (last_block - first_block) * p.multiplier
    target = scratch + p.hidden_gradients + p.halo_rows * vector_bytes
    for index in range(hidden):
        at = target + index * p.hidden_block_bytes + tile.rows * vector_bytes
        call2(p.clear_rows, at, tile.count - tile.rows)
    if not tile.rows:
        return
    if p.multiply_hidden:
        call6(p.multiply_hidden, address_of_fields(p), scratch, tile.rows, place, hidden, target)
        return
    if p.fused:
        multiply_panels(p, scratch, 0, tile.rows, place, hidden, target)
        return
    for index in range(hidden):
        block, m = first_block + index // p.multiplier, index % p.multiplier
        filter_ = block * p.width * p.multiplier + m
        at = target + index * p.hidden_block_bytes
        _load_hidden_gradients(p, series, scratch, tile, filter_, p.channels - block * p.width, at)


@compiled
def _load_hidden_gradients(p, series, scratch, tile, filter_, left, target):
    """Without a pointwise stage the hidden channels are the outputs, every ``multiplier``-th in a vector."""
    step, stride = p.gradient_step_stride, p.multiplier * p.gradient_filter_stride
    at = series.d_outputs + tile.first * p.phases * step + filter_ * p.gradient_filter_stride
    _load_rows(p, p.load_gradients, at, step, stride, min(p.width, left), scratch, tile, target, 0)
    if p.differentiate:
        _differentiate(p, series, scratch, tile, filter_, p.multiplier * p.output_filter_stride, left, target)


@compiled
def multiply_panels(p: Any, scratch: Any, row: Any, rows: Any, first: Any, hidden: Any, target: Any) -> None:
    """The gradients of ``rows`` rows, the ``row``-th and on, times the transposed pointwise kernel, for the group's
    hidden vectors ``first..first+hidden-1``.
    """
    offset = row * p.width * p.item_bytes
    whole, part = p.filters // p.width, p.filters % p.width
    for index in range(0, hidden, PANEL_VECTORS):
        panel = scratch + p.panels + (first + index) * p.filters * p.width * p.item_bytes
        call9(
            p.multiply_vector if index + 1 == hidden else p.multiply_panel,
            scratch + p.gradients + offset,
            p.gradient_block_bytes,
            whole,
            1 if part else 0,
            part,
            panel,
            target + index * p.hidden_block_bytes + offset,
            p.hidden_block_bytes,
            rows,
        )


@compiled
def _load_inputs(p, series, scratch, tile, first_block, last_block):
    """The input steps that a tile sees, zeros outside the series."""
    channels = min(last_block * p.width, p.channels) - first_block * p.width
    step_stride = p.input_stride * p.input_step_stride
    at = tile.first * p.series_stride - series.left
    count = (tile.rows - 1) * p.series_stride + (p.kernel_size - 1) * p.series_dilation + 1
    first = min(max(-at, 0), count)
    last = min(max(series.length - at, first), count)
    source = series.inputs + at * step_stride + first_block * p.width * p.input_channel_stride
    call10(
        p.load_inputs,
        source,
        step_stride,
        p.input_channel_stride,
        channels,
        first,
        last,
        count,
        scratch + p.x,
        scratch + p.step_table,
        p.x_block_bytes,
    )


@compiled
def _carry_in(p, scratch, hidden, place):
    """The last rows of the tile before, in front of this tile's."""
    for index in range(hidden):
        source = scratch + p.carried + (place + index) * p.halo_rows * p.width * p.item_bytes
        call3(p.copy_rows, source, p.halo_rows, scratch + p.hidden_gradients + index * p.hidden_block_bytes)


@compiled
def _carry_out(p, scratch, count, hidden, place):
    vector_bytes = p.width * p.item_bytes
    for index in range(hidden):
        target = scratch + p.carried + (place + index) * p.halo_rows * vector_bytes
        source = scratch + p.hidden_gradients + index * p.hidden_block_bytes + count * vector_bytes
        call3(p.copy_rows, source, p.halo_rows, target)


@compiled
def _store_input_gradients(p, series, weights, scratch, tile, block, index):
    """The gradients of the input steps that belong to a tile's rows, for one block of channels, phase by phase."""
    vector_bytes = p.width * p.item_bytes
    step = tile.first * p.series_stride - series.left
    first = max(0, -step)
    last = min(tile.count * p.series_stride, series.length - step)
    if first >= last:
        return
    kernel = weights + p.phased + block * p.kernel_size * p.multiplier * vector_bytes
    row = scratch + p.hidden_gradients + index * p.multiplier * p.hidden_block_bytes + p.halo_rows * vector_bytes
    for phase in range(p.series_stride):
        if phase < last and first <= (tile.count - 1) * p.series_stride + phase:
            taps = load_intp(scratch + p.phase_table + phase * INTP_BYTES)
            count = load_intp(scratch + p.phase_table + (phase + 1) * INTP_BYTES) - taps
            call8(
                p.convolve,
                row,
                scratch + p.phase_tap_table + taps * INTP_BYTES,
                count,
                p.multiplier,
                kernel + taps * vector_bytes,
                scratch + p.dx + phase * vector_bytes,
                p.series_stride * vector_bytes,
                tile.count,
            )
    step_stride = p.input_stride * p.d_input_step_stride
    call7(
        p.store_inputs,
        scratch + p.dx + first * vector_bytes,
        vector_bytes,
        last - first,
        p.channels - block * p.width,
        series.d_inputs + block * p.width * p.d_input_channel_stride + (step + first) * step_stride,
        step_stride,
        p.d_input_channel_stride,
    )
