"""Weights in the order that the micro-kernels read them, in one aligned buffer.

Depthwise ``[block][m][k][lane]``, then bias ``[f]``, then pointwise
``[panel][blocks summed together][m][lane][filter]``: zeros in lanes and filters that do not exist, no rows for channels
that do not exist.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call4, call5, call10, data_of, release, store_intp
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


def pack_weights(problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> None:
    """Pack C-contiguous kernels (K, C, M), (C*M, F) and bias (F,); all arguments are addresses, 0 for none."""
    p = problem_at(problem)
    target = aligned(buffer)
    offsets = target + p.pack_table
    pack_depthwise(p, depthwise, target, offsets)
    if p.fused:
        pack_bias(p, bias, target + p.bias, offsets)
    if pointwise:
        for panel in range(p.panels):
            _pack_panel(p, pointwise, target + p.pointwise, offsets, panel)


@compiled
def space(offsets: Any, count: int, distance: Any) -> None:
    for i in range(count):
        store_intp(i * distance, offsets + i * INTP_BYTES)


@compiled
def pack_depthwise(p: Any, depthwise: Any, target: Any, offsets: Any) -> None:
    """A block of channels is a block of scratch, its taps are the rows."""
    item = p.stored_bytes
    load = p.load_rows if p.multiplier == 1 else p.load_items
    vector_bytes = p.width * p.item_bytes
    block_bytes = p.multiplier * p.kernel_size * vector_bytes
    space(offsets, p.kernel_size, vector_bytes)
    for m in range(p.multiplier):
        source = depthwise + m * item
        step_stride, channel_stride = p.channels * p.multiplier * item, p.multiplier * item
        taps = p.kernel_size
        at = target + m * taps * vector_bytes
        call10(load, source, step_stride, channel_stride, p.channels, 0, taps, taps, at, offsets, block_bytes)


@compiled
def pack_bias(p: Any, bias: Any, target: Any, offsets: Any) -> None:
    store_intp(0, offsets)
    present = 1 if bias else 0
    vector_bytes = p.width * p.item_bytes
    call10(p.load_rows, bias, 0, p.stored_bytes, p.filters, 0, present, 1, target, offsets, vector_bytes)


@compiled
def _pack_panel(p, pointwise, target, offsets, panel):
    """A panel's vectors of filters are blocks of scratch, channels are the rows."""
    item, hidden = p.stored_bytes, p.channels * p.multiplier
    vector_bytes = p.width * p.item_bytes
    first = panel * PANEL_VECTORS * p.width
    filters = min(PANEL_VECTORS * p.width, p.filters - first)
    step_stride, row_bytes = p.multiplier * p.filters * item, ceil_div(filters, p.width) * vector_bytes
    target += first * hidden * p.item_bytes
    space(offsets, p.width, row_bytes)
    together = BLOCKS_TOGETHER * p.width
    for first_channel in range(0, p.channels, together):
        last_channel = min(first_channel + together, p.channels)
        for m in range(p.multiplier):
            for channel in range(first_channel, last_channel, p.width):
                channels = min(p.width, last_channel - channel)
                source = pointwise + ((channel * p.multiplier + m) * p.filters + first) * item
                pack_rows(p, source, step_stride, channels, filters, target, offsets)
                target += channels * row_bytes


@compiled
def pack_rows(p: Any, source: Any, row_stride: Any, rows: Any, filters: Any, target: Any, offsets: Any) -> None:
    """At most ``width`` rows of a panel of weights; ``offsets`` is where each goes."""
    if filters == PANEL_VECTORS * p.width:
        call4(p.pack_panel, source, row_stride, rows, target)
    else:
        vector_bytes = p.width * p.item_bytes
        call10(p.load_rows, source, row_stride, p.stored_bytes, filters, 0, rows, rows, target, offsets, vector_bytes)


def shared_packer(pack_piece: Any, needs_table: Any = True) -> Any:
    """A function that returns the address of a worker, which takes pieces by ticket until none is left and calls
    ``pack_piece(problem, source, target, table, piece)``.

    All are addresses but the last: ``target`` is the aligned start of the packed weights, and ``table`` memory of the
    worker's own, as much as there is at ``pack_table``.
    """

    def run_packer(problem, source, unused, buffer, tickets, worker):
        p = problem_at(problem)
        table = allocate(p.packed_bytes - p.pack_table if needs_table else INTP_BYTES)
        if table:
            piece = next_ticket(tickets, worker)
            while piece >= 0:
                pack_piece(problem, source, aligned(buffer), table, piece)
                piece = next_ticket(tickets, worker)
            release(table)

    return pointer_to(run_packer, f"{pack_piece.__module__}.{pack_piece.__name__}_in_pieces")


@compiled
def _pack_shared_panel(problem, pointwise, target, offsets, panel):
    p = problem_at(problem)
    _pack_panel(p, pointwise, target + p.pointwise, offsets, panel)


packer_address: Any = pointer_to(pack_weights)
sharing_packer_address: Any = shared_packer(_pack_shared_panel)


@callable_from_python
def pack_runner(packer: Any, problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> Any:
    """Call a packer on arrays by their ``id``, 0 for none."""
    pointwise = data_of(pointwise) if pointwise else 0
    bias = data_of(bias) if bias else 0
    call5(packer, problem, data_of(depthwise), pointwise, bias, data_of(buffer))
    return 1
