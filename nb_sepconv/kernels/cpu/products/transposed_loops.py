"""Products for outputs whose steps lie side by side: vectors of steps, where :mod:`.loops` has vectors of filters.

Steps are read as they lie: a vector of them for each tap and channel. Each output sums tap by tap and channel by
channel, and has the bits of the other pass.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4, call5, call7, call10, store_intp
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.tiling import first_row_of
from nb_sepconv.kernels.cpu.forward.worker import worker_of
from nb_sepconv.kernels.cpu.products.problem import steps_at
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


@compiled
def _fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch):
    p, a = problem_at(problem), steps_at(problem)
    for k in range(a.taps):
        step = k * a.tap_dilation
        offset = step % p.stride * a.phase_bytes + step // p.stride * p.item_bytes
        store_intp(offset, scratch + k * INTP_BYTES)
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        tile, first_filter = ticket // p.filter_parts, ticket % p.filter_parts * a.part_filters
        example, part = tile // a.example_tiles, tile % a.example_tiles
        first = first_row_of(part, a.example_tiles, a.example_groups, p.row_group)
        last = min(first_row_of(part + 1, a.example_tiles, a.example_groups, p.row_group), p.steps)
        _load(p, a, inputs + example * p.input_example_stride, first, last - first, scratch)
        targets = outputs + example * p.output_example_stride + first * p.output_step_stride
        _fill_tile(p, a, targets, weights, first_filter, last - first, scratch)
        ticket = next_ticket(tickets, worker)


@compiled
def _load(p, a, series, first_step, steps, scratch):
    """The input steps that ``steps`` output steps read, and those that would fill up their last vector; zeros outside
    the series.
    """
    steps = (steps + p.width - 1) // p.width * p.width
    count = (steps - 1) * p.stride + a.span
    at = first_step * p.stride - p.left
    first = min(max(-at, 0), count)
    last = min(max(p.length - at, first), count)
    source = series + (at + first) * p.input_step_stride
    for channel in range(a.series_channels):
        target = scratch + p.x + channel * a.channel_bytes
        there = target if p.stride == 1 else scratch + a.numbers
        call5(a.copy_numbers, source, first, last - first, count - last, there)
        if p.stride > 1:
            call5(a.split_phases, there, p.stride, (count + p.stride - 1) // p.stride, target, a.phase_bytes)
        source += p.input_channel_stride


@compiled
def _fill_tile(p, a, targets, weights, first_filter, steps, scratch):
    """A group of filters for all panels of steps, then the next group."""
    end = min(first_filter + a.part_filters, p.filters)
    for filter_ in range(first_filter, end, a.group_filters):
        filters = min(a.group_filters, end - filter_)
        at = targets + filter_ * p.output_filter_stride
        for step in range(0, steps, PANEL_VECTORS * p.width):
            _fill_panel(p, a, at + step * p.output_step_stride, weights, filter_, filters, step, steps, scratch)


@compiled
def _fill_panel(p, a, target, weights, first_filter, filters, step, steps, scratch):
    """A group of filters for one panel of steps, in place where all of these exist."""
    vector_bytes = p.width * p.item_bytes
    left = steps - step
    vectors = PANEL_VECTORS if left > p.width else 1
    in_place = p.rows_in_place and left >= vectors * p.width
    y, y_row_bytes = scratch + p.y, vectors * vector_bytes
    if in_place:
        y, y_row_bytes = target, p.output_filter_stride
    call10(
        p.multiply_panel if vectors == PANEL_VECTORS else p.multiply_vector,
        scratch + p.x + step * p.item_bytes,
        scratch,
        a.taps,
        a.series_channels,
        a.channel_bytes,
        weights + p.pointwise + first_filter // a.group_filters * a.group_bytes,
        weights + p.bias + first_filter * p.item_bytes,
        y,
        y_row_bytes,
        filters,
    )
    if p.activate:
        call4(p.activate, y, filters, y_row_bytes, vectors)
    if not in_place:
        for v in range(vectors):
            to, present = target + v * p.width * p.output_step_stride, left - v * p.width
            filter_stride, step_stride = p.output_filter_stride, p.output_step_stride
            call7(p.store, y + v * vector_bytes, y_row_bytes, filters, present, to, filter_stride, step_stride)


steps_worker_address: Any = worker_of(_fill_tiles)
