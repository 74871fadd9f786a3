"""Weights for the product with its sides exchanged: a vector of channels for each filter.

Depthwise and bias as everywhere, then pointwise ``[group][block][m][filter][lane]``; zeros in lanes that do not exist.
"""

from numba import cfunc, types

from nb_sepconv.kernels.cpu.across_problem import across_at
from nb_sepconv.kernels.cpu.forward import compiled
from nb_sepconv.kernels.cpu.layout import aligned
from nb_sepconv.kernels.cpu.once import once
from nb_sepconv.kernels.cpu.problem import problem_at
from nb_sepconv.kernels.cpu.procedures import call10
from nb_sepconv.kernels.cpu.weights import pack_bias, pack_depthwise, space

_kept = []


def pack_weights(problem, depthwise, pointwise, bias, buffer):
    """Pack C-contiguous kernels (K, C, M), (C*M, F) and bias (F,); all arguments are addresses, 0 for none."""
    p, a = problem_at(problem), across_at(problem)
    target = aligned(buffer)
    offsets = target + p.pack_table
    pack_depthwise(p, depthwise, target, offsets)
    pack_bias(p, bias, target + p.bias, offsets)
    space(offsets, a.filter_rows, p.width * p.item_bytes)
    target += p.pointwise
    for first in range(0, p.filters, a.group_filters):
        _pack_group(p, a, pointwise + first * p.stored_bytes, min(a.group_filters, p.filters - first), target, offsets)
        target += a.group_bytes


@compiled
def _pack_group(p, a, pointwise, filters, target, offsets):
    """Some filters are the steps of a series of hidden channels."""
    row_bytes = p.filters * p.stored_bytes
    for m in range(p.multiplier):
        source, into = pointwise + m * row_bytes, target + m * a.filter_block_bytes
        channel_stride, block_bytes = p.multiplier * row_bytes, p.multiplier * a.filter_block_bytes
        item, channels = p.stored_bytes, p.channels
        call10(a.load_columns, source, item, channel_stride, channels, 0, filters, filters, into, offsets, block_bytes)


@once
def across_packer_address():
    """The machine address of the compiled :func:`pack_weights`."""
    packer = cfunc(types.void(*[types.intp] * 5), nopython=True)(pack_weights)
    _kept.append(packer)
    return packer.address
