"""Weights for the product with its sides exchanged: a vector of channels for each filter.

Depthwise and bias as everywhere, then pointwise
``[group][blocks summed together][m][block][filter][lane]``; zeros in lanes that do not exist.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call10
from nb_sepconv.kernels.cpu.forward.packing import pack_bias, pack_depthwise, shared_packer, space
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.transposed.problem import transposed_at


def pack_weights(problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> None:
    """Pack C-contiguous kernels (K, C, M), (C*M, F) and bias (F,); all arguments are addresses, 0 for none."""
    p, a = problem_at(problem), transposed_at(problem)
    target = aligned(buffer)
    offsets = target + p.pack_table
    pack_depthwise(p, depthwise, target, offsets)
    pack_bias(p, bias, target + p.bias, offsets)
    if pointwise:
        space(offsets, a.filter_rows, p.width * p.item_bytes)
        for group in range(ceil_div(p.filters, a.group_filters)):
            _pack_group(p, a, pointwise, target + p.pointwise, offsets, group)


@compiled
def _pack_group(p, a, pointwise, target, offsets, group):
    """Some filters are the steps of a series of hidden channels."""
    first = group * a.group_filters
    filters, item = min(a.group_filters, p.filters - first), p.stored_bytes
    row_bytes = p.filters * item
    together = BLOCKS_TOGETHER if p.multiplier > 1 else p.blocks  # one may be all
    for block in range(0, p.blocks, together):
        blocks = min(together, p.blocks - block)
        channels = min(blocks * p.width, p.channels - block * p.width)
        for m in range(p.multiplier):
            source = pointwise + (block * p.width * p.multiplier + m) * row_bytes + first * item
            into = target + group * a.group_bytes + (block * p.multiplier + m * blocks) * a.filter_block_bytes
            stride, distance = p.multiplier * row_bytes, a.filter_block_bytes
            call10(a.load_columns, source, item, stride, channels, 0, filters, filters, into, offsets, distance)


@compiled
def _pack_shared_group(problem, pointwise, target, offsets, group):
    p, a = problem_at(problem), transposed_at(problem)
    space(offsets, a.filter_rows, p.width * p.item_bytes)
    _pack_group(p, a, pointwise, target + p.pointwise, offsets, group)


transposed_packer_address: Any = pointer_to(pack_weights)
sharing_transposed_packer_address: Any = shared_packer(_pack_shared_group)
