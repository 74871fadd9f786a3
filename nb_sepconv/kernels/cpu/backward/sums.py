"""The sums over rows: gradients of the kernels and of the bias, kept by a worker until its part of the rows is done."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.fields import address_of_fields
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.gradient_microkernels import UPDATE_VECTORS
from nb_sepconv.kernels.cpu.codegen.intrinsics import call2, call6, call7, call8


@compiled
def clear_sums(p: Any, scratch: Any, blocks: Any) -> None:
    """Zeros for ``blocks`` blocks of channels, and for the bias."""
    hidden, filter_blocks = blocks * p.multiplier, p.filter_blocks
    if p.d_pointwise:
        call2(p.clear_rows, scratch + p.pointwise_sums, hidden * p.width * filter_blocks)
    if p.d_depthwise:
        call2(p.clear_rows, scratch + p.depthwise_sums, hidden * p.kernel_size)
    if p.d_bias:
        call2(p.clear_rows, scratch + p.bias_sums, filter_blocks)


@compiled
def add_to_sums(p: Any, weights: Any, scratch: Any, rows: int, first_block: int, last_block: int, place: Any) -> None:
    """Add what a tile's rows give for some blocks of channels, the first of whose sums is the ``place``-th."""
    vector_bytes = p.width * p.item_bytes
    kernel_bytes = p.kernel_size * vector_bytes
    for block in range(first_block, last_block):
        x = scratch + p.x + (block - first_block) * p.x_block_bytes
        for m in range(p.multiplier):
            index = (block - first_block) * p.multiplier + m
            if p.d_depthwise:
                g = scratch + p.hidden_gradients + index * p.hidden_block_bytes + p.halo_rows * vector_bytes
                sums = scratch + p.depthwise_sums + (place + index) * kernel_bytes
                call6(p.correlate, x, scratch + p.tap_table, p.kernel_size, g, rows, sums)
            if p.d_pointwise:
                kernel = weights + (block * p.multiplier + m) * kernel_bytes
                hidden = scratch + p.hidden + index * p.hidden_block_bytes
                taps = scratch + p.tap_table
                call8(p.convolve, x, taps, p.kernel_size, p.runs, kernel, hidden, vector_bytes, rows)
    if p.update_sums:
        call6(p.update_sums, address_of_fields(p), scratch, rows, first_block, last_block, place)
    elif p.d_pointwise:
        update_pointwise(p, scratch, rows, first_block, last_block, place)


@compiled
def update_pointwise(p: Any, scratch: Any, rows: int, first_block: int, last_block: int, place: Any) -> None:
    """A few vectors of filters at a time stay in the first-level cache for all hidden channels of the strip."""
    filter_blocks = p.filter_blocks
    row_bytes = filter_blocks * p.width * p.item_bytes
    for f in range(0, filter_blocks, UPDATE_VECTORS):
        left = filter_blocks - f
        update = p.rank_update_1 if left == 1 else p.rank_update_2 if left == 2 else p.rank_update_3
        g = scratch + p.gradients + f * p.gradient_block_bytes
        for index in range((last_block - first_block) * p.multiplier):
            channels = min(p.width, p.channels - (first_block + index // p.multiplier) * p.width)
            for lane in range(0, channels, p.update_channels):
                hidden = scratch + p.hidden + index * p.hidden_block_bytes + lane * p.item_bytes
                sums = (
                    scratch
                    + p.pointwise_sums
                    + ((place + index) * p.width + lane) * row_bytes
                    + f * p.width * p.item_bytes
                )
                call6(update, hidden, g, p.gradient_block_bytes, rows, sums, row_bytes)


@compiled
def write_sums(p: Any, o: Any, scratch: Any, part: Any, first_block: int, last_block: int) -> None:
    """The sums of a part to its place in the arrays of all parts: (part, C*M, F), (part, K, C, M), (part, F)."""
    for block in range(first_block, last_block):
        channels = min(p.width, p.channels - block * p.width)
        for m in range(p.multiplier):
            place = (block - first_block) * p.multiplier + m
            channel = block * p.width * p.multiplier + m
            if p.d_depthwise:
                _write_depthwise(p, o, scratch, part, place, channel, channels)
            if p.d_pointwise:
                first = part * p.channels * p.multiplier + channel
                target = o.d_pointwise + first * p.filters * p.item_bytes
                sums = scratch + p.pointwise_sums + place * p.width * _filter_bytes(p)
                _write_filters(p, sums, target, channels, p.multiplier * p.filters * p.item_bytes)
    if p.d_bias and first_block == 0:
        _write_filters(p, scratch + p.bias_sums, o.d_bias + part * p.filters * p.item_bytes, 1, 0)


@compiled
def _filter_bytes(p):
    return p.filter_blocks * p.width * p.item_bytes


@compiled
def _write_depthwise(p, o, scratch, part, place, channel, channels):
    hidden, item = p.channels * p.multiplier, p.item_bytes
    target = o.d_depthwise + (part * p.kernel_size * hidden + channel) * item
    vector_bytes = p.width * item
    sums = scratch + p.depthwise_sums + place * p.kernel_size * vector_bytes
    taps = p.kernel_size
    call7(p.store_depthwise, sums, vector_bytes, taps, channels, target, hidden * item, p.multiplier * item)


@compiled
def _write_filters(p, sums, target, rows, row_stride):
    """Rows of all filters, one vector of them after the other."""
    item = p.item_bytes
    for f in range(0, p.filters, p.width):
        left = p.filters - f
        call7(p.store_pointwise, sums + f * item, _filter_bytes(p), rows, left, target + f * item, row_stride, item)
