"""The fused gradients, tile by tile: a tile of ``d_outputs`` once, and all that follows from it channel by channel.

For each vector of hidden channels ``h`` (channel ``c``, multiplier ``m``) and each row ``t`` of a tile::

    d_hidden[t, h] = sum_f g[t, f] P[h, f]
    d_inputs[s, c] = sum_{m,k} d_hidden[(s + left - k*d) / stride, h] D[k, h]
    d_depthwise[k, h] += x[t*stride + k*d - left, c] d_hidden[t, h]
    d_pointwise[h, f] += hidden[t, h] g[t, f]

with the depthwise results ``hidden`` computed anew. Input step ``s`` belongs to row ``q = (s + left) // stride`` and to
phase ``s + left - q*stride``; its taps see rows up to ``halo_rows`` before ``q``, which the tile before left behind.
Sums over rows run in the order of rows within a part, whatever the tiles and the threads.
"""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.backward.packing import pack_transposed
from nb_sepconv.kernels.cpu.backward.problem import gradient_problem_at
from nb_sepconv.kernels.cpu.backward.sums import clear_sums, write_sums
from nb_sepconv.kernels.cpu.backward.tables import fill_tables
from nb_sepconv.kernels.cpu.backward.tiles import run_tile
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, INTP_BYTES, aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.fields import address_of_fields
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call2, call4, data_of, load_intp, release
from nb_sepconv.kernels.cpu.forward.lengths import Line, clear_steps, line_of
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket

TUPLE_HEADER_BYTES = tuple.__basicsize__  # before the addresses of its items


class Operands(NamedTuple):
    """The addresses of the arrays; 0 where there is none."""

    d_outputs: int
    inputs: int
    pointwise: int
    outputs: int
    d_inputs: int
    d_depthwise: int
    d_pointwise: int
    d_bias: int


class Series(NamedTuple):
    """Where a series' arrays start, how many rows and input steps it has, and the zeros before the first of these."""

    d_outputs: int
    inputs: int
    outputs: int
    d_inputs: int
    rows: int
    length: int
    left: int


class Tile(NamedTuple):
    """Rows ``first..first+count-1`` of a series; the first ``rows`` of them exist, and all count in sums or none."""

    first: int
    count: int
    rows: int
    counted: int


def run_worker(problem: Any, operands: Any, d_inputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
    """Take parts by ticket until none is left.

    All arguments but the last are addresses; ``operands`` is a tuple of the arrays that :class:`Operands` names,
    ``d_inputs`` is not used.
    """
    p = gradient_problem_at(problem)
    buffer = allocate(p.scratch_bytes + ALIGNMENT)
    if buffer:
        _take_parts(p, _operands(p, operands), aligned(weights), tickets, worker, aligned(buffer))
        release(buffer)


@compiled
def _operands(p, arrays):
    return Operands(
        _operand(arrays, 0, True),
        _operand(arrays, 1, True),
        _operand(arrays, 2, p.through_pointwise),
        _operand(arrays, 3, p.differentiate),
        _operand(arrays, 4, p.d_inputs),
        _operand(arrays, 5, p.d_depthwise),
        _operand(arrays, 6, p.d_pointwise),
        _operand(arrays, 7, p.d_bias),
    )


@compiled
def _operand(arrays, index, present):
    return data_of(load_intp(arrays + TUPLE_HEADER_BYTES + index * INTP_BYTES)) if present else 0


@compiled
def _take_parts(p, o, weights, tickets, worker, scratch):
    """``scratch`` belongs to this worker, ``tickets`` to all of them."""
    fill_tables(p, scratch)
    packed = -1
    ticket = next_ticket(tickets, worker)
    while ticket >= 0:
        group = ticket // p.parts
        first_block = p.strips * group // p.groups * p.strip_blocks
        last_block = min(p.strips * (group + 1) // p.groups * p.strip_blocks, p.blocks)
        if p.through_pointwise and first_block != packed:
            pack_transposed(p, o.pointwise, scratch, first_block, last_block)
            if p.split_panels:
                call4(p.split_panels, address_of_fields(p), scratch, first_block, last_block)
            packed = first_block
        _run_part(p, o, weights, scratch, ticket % p.parts, first_block, last_block)
        ticket = next_ticket(tickets, worker)


@compiled
def _run_part(p, o, weights, scratch, part, first_block, last_block):
    """All that a part of the rows gives for a group of channels."""
    clear_sums(p, scratch, last_block - first_block)
    row = part * p.part_rows
    last = min(row + p.part_rows, p.examples * p.series * p.series_rows)
    while row < last:
        first = row % p.series_rows
        stop = min(p.series_rows, first + last - row)
        series = row // p.series_rows
        _run_rows(p, _series(p, o, series), weights, scratch, first, stop, first_block, last_block)
        if p.lengths and p.d_inputs and stop == p.series_rows and first_block == 0 and series % p.series == 0:
            _clear_behind(p, o, series // p.series)
        row += stop - first
    write_sums(p, o, scratch, part, first_block, last_block)


@compiled
def _series(p, o, index):
    example, phase = index // p.series, index % p.series
    start, line = 0, Line(0, p.length, p.left, p.steps)
    if p.lengths:
        line = line_of(p, example)
    left = line.left
    if p.phases > 1:
        at = phase * p.stride - left
        start = at % p.input_stride
        left = (start - at) // p.input_stride
    return Series(
        o.d_outputs + example * p.gradient_example_stride + phase * p.gradient_step_stride,
        o.inputs + example * p.input_example_stride + start * p.input_step_stride,
        o.outputs + example * p.output_example_stride + phase * p.output_step_stride,
        o.d_inputs + example * p.d_input_example_stride + start * p.d_input_step_stride,
        max(0, ceil_div(line.steps - phase, p.phases)),
        max(0, ceil_div(line.length - start, p.input_stride)),
        left,
    )


@compiled
def _run_rows(p, series, weights, scratch, first, stop, first_block, last_block):
    """Rows ``first..stop-1`` of a series, tile by tile, and the input steps that belong to them."""
    behind = max(series.rows, (series.length - 1 + series.left) // p.series_stride + 1)
    if stop == p.series_rows or stop > behind:
        stop = behind
    if first >= stop:
        return
    call2(p.clear_rows, scratch + p.carried, (last_block - first_block) * p.multiplier * p.halo_rows)
    row = max(0, first - p.halo_rows)
    while row < stop:
        end = min(row + p.tile_rows, stop if row >= first else first)
        tile = Tile(row, end - row, max(0, min(series.rows, end) - row), row >= first)
        run_tile(p, series, weights, scratch, tile, first_block, last_block)
        row = end


@compiled
def _clear_behind(p, o, example):
    """Zeros for the gradients of an example's input steps that are behind its length."""
    at, length = o.d_inputs + example * p.d_input_example_stride, line_of(p, example).length
    clear_steps(at, length, p.length, p.d_input_step_stride, p.channels, p.d_input_channel_stride)


gradient_worker_address: Any = pointer_to(run_worker)
