"""Pointwise weights in parts, behind the weights as the FMA engine reads them.

For each panel and each sum of channels, ``[step][part][vector][pair]`` words of one vector of filters; then the range
of each panel's exponents.
"""

from numba import cfunc, types

from nb_sepconv.kernels.bf16.codegen.ranges import RANGE_BYTES, forget
from nb_sepconv.kernels.bf16.forward.problem import parts_at
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.procedures import call5, store_intp
from nb_sepconv.kernels.cpu.forward.layout import INTP_BYTES, aligned
from nb_sepconv.kernels.cpu.forward.loops import compiled
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.tiling import PANEL_VECTORS, ceil_div
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket

_kept = []


def run_splitter(problem, unused, unused_too, buffer, tickets, worker):
    """Split panels of the pointwise weights in ``buffer``, where :func:`pack_weights` has put them, by ticket, until
    none is left. All arguments but the last are addresses.
    """
    p, e = problem_at(problem), parts_at(problem)
    packed = aligned(buffer)
    clear(packed + e.zero_row, PANEL_VECTORS * p.width * p.item_bytes)  # each worker, before it reads them
    panel = next_ticket(tickets, worker)
    while panel >= 0:
        _split_panel(p, e, packed, panel)
        panel = next_ticket(tickets, worker)


@compiled
def _split_panel(p, e, packed, panel):
    vectors = panel_vectors(p, panel)
    ranges = packed + e.weight_ranges + panel * RANGE_BYTES
    forget(ranges)
    for first_block in range(0, p.blocks, p.sum_blocks):
        last_block = min(first_block + p.sum_blocks, p.blocks)
        target = packed + weights_of(p, e, panel, first_block)
        _pack_sum(p, e, packed, panel, vectors, first_block, last_block, target, ranges)


@compiled
def panel_vectors(p, panel):
    return min(PANEL_VECTORS, ceil_div(p.filters - panel * PANEL_VECTORS * p.width, p.width))


@compiled
def weights_of(p, e, panel, first_block):
    """Where the parts for a panel and a sum of channels begin."""
    sums = ceil_div(p.blocks, p.sum_blocks)
    steps = panel * PANEL_VECTORS * sums * e.sum_steps
    steps += panel_vectors(p, panel) * (first_block // p.sum_blocks) * e.sum_steps
    return e.weight_parts + steps * e.weight_bytes


@compiled
def clear(at, size):
    for offset in range(0, size, INTP_BYTES):
        store_intp(0, at + offset)


@compiled
def _pack_sum(p, e, packed, panel, vectors, first_block, last_block, target, ranges):
    first, last = first_block * p.multiplier, last_block * p.multiplier
    for place in range(first, last, 2):
        for lane in range(p.width):
            one = _row(p, e, packed, panel, vectors, place, lane, last)
            other = _row(p, e, packed, panel, vectors, place + 1, lane, last)
            at = target + lane * p.width * p.item_bytes
            call5(e.split_pairs, one, other, vectors, at, ranges)
        target += vectors * e.weight_bytes


@compiled
def _row(p, e, packed, panel, vectors, place, lane, last):
    """The address of the weights of a hidden channel, those of a row of zeros where there is none."""
    block, m = place // p.multiplier, place % p.multiplier
    channels = min(p.width, p.channels - block * p.width)
    if place >= last or lane >= channels:
        return packed + e.zero_row
    hidden = block * p.multiplier * p.width + m * channels + lane
    panel_bytes = PANEL_VECTORS * p.width * p.channels * p.multiplier * p.item_bytes
    return packed + p.pointwise + panel * panel_bytes + hidden * vectors * p.width * p.item_bytes


@compile_once
def splitter_address():
    """The machine address of the compiled :func:`run_splitter`."""
    worker = cfunc(types.void(*[types.intp] * 6), nopython=True)(run_splitter)
    _kept.append(worker)
    return worker.address
