"""Pointwise weights in parts, behind the weights as the FMA engine reads them.

For each panel and each sum of channels, ``[step][part][vector][pair]`` words of one vector of filters; then the range
of each panel's exponents.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.codegen.ranges import RANGE_BYTES, forget
from nb_sepconv.kernels.bf16.forward.problem import parts_at
from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call5, store_intp
from nb_sepconv.kernels.cpu.forward.hidden import block_in_sum, first_in_sum
from nb_sepconv.kernels.cpu.forward.packing import shared_packer
from nb_sepconv.kernels.cpu.forward.problem import problem_at


@compiled
def _split_shared_panel(problem, unused, packed, unused_too, panel):
    """Split a panel of the pointwise weights at ``packed``, where the FMA engine's packer has put them."""
    p, e = problem_at(problem), parts_at(problem)
    clear(packed + e.zero_row, PANEL_VECTORS * p.width * p.item_bytes)  # each worker, before it reads them
    _split_panel(p, e, packed, panel)


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
def panel_vectors(p: Any, panel: Any) -> int:
    return min(PANEL_VECTORS, ceil_div(p.filters - panel * PANEL_VECTORS * p.width, p.width))


@compiled
def weights_of(p: Any, e: Any, panel: Any, first_block: int) -> Any:
    """Where the parts for a panel and a sum of channels begin."""
    sums = ceil_div(p.blocks, p.sum_blocks)
    steps = panel * PANEL_VECTORS * sums * e.sum_steps
    steps += panel_vectors(p, panel) * (first_block // p.sum_blocks) * e.sum_steps
    return e.weight_parts + steps * e.weight_bytes


@compiled
def clear(at: Any, size: int) -> None:
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
    block, m = block_in_sum(p, place)
    channels = min(p.width, p.channels - block * p.width)
    if place >= last or lane >= channels:
        return packed + e.zero_row
    hidden = first_in_sum(p, block, m) + lane
    panel_bytes = PANEL_VECTORS * p.width * p.channels * p.multiplier * p.item_bytes
    return packed + p.pointwise + panel * panel_bytes + hidden * vectors * p.width * p.item_bytes


splitter_address: Any = shared_packer(_split_shared_panel, needs_table=False)
