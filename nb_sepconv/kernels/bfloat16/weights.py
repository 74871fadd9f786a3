"""Pointwise weights in parts, behind the weights as the FMA engine reads them.

For each panel and each sum of channels, ``[step][part][vector][pair]`` words of one vector of filters; then the range
of each panel's exponents.
"""

from numba import cfunc, types

from nb_sepconv.kernels.bfloat16.problem import parts_at
from nb_sepconv.kernels.cpu.forward import compiled
from nb_sepconv.kernels.cpu.layout import INTP_BYTES, aligned
from nb_sepconv.kernels.cpu.once import once
from nb_sepconv.kernels.cpu.problem import problem_at
from nb_sepconv.kernels.cpu.procedures import call5, store_intp
from nb_sepconv.kernels.cpu.tiling import PANEL_VECTORS, ceil_div

NO_EXPONENT = 511

_kept = []


def pack_parts(problem, buffer, unused, unused_too, unused_as_well):
    """Split the pointwise weights in ``buffer``, where :func:`pack_weights` has put them."""
    p, e = problem_at(problem), parts_at(problem)
    packed = aligned(buffer)
    _clear(packed + e.zero_row, PANEL_VECTORS * p.width * p.item_bytes)
    for panel in range(p.panels):
        vectors = panel_vectors(p, panel)
        ranges = packed + e.weight_ranges + panel * 2 * INTP_BYTES
        store_intp(0, ranges)
        store_intp(NO_EXPONENT, ranges + INTP_BYTES)
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
def _clear(at, size):
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


@once
def parts_packer_address():
    """The machine address of the compiled :func:`pack_parts`."""
    packer = cfunc(types.void(*[types.intp] * 5), nopython=True)(pack_parts)
    _kept.append(packer)
    return packer.address
