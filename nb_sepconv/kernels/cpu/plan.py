"""A plan: everything about a call that its shapes and types decide, worked out once and run many times."""

from typing import NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu import derivatives, gradient_kernels, microkernels, movers, vectormath
from nb_sepconv.kernels.cpu.layout import layout
from nb_sepconv.kernels.cpu.once import once
from nb_sepconv.kernels.cpu.problem import Problem
from nb_sepconv.kernels.cpu.procedures import compile_procedure
from nb_sepconv.kernels.cpu.storage import storage
from nb_sepconv.kernels.cpu.tiling import PANEL_VECTORS, ceil_div, tiling
from nb_sepconv.kernels.cpu.vector import ALIGNMENT


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
    precision: str = "float32"


class Plan:
    """The problem of one :class:`Sizes` for some workers, in the memory where the compiled loops read it."""

    def __init__(self, sizes: Sizes, workers: int):
        problem = _problem(sizes, workers)
        self._fields = np.array(problem, np.int64)
        self.address = self._fields.ctypes.data
        self.packed_bytes = problem.packed_bytes + ALIGNMENT
        self.workers = workers
        self.tickets = ceil_div(sizes.examples * sizes.steps, problem.tile_rows) * problem.filter_parts


def _problem(sizes, workers):
    stored = storage(sizes.dtype)
    lanes, item, strides = stored.lanes, stored.item_bytes, sizes.output_strides
    fused = sizes.filters is not None
    filters = sizes.filters if fused else sizes.channels * sizes.multiplier
    linear = sizes.examples == 1 or strides[0] == sizes.steps * strides[1]
    cut = tiling(
        sizes.examples * sizes.steps,
        sizes.channels,
        filters if fused else 0,
        sizes.kernel_size,
        sizes.multiplier,
        sizes.stride,
        sizes.dilation,
        lanes.width,
        lanes.bytes,
        workers,
    )
    places = layout(
        cut,
        sizes.channels,
        filters if fused else 0,
        sizes.kernel_size,
        sizes.multiplier,
        sizes.stride,
        lanes.width,
        lanes.bytes,
    )
    store_stride = strides[2] if fused else strides[2] * sizes.multiplier
    used = {
        "load_rows": True,
        "load_items": sizes.multiplier > 1,
        "multiply_panel": fused and filters > lanes.width,
        "multiply_vector": fused and ceil_div(filters, lanes.width) % PANEL_VECTORS == 1,
    }
    addresses = {name: procedure(sizes.dtype, name) if needed else 0 for name, needed in used.items()}
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
        **cut._asdict(),
        **places._asdict(),
        rows_in_place=fused and item == lanes.item_bytes and strides[2] == item and linear,
        fused=fused,
        **addresses,
        convolve=procedure(sizes.dtype, "convolve_adjacent" if cut.runs else "convolve"),
        load=procedure(sizes.dtype, f"load_{side_by_side(sizes.input_strides[1:], item)}"),
        activate=procedure(sizes.dtype, sizes.activation) if sizes.activation else 0,
        store=procedure(sizes.dtype, f"store_{side_by_side((strides[1], store_stride), item)}"),
    )


def side_by_side(strides, item):
    """Which of (steps, channels) lie side by side in memory."""
    if strides[1] == item:
        return "rows"
    return "columns" if strides[0] == item else "items"


@once
def procedure(dtype, name):
    """The address of a compiled inner loop for a type, compiled when it is first asked for."""
    stored = storage(dtype)
    arity, emit = _emitter(stored, name)
    return compile_procedure(f"nb_sepconv.{name}.{dtype}", arity, emit)


def _emitter(stored, name):
    if name == "convolve":
        return microkernels.convolve(stored.lanes)
    if name == "convolve_adjacent":
        return microkernels.convolve_adjacent(stored.lanes)
    if name == "multiply_panel":
        return microkernels.multiply(stored.lanes, PANEL_VECTORS)
    if name == "multiply_vector":
        return microkernels.multiply(stored.lanes, 1)
    if name in gradient_kernels.BY_NAME:
        return gradient_kernels.BY_NAME[name](stored.lanes)
    if name.startswith("differentiate_"):
        return derivatives.differentiate(stored.lanes, name.removeprefix("differentiate_"))
    if name in vectormath.ACTIVATIONS:
        return vectormath.activate(stored.lanes, name)
    return getattr(movers, name)(stored)
