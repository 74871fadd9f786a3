"""A plan: everything about a call that its shapes and types decide, worked out once and run many times."""

from functools import cache
from typing import NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu import microkernels, movers, vectormath
from nb_sepconv.kernels.cpu.problem import PANEL_VECTORS, ROWS, Problem
from nb_sepconv.kernels.cpu.procedures import compile_procedure
from nb_sepconv.kernels.cpu.storage import storage
from nb_sepconv.kernels.cpu.weights import packed_bytes

HIDDEN_BYTES = 192 * 1024  # a tile's depthwise results: a part of the second-level cache
LOADED_BYTES = 256 * 1024  # the input that is loaded at a time
SUM_LANES = 512  # channels summed before the next ones are loaded
TILES_PER_WORKER = 4


class Sizes(NamedTuple):
    """A convolution in numbers; strides are in bytes, in the order example, step, channel."""

    dtype: str
    examples: int
    length: int
    channels: int
    steps: int
    filters: int | None
    kernel_size: int
    multiplier: int
    stride: int
    dilation: int
    left: int
    input_strides: tuple
    output_strides: tuple
    activation: str | None


class Plan:
    """The problem of one :class:`Sizes` for some workers, in the memory where the compiled loops read it."""

    def __init__(self, sizes: Sizes, workers: int):
        problem = _problem(sizes, workers)
        self._fields = np.array(problem, np.int64)
        self.address = self._fields.ctypes.data
        self.packed_bytes = packed_bytes(problem)
        self.workers = workers
        self.tickets = _ceil_div(sizes.examples * sizes.steps, problem.tile_rows) * problem.filter_parts


def _problem(sizes, workers):
    stored = storage(sizes.dtype)
    lanes = stored.lanes
    fused = sizes.filters is not None
    filters = sizes.filters if fused else sizes.channels * sizes.multiplier
    tile_rows, sum_blocks, parts = _tiles(sizes, lanes, workers)
    windows, window_span = _windows(sizes, tile_rows)
    phase_rows = _ceil_div((tile_rows - 1) * sizes.stride + window_span + lanes.width, sizes.stride)
    item, strides = stored.item_bytes, sizes.output_strides
    linear = sizes.examples == 1 or strides[0] == sizes.steps * strides[1]
    in_place = fused and item == lanes.item_bytes and strides[2] == item and linear
    store_stride = strides[2] if fused else strides[2] * sizes.multiplier
    return Problem(
        examples=sizes.examples,
        length=sizes.length,
        channels=sizes.channels,
        steps=sizes.steps,
        filters=filters,
        kernel_size=sizes.kernel_size,
        multiplier=sizes.multiplier,
        stride=sizes.stride,
        dilation=sizes.dilation,
        left=sizes.left,
        input_example_stride=sizes.input_strides[0],
        input_step_stride=sizes.input_strides[1],
        input_channel_stride=sizes.input_strides[2],
        output_example_stride=strides[0],
        output_step_stride=strides[1],
        output_filter_stride=strides[2],
        width=lanes.width,
        item_bytes=lanes.item_bytes,
        stored_bytes=item,
        tile_rows=tile_rows,
        sum_blocks=sum_blocks,
        load_blocks=max(1, min(sum_blocks, LOADED_BYTES // (windows * sizes.stride * phase_rows * lanes.bytes))),
        filter_parts=parts,
        windows=windows,
        window_span=window_span,
        phase_rows=phase_rows,
        rows_in_place=in_place,
        fused=fused,
        load_rows=_procedure(sizes.dtype, "load_rows"),
        load_items=_procedure(sizes.dtype, "load_items") if sizes.multiplier > 1 else 0,
        load=_procedure(sizes.dtype, f"load_{_side_by_side(sizes.input_strides[1:], item)}"),
        convolve=_procedure(sizes.dtype, "convolve"),
        multiply_panel=_procedure(sizes.dtype, "multiply_panel") if filters > lanes.width else 0,
        multiply_vector=_procedure(sizes.dtype, "multiply_vector") if _last_vector_alone(filters, lanes.width) else 0,
        activate=_procedure(sizes.dtype, sizes.activation) if sizes.activation else 0,
        store=_procedure(sizes.dtype, f"store_{_side_by_side((strides[1], store_stride), item)}"),
    )


def _tiles(sizes, lanes, workers):
    """Rows of a tile, blocks of channels in a sum, and parts that the filters are cut into."""
    blocks = _ceil_div(sizes.channels, lanes.width)
    sum_blocks = max(1, min(blocks, SUM_LANES // (lanes.width * sizes.multiplier)))
    row_bytes = sum_blocks * sizes.multiplier * lanes.bytes
    rows = sizes.examples * sizes.steps
    fitting = max(1, min(24, HIDDEN_BYTES // (row_bytes * ROWS)))
    if workers > 1:
        fitting = max(1, min(fitting, _ceil_div(rows, ROWS * workers * TILES_PER_WORKER)))
    tile_rows = max(1, min(fitting * ROWS, rows))
    tiles = max(1, _ceil_div(rows, tile_rows))
    panels = _ceil_div(sizes.filters, PANEL_VECTORS * lanes.width) if sizes.filters is not None else 1
    parts = 1 if tiles >= workers else min(panels, _ceil_div(workers, tiles))
    return tile_rows, sum_blocks, parts


def _windows(sizes, tile_rows):
    """One window over all taps, or one for each tap where the dilation is long against the tile."""
    covered = (tile_rows - 1) * sizes.stride + 1
    span = (sizes.kernel_size - 1) * sizes.dilation + 1
    if sizes.kernel_size * covered < covered + span - 1:
        return sizes.kernel_size, 1
    return 1, span


def _side_by_side(strides, item):
    """Which of (steps, channels) lie side by side in memory."""
    if strides[1] == item:
        return "rows"
    return "columns" if strides[0] == item else "items"


def _last_vector_alone(filters, width):
    return _ceil_div(filters, width) % PANEL_VECTORS == 1


@cache
def _procedure(dtype, name):
    stored = storage(dtype)
    arity, emit = _emitter(stored, name)
    return compile_procedure(f"nb_sepconv.{name}.{dtype}", arity, emit)


def _emitter(stored, name):
    if name == "convolve":
        return microkernels.convolve(stored.lanes)
    if name == "multiply_panel":
        return microkernels.multiply(stored.lanes, PANEL_VECTORS)
    if name == "multiply_vector":
        return microkernels.multiply(stored.lanes, 1)
    if name in vectormath.ACTIVATIONS:
        return vectormath.activate(stored.lanes, name)
    return getattr(movers, name)(stored)


def _ceil_div(a, b):
    return -(-a // b)
