"""Plans for inputs of fewer channels than a vector has lanes."""

from __future__ import annotations

from math import gcd
from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, apart, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import ROWS, STEPS, whole_panels
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.forward.plan import distance, problem_without_product, vectors_of, with_products
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.narrow.loops import narrow_worker_address
from nb_sepconv.kernels.cpu.narrow.packing import narrow_packer_address, sharing_narrow_packer_address
from nb_sepconv.kernels.cpu.narrow.problem import Narrow, NarrowProblem, NarrowTransposedProblem
from nb_sepconv.kernels.cpu.narrow.transposed_loops import narrow_transposed_worker_address
from nb_sepconv.kernels.cpu.narrow.transposed_packing import (
    narrow_transposed_packer_address,
    sharing_narrow_transposed_packer_address,
)
from nb_sepconv.kernels.cpu.transposed.plan import (
    MOST_HIDDEN,
    STORING_WORK,
    for_last_steps,
    packing_of,
    transposed_problem,
)

SPREAD_BYTES = 96 * 1024  # the input of a run, spread over lanes: a part of the second-level cache
INTERLEAVED = range(2, 7)  # channels whose steps are not loaded as squares of a vector's width
LEAST_SAVED = 8  # vectors of multiply-adds for each output step from which on spreading pays


def narrow_plan(sizes: Any, workers: int) -> Any:
    """The plan, or None where another one serves as well; that is no question of bits, which are the same."""
    width = vectors_of(sizes.dtype).width
    if sizes.channels >= width or not _is_worth_it(sizes, width):
        return None
    segments = _segments(sizes, width)
    wide = sizes._replace(channels=sizes.hidden, multiplier=1)
    return _transposed_plan(sizes, wide, workers, segments, width) or _plan(sizes, wide, workers, segments)


def _segments(sizes, width):
    """How many output steps a vector holds."""
    return max(1, width // sizes.hidden) if sizes.filters is not None else 1


def _is_worth_it(sizes, width):
    """Whether the multiply-adds that are saved are more than the vectors that are made by spreading."""
    saved = sizes.kernel_size * (sizes.multiplier - ceil_div(sizes.hidden, width) / _segments(sizes, width))
    return saved >= LEAST_SAVED + _patterns(sizes, width) * sizes.stride


def _patterns(sizes, width):
    """How many vectors hold all the ways in which blocks of hidden channels see the channels."""
    if sizes.channels == 1:
        return 1
    blocks = ceil_div(sizes.hidden, width)
    return blocks if sizes.filters is None else min(blocks, sizes.channels // gcd(sizes.channels, width))


def _plan(sizes, wide, workers, segments):
    rows = ceil_div(sizes.examples * sizes.steps, segments)
    base = problem_without_product(wide, workers, rows, ROWS)
    if _is_cut(base):
        return None
    p = with_products(wide, base)
    problem = _with_input(sizes, p, segments, p.tile_rows, "convolve_numbers")
    return NarrowPlan(NarrowProblem(*problem), workers)


def _transposed_plan(sizes, wide, workers, segments, width):
    """The plan for outputs whose steps lie side by side, or None as in :func:`transposed_plan`."""
    if sizes.filters is None or sizes.output_strides[1] != vectors_of(sizes.dtype).stored_bytes:
        return None
    if ceil_div(sizes.hidden, width) * width > MOST_HIDDEN:
        return None
    row_group = whole_panels(width)
    filled_up = _filled_up(segments, width)
    example_rows = ceil_div(sizes.steps, filled_up) * filled_up
    row_work = width * sizes.kernel_size * ceil_div(sizes.hidden, width) / segments + sizes.hidden * sizes.filters
    if (example_rows - sizes.steps) * row_work > sizes.steps * sizes.filters * STORING_WORK:
        return None
    base = problem_without_product(wide, workers, ceil_div(sizes.examples * example_rows, segments), row_group)
    if _is_cut(base) or base.output_phases > 1:
        return None
    most_rows = ceil_div(base.tile_rows, row_group) * row_group
    p = transposed_problem(wide, base, example_rows)
    problem = _with_input(sizes, p, segments, most_rows, "convolve_numbers_transposed")
    return NarrowTransposedPlan(NarrowTransposedProblem(*problem), workers, sizes.dtype)


def _filled_up(segments, width):
    """Examples are filled up to whole groups of so many rows: whole panels where these are segments."""
    return STEPS if segments == 1 else whole_panels(width)


def _is_cut(p):
    """Whether taps have windows of their own, or sums are made in parts."""
    return p.windows > 1 or p.sum_blocks < p.blocks


class NarrowPlan(PreparedPlan):
    """The problem of one convolution for some workers, its hidden channels in all lanes."""

    packing = "panels of filters, hidden channels in all lanes"
    reads_before = False
    worker_address: Any = staticmethod(narrow_worker_address)
    packer_address: Any = staticmethod(narrow_packer_address)
    sharing_packer_address: Any = staticmethod(sharing_narrow_packer_address)

    def __init__(self, problem: Any, workers: int) -> None:
        super().__init__(problem, workers, problem.panels)


class NarrowTransposedPlan(PreparedPlan):
    """The same with the sides of the product exchanged."""

    reads_before = False
    worker_address: Any = staticmethod(narrow_transposed_worker_address)
    packer_address: Any = staticmethod(narrow_transposed_packer_address)
    sharing_packer_address: Any = staticmethod(sharing_narrow_transposed_packer_address)

    def __init__(self, problem: Any, workers: int, dtype: str) -> None:
        super().__init__(problem, workers, ceil_div(problem.filters, problem.group_filters))
        self.packing: str = packing_of(problem) + ", hidden channels in all lanes"
        self.row_multiple = whole_panels(problem.width)
        self._procedures = dtype, distance(problem)

    def for_lengths(self) -> dict[str, int]:
        return super().for_lengths() | for_last_steps(*self._procedures)


def _with_input(sizes, p, segments, most_rows, convolve):
    """The fields of a wide problem whose tiles are so many times longer and whose input is spread, and of Narrow."""
    copied = _lies_side_by_side(sizes, p.stored_bytes)
    interleaved = not copied and sizes.input_strides[1] == p.stored_bytes and sizes.channels in INTERLEAVED
    one_channel = copied and sizes.channels == 1 and segments == 1 and sizes.dilation == 1
    order, patterns = aligned(p.packed_bytes), _patterns(sizes, p.width)
    places, narrow = _input_places(sizes, p, segments, most_rows, patterns, copied or interleaved, one_channel)
    wide = p._replace(
        **places,
        tile_rows=p.tile_rows * segments,
        row_group=p.row_group * segments,
        packed_bytes=order + patterns * p.width * INTP_BYTES,
        convolve=procedure(sizes.dtype, convolve) if one_channel else p.convolve,
    )
    narrow = Narrow(
        input_channels=sizes.channels,
        input_multiplier=sizes.multiplier,
        segments=segments,
        lanes=segments * sizes.hidden,
        patterns=patterns,
        order=order,
        copy_numbers=procedure(sizes.dtype, "copy_numbers") if copied else 0,
        interleave=procedure(sizes.dtype, f"interleave_{sizes.channels}") if interleaved else 0,
        split_phases=procedure(sizes.dtype, "split_phases") if one_channel and sizes.stride > 1 else 0,
        spread=0 if one_channel else procedure(sizes.dtype, "spread"),
        pack_lanes=procedure(sizes.dtype, "pack_lanes"),
        **narrow,
    )
    return *wide, *narrow


def _input_places(sizes, p, segments, most_rows, patterns, compact, one_channel):
    """Scratch memory with the input of a run of output steps in place of a tile's; and what of it Narrow names."""
    vector_bytes = p.width * p.item_bytes
    number_bytes = sizes.channels * p.item_bytes if compact else vector_bytes
    steps = _steps_at_a_time(p, number_bytes if one_channel else patterns * vector_bytes, most_rows)
    window_steps = 0 if one_channel else (max(steps, STEPS) - 1) * p.stride + p.window_span + p.width
    phase_rows = ceil_div(window_steps, p.phases)
    x_block_bytes = apart(p.phases * phase_rows + STEPS, vector_bytes)
    x_bytes = patterns * x_block_bytes
    if one_channel:
        x_block_bytes = aligned((steps + ceil_div(p.window_span, p.stride) + STEPS + p.width) * p.item_bytes)
        x_bytes = p.stride * x_block_bytes
    number_steps = (segments * steps + STEPS) * p.stride + p.window_span + p.width
    table_steps = 0 if compact else number_steps
    tap_table = aligned(window_steps * INTP_BYTES)
    x = aligned(tap_table + p.kernel_size * INTP_BYTES)
    number_table = aligned(x + x_bytes)
    numbers = aligned(number_table + table_steps * INTP_BYTES)
    hidden = aligned(numbers + number_steps * number_bytes + 2 * vector_bytes)
    places = {
        "phase_rows": phase_rows,
        "window_steps": window_steps,
        "tap_table": tap_table,
        "x": x,
        "x_block_bytes": x_block_bytes,
        "hidden": hidden,
        "y": p.y + hidden - p.hidden,
        "scratch_bytes": p.scratch_bytes + hidden - p.hidden,
    }
    narrow = {
        "most_steps": steps,
        "numbers": numbers,
        "number_bytes": number_bytes,
        "number_table": number_table,
        "table_steps": table_steps,
    }
    return places, narrow


def _lies_side_by_side(sizes, item):
    """Whether all numbers of an example follow one another, step by step."""
    _, step, channel = sizes.input_strides
    return step == sizes.channels * item and (sizes.channels == 1 or channel == item)


def _steps_at_a_time(p, row_bytes, most_rows):
    """Output steps of a segment whose input is spread at a time: whole panels of steps, or all."""
    panel_steps = whole_panels(p.width)
    most = (SPREAD_BYTES // row_bytes - p.window_span) // p.stride // panel_steps * panel_steps
    return min(max(most, panel_steps), most_rows)
