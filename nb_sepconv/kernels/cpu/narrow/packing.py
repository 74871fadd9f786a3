"""Weights for few channels: hidden channels in the order of the sums, multiplier before channel, in all lanes.

Depthwise ``[block][k][lane]``, where hidden channels are few once for each segment; bias and pointwise panels as
everywhere; then the channel of each lane, ``[pattern][lane]``. Without a pointwise stage, hidden channels are in the
order of the outputs.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, store_intp
from nb_sepconv.kernels.cpu.forward.packing import pack_bias, pack_rows, shared_packer, space
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.narrow.problem import narrow_at


def pack_weights(problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> None:
    """Pack C-contiguous kernels (K, C, M), (C*M, F) and bias (F,); all arguments are addresses, 0 for none."""
    p, a = problem_at(problem), narrow_at(problem)
    target = aligned(buffer)
    offsets = target + p.pack_table
    pack_narrow_depthwise(p, a, depthwise, target, offsets)
    fill_order(p, a, target + a.order)
    if p.fused:
        space(offsets, 1, 0)
        pack_bias(p, bias, target + p.bias, offsets)
    if pointwise:
        for panel in range(p.panels):
            _pack_panel(p, a, pointwise, target + p.pointwise, offsets, panel)


@compiled
def channel_and_multiplier(p: Any, a: Any, hidden: Any) -> tuple[Any, Any]:
    """Those of a hidden channel, by its number in the order of the sums or of the outputs."""
    if p.fused:
        return hidden % a.input_channels, hidden // a.input_channels
    return hidden // a.input_multiplier, hidden % a.input_multiplier


@compiled
def pack_narrow_depthwise(p: Any, a: Any, depthwise: Any, target: Any, offsets: Any) -> None:
    """The taps of each block of hidden channels, where these are few those of each segment."""
    kernel_bytes = p.kernel_size * p.width * p.item_bytes
    for block in range(p.blocks):
        present = min(p.width, a.lanes - block * p.width)
        for lane in range(present):
            channel, m = channel_and_multiplier(p, a, (block * p.width + lane) % p.channels)
            store_intp((channel * a.input_multiplier + m) * p.stored_bytes, offsets + lane * INTP_BYTES)
        tap_stride = p.channels * p.stored_bytes
        call6(a.pack_lanes, depthwise, tap_stride, p.kernel_size, offsets, present, target + block * kernel_bytes)


@compiled
def fill_order(p: Any, a: Any, order: Any) -> None:
    """The channel that each lane reads."""
    for place in range(a.patterns * p.width):
        channel, _ = channel_and_multiplier(p, a, min(place, a.lanes - 1) % p.channels)
        store_intp(channel, order + place * INTP_BYTES)


@compiled
def _pack_panel(p, a, pointwise, target, offsets, panel):
    first = panel * PANEL_VECTORS * p.width
    filters = min(PANEL_VECTORS * p.width, p.filters - first)
    row_bytes = ceil_div(filters, p.width) * p.width * p.item_bytes
    row_stride = p.filters * p.stored_bytes
    target += first * p.channels * p.item_bytes
    space(offsets, p.width, row_bytes)
    series, rows, apart = a.input_multiplier, a.input_channels, a.input_multiplier * row_stride
    if a.input_channels == 1:
        series, rows, apart = 1, a.input_multiplier, row_stride
    for m in range(series):
        source = pointwise + m * row_stride + first * p.stored_bytes
        for row in range(0, rows, p.width):
            count = min(p.width, rows - row)
            pack_rows(p, source + row * apart, apart, count, filters, target, offsets)
            target += count * row_bytes


@compiled
def _pack_shared_panel(problem, pointwise, target, offsets, panel):
    p, a = problem_at(problem), narrow_at(problem)
    _pack_panel(p, a, pointwise, target + p.pointwise, offsets, panel)


narrow_packer_address: Any = pointer_to(pack_weights)
sharing_narrow_packer_address: Any = shared_packer(_pack_shared_panel)
