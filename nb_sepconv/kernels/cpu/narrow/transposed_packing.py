"""Weights for few channels where the product has its sides exchanged: a vector of hidden channels for each filter.

Depthwise and bias as in the other pass for few channels, then pointwise ``[group][block][filter][lane]``, zeros in
lanes that do not exist; then the channel of each lane, ``[pattern][lane]``.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, store_intp
from nb_sepconv.kernels.cpu.forward.packing import pack_bias, shared_packer, space
from nb_sepconv.kernels.cpu.narrow.packing import channel_and_multiplier, fill_order, pack_narrow_depthwise
from nb_sepconv.kernels.cpu.narrow.problem import narrow_transposed_at


def pack_weights(problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> None:
    """Pack C-contiguous kernels (K, C, M), (C*M, F) and bias (F,); all arguments are addresses, 0 for none."""
    p = narrow_transposed_at(problem)
    target = aligned(buffer)
    offsets = target + p.pack_table
    pack_narrow_depthwise(p, p, depthwise, target, offsets)
    fill_order(p, p, target + p.order)
    space(offsets, 1, 0)
    pack_bias(p, bias, target + p.bias, offsets)
    if pointwise:
        for group in range(ceil_div(p.filters, p.group_filters)):
            _pack_group(p, pointwise, target + p.pointwise, offsets, group)


@compiled
def _pack_group(p, pointwise, target, offsets, group):
    """A group's filters are the rows of each block."""
    item = p.stored_bytes
    first = group * p.group_filters
    filters = min(p.group_filters, p.filters - first)
    for block in range(p.blocks):
        present = min(p.width, p.channels - block * p.width)
        for lane in range(present):
            channel, m = channel_and_multiplier(p, p, block * p.width + lane)
            store_intp((channel * p.input_multiplier + m) * p.filters * item, offsets + lane * INTP_BYTES)
        into = target + group * p.group_bytes + block * p.filter_block_bytes
        call6(p.pack_lanes, pointwise + first * item, item, filters, offsets, present, into)


@compiled
def _pack_shared_group(problem, pointwise, target, offsets, group):
    p = narrow_transposed_at(problem)
    _pack_group(p, pointwise, target + p.pointwise, offsets, group)


narrow_transposed_packer_address: Any = pointer_to(pack_weights)
sharing_narrow_transposed_packer_address: Any = shared_packer(_pack_shared_group)
