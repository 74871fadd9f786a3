"""The two pointwise products of the gradients in parts: the steps that the FMA engine's backward pass leaves to others.

``d_hidden[t, h] = sum_f g[t, f] P[h, f]``, row by row as in the forward pass, and ``d_P[h, f] += sum_t hidden[t, h]
g[t, f]``, a tile of rows at a time. Rows, panels and tiles whose numbers cannot be split are left to its own loops.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.backward.problem import gradient_parts_at
from nb_sepconv.kernels.bf16.codegen.ranges import RANGE_BYTES, fit, forget
from nb_sepconv.kernels.bf16.forward.packing import clear
from nb_sepconv.kernels.cpu.backward.problem import gradient_problem_at
from nb_sepconv.kernels.cpu.backward.sums import update_pointwise
from nb_sepconv.kernels.cpu.backward.tiles import multiply_panels
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call2, call4, call5, call7, call9


def split_panels(problem: Any, scratch: Any, first_block: Any, last_block: Any) -> None:
    """Split the transposed pointwise weights of some blocks of channels, panel by panel of their strips."""
    p, e = gradient_problem_at(problem), gradient_parts_at(problem)
    clear(scratch + e.zero_row, PANEL_VECTORS * p.width * p.item_bytes)
    for strip in range(first_block, last_block, p.strip_blocks):
        first = (strip - first_block) * p.multiplier
        last = (min(strip + p.strip_blocks, last_block) - first_block) * p.multiplier
        for place in range(first, last, PANEL_VECTORS):
            _split_panel(p, e, scratch, place, min(PANEL_VECTORS, last - place))


@compiled
def _split_panel(p, e, scratch, place, vectors):
    """A panel's filters in pairs, those of a vector with those of the next one."""
    ranges = scratch + e.panel_ranges + place * RANGE_BYTES
    forget(ranges)
    row_bytes = vectors * p.width * p.item_bytes
    panel = scratch + p.panels + place * p.filters * p.width * p.item_bytes
    target = scratch + _panel_parts(p, e, place)
    for first in range(0, p.filters, 2 * p.width):
        for lane in range(p.width):
            one, other = first + lane, first + p.width + lane
            row = panel + one * row_bytes if one < p.filters else scratch + e.zero_row
            next_row = panel + other * row_bytes if other < p.filters else scratch + e.zero_row
            call5(e.split_pairs, row, next_row, vectors, target + lane * p.width * p.item_bytes, ranges)
        target += vectors * e.weight_bytes


@compiled
def _panel_parts(p, e, place):
    return e.panel_parts + place * ((p.filter_blocks + 1) // 2) * e.weight_bytes


def split_gradients(problem: Any, scratch: Any, rows: Any) -> None:
    """Split a tile's gradients, as far as they are multiplied."""
    p, e = gradient_problem_at(problem), gradient_parts_at(problem)
    g, blocks = scratch + p.gradients, p.filter_blocks
    if p.multiply_hidden:
        target, ranges = scratch + e.gradient_parts, scratch + e.gradient_ranges
        call7(e.split_rows, g, p.gradient_block_bytes, blocks, rows, target, e.gradient_row_block_bytes, ranges)
    if p.update_sums:
        forget(scratch + e.pair_ranges)
        for block in range(blocks):
            target = scratch + e.gradient_pairs + block * e.pair_block_bytes
            call4(e.split_row_pairs, g + block * p.gradient_block_bytes, rows, target, scratch + e.pair_ranges)


def multiply_hidden(problem: Any, scratch: Any, rows: Any, first: Any, hidden: Any, target: Any) -> None:
    """The gradients of the hidden vectors ``first..first+hidden-1`` of a group, at ``target``, panel by panel."""
    p, e = gradient_problem_at(problem), gradient_parts_at(problem)
    if e.begin:
        call2(e.begin, 0, 0)
    for index in range(0, hidden, PANEL_VECTORS):
        vectors = min(PANEL_VECTORS, hidden - index)
        _multiply_panel(p, e, scratch, rows, first + index, vectors, target + index * p.hidden_block_bytes)
    if e.end:
        call2(e.end, 0, 0)


@compiled
def _multiply_panel(p, e, scratch, rows, place, vectors, target):
    ranges = scratch + e.panel_ranges + place * RANGE_BYTES
    call9(
        e.product_into_blocks_2 if vectors == PANEL_VECTORS else e.product_into_blocks_1,
        scratch + e.gradient_parts,
        e.gradient_row_block_bytes,
        scratch + _panel_parts(p, e, place),
        vectors * e.weight_bytes,
        (p.filter_blocks + 1) // 2,
        target,
        p.hidden_block_bytes,
        rows,
        scratch + e.tile_sums,
    )
    row = 0
    while row < rows:
        end = row
        while end < rows and not fit(scratch + e.gradient_ranges + end * RANGE_BYTES, ranges):
            end += 1
        if end > row:
            multiply_panels(p, scratch, row, end - row, place, vectors, target)
        row = end + 1


def update_sums(problem: Any, scratch: Any, rows: Any, first_block: Any, last_block: Any, place: Any) -> None:
    """Add what a tile's rows give to the sums for the pointwise kernel, those of a strip, from the ``place``-th on."""
    p, e = gradient_problem_at(problem), gradient_parts_at(problem)
    hidden = (last_block - first_block) * p.multiplier
    ranges = scratch + e.pair_ranges + RANGE_BYTES
    forget(ranges)
    for index in range(hidden):
        source, target = scratch + p.hidden + index * p.hidden_block_bytes, e.hidden_pairs + index * e.pair_block_bytes
        call4(e.split_columns, source, rows, scratch + target, ranges)
    if not fit(scratch + e.pair_ranges, ranges):
        update_pointwise(p, scratch, rows, first_block, last_block, place)
        return
    if e.begin:
        call2(e.begin, 0, 0)
    for f in range(0, p.filter_blocks, 2):
        for index in range(0, hidden, 2):
            _update(p, e, scratch, rows, place, index, min(2, hidden - index), f, min(2, p.filter_blocks - f))
    if e.end:
        call2(e.end, 0, 0)


@compiled
def _update(p, e, scratch, rows, place, index, blocks, f, vectors):
    row_bytes = p.filter_blocks * p.width * p.item_bytes
    one = e.update_1_1 if vectors == 1 else e.update_1_2
    two = e.update_2_1 if vectors == 1 else e.update_2_2
    call7(
        one if blocks == 1 else two,
        scratch + e.hidden_pairs + index * e.pair_block_bytes,
        e.pair_block_bytes,
        scratch + e.gradient_pairs + f * e.pair_block_bytes,
        e.pair_block_bytes,
        (rows + 2 * p.width - 1) // (2 * p.width),
        scratch + p.pointwise_sums + (place + index) * p.width * row_bytes + f * p.width * p.item_bytes,
        row_bytes,
    )


STEPS = (split_panels, split_gradients, multiply_hidden, update_sums)
step_addresses: dict[str, Any] = {step.__name__: pointer_to(step) for step in STEPS}
