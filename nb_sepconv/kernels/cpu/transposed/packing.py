"""Weights for the product with its sides exchanged: a vector of channels for each filter.

Depthwise and bias as everywhere, then pointwise ``[group][block][m][filter][lane]``; zeros in lanes that do not exist.
"""

from numba import cfunc, types

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.procedures import allocate, call10, release
from nb_sepconv.kernels.cpu.forward.layout import INTP_BYTES, aligned
from nb_sepconv.kernels.cpu.forward.loops import compiled
from nb_sepconv.kernels.cpu.forward.packing import pack_bias, pack_depthwise, space
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.tiling import ceil_div
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket
from nb_sepconv.kernels.cpu.transposed.problem import transposed_at

_kept = []


def pack_weights(problem, depthwise, pointwise, bias, buffer):
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
    filters, item, channels = min(a.group_filters, p.filters - first), p.stored_bytes, p.channels
    row_bytes = p.filters * item
    for m in range(p.multiplier):
        source = pointwise + m * row_bytes + first * item
        into = target + group * a.group_bytes + m * a.filter_block_bytes
        channel_stride, block_bytes = p.multiplier * row_bytes, p.multiplier * a.filter_block_bytes
        call10(a.load_columns, source, item, channel_stride, channels, 0, filters, filters, into, offsets, block_bytes)


def run_packer(problem, pointwise, unused, buffer, tickets, worker):
    """Pack groups of pointwise weights, by ticket, until none is left. All arguments but the last are addresses."""
    p, a = problem_at(problem), transposed_at(problem)
    offsets = allocate(a.filter_rows * INTP_BYTES)
    if offsets:
        space(offsets, a.filter_rows, p.width * p.item_bytes)
        group = next_ticket(tickets, worker)
        while group >= 0:
            _pack_group(p, a, pointwise, aligned(buffer) + p.pointwise, offsets, group)
            group = next_ticket(tickets, worker)
        release(offsets)


@compile_once
def transposed_packer_address():
    """The machine address of the compiled :func:`pack_weights`."""
    packer = cfunc(types.void(*[types.intp] * 5), nopython=True)(pack_weights)
    _kept.append(packer)
    return packer.address


@compile_once
def sharing_transposed_packer_address():
    """The machine address of the compiled :func:`run_packer`."""
    worker = cfunc(types.void(*[types.intp] * 6), nopython=True)(run_packer)
    _kept.append(worker)
    return worker.address
