"""A plan: everything about a call that its shapes and types decide, worked out once and run many times."""

from typing import NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu.codegen import derivatives, gradient_microkernels, load_store, microkernels, vectormath
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.procedures import compile_procedure
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.codegen.vector import ALIGNMENT
from nb_sepconv.kernels.cpu.forward.layout import layout
from nb_sepconv.kernels.cpu.forward.loops import worker_address
from nb_sepconv.kernels.cpu.forward.packing import packer_address, sharing_packer_address
from nb_sepconv.kernels.cpu.forward.problem import Problem
from nb_sepconv.kernels.cpu.forward.tiling import PANEL_VECTORS, ROWS, ceil_div, tiling

NEAR_BYTES = 1536 * 1024  # what a second-level cache keeps of outputs and weights


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


class PreparedPlan:
    """A problem for some workers, in the memory where the compiled loops read it.

    A subclass names the worker and the packers that read it, and how the weights are packed for it, in so many tickets.
    """

    def __init__(self, problem, workers: int, pack_tickets: int):
        self._fields = np.array(problem, np.int64)
        self.address = self._fields.ctypes.data
        self.packed_bytes = problem.packed_bytes + ALIGNMENT
        self.workers = workers
        self.tickets = problem.tiles * problem.filter_parts
        self.pack_tickets = pack_tickets


class Plan(PreparedPlan):
    """The plan for one :class:`Sizes`."""

    packing = "panels of filters"
    worker_address = staticmethod(worker_address)
    packer_address = staticmethod(packer_address)
    sharing_packer_address = staticmethod(sharing_packer_address)

    def __init__(self, sizes: Sizes, workers: int):
        problem = problem_of(sizes, workers)
        super().__init__(problem, workers, problem.panels)


def problem_of(sizes, workers, row_group=ROWS):
    """What the compiled loops are told of a convolution; tiles are groups of rows."""
    p = problem_without_product(sizes, workers, sizes.steps, row_group)
    filter_stride = p.output_filter_stride if p.fused else p.output_filter_stride * p.multiplier
    used = {
        "multiply_panel": p.fused and p.filters > p.width,
        "multiply_vector": p.fused and ceil_div(p.filters, p.width) % PANEL_VECTORS == 1,
    }
    return p._replace(
        **{name: procedure(sizes.dtype, name + distance(p)) for name, needed in used.items() if needed},
        pack_panel=procedure(sizes.dtype, "pack_panel") if p.fused and p.filters >= PANEL_VECTORS * p.width else 0,
        convolve=procedure(sizes.dtype, "convolve_adjacent" if p.runs else "convolve"),
        store=procedure(sizes.dtype, f"store_{side_by_side((p.output_step_stride, filter_stride), p.stored_bytes)}"),
    )


def distance(p):
    """The ending of a product's name: whether its outputs and weights are more than stays near a core."""
    outputs = p.examples * p.steps * p.filters * p.stored_bytes
    weights = p.channels * p.multiplier * p.filters * p.item_bytes
    return "_far" if outputs + weights > NEAR_BYTES else ""


def problem_without_product(sizes, workers, example_rows, row_group):
    """The problem without the procedures that compute sums.

    An example has ``example_rows`` rows, its steps or more; a tile is a multiple of ``row_group`` of them.
    """
    stored = storage(sizes.dtype)
    lanes, item, strides = stored.lanes, stored.item_bytes, sizes.output_strides
    fused = sizes.filters is not None
    filters = sizes.filters if fused else sizes.channels * sizes.multiplier
    linear = sizes.examples == 1 or strides[0] == sizes.steps * strides[1]
    cut = tiling(
        sizes.examples * example_rows,
        sizes.channels,
        filters if fused else 0,
        sizes.kernel_size,
        sizes.multiplier,
        sizes.stride,
        sizes.dilation,
        lanes.width,
        lanes.bytes,
        workers,
        row_group,
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
        load_rows=procedure(sizes.dtype, "load_rows"),
        load_items=procedure(sizes.dtype, "load_items") if sizes.multiplier > 1 else 0,
        load=procedure(sizes.dtype, f"load_{side_by_side(sizes.input_strides[1:], item)}"),
        activate=procedure(sizes.dtype, sizes.activation) if sizes.activation else 0,
        pack_panel=0,
        convolve=0,
        multiply_panel=0,
        multiply_vector=0,
        store=0,
    )


def side_by_side(strides, item):
    """Which of (steps, channels) lie side by side in memory."""
    if strides[1] == item:
        return "rows"
    return "columns" if strides[0] == item else "items"


@compile_once
def procedure(dtype, name):
    """The address of a compiled inner loop for a type, compiled when it is first asked for."""
    stored = storage(dtype)
    arity, emit = _emitter(stored, name)
    return compile_procedure(f"nb_sepconv.{name}.{dtype}", arity, emit)


def _emitter(stored, name):
    if name in microkernels.BY_NAME:
        return microkernels.BY_NAME[name](stored.lanes)
    if name in gradient_microkernels.BY_NAME:
        return gradient_microkernels.BY_NAME[name](stored.lanes)
    if name.startswith("differentiate_"):
        return derivatives.differentiate(stored.lanes, name.removeprefix("differentiate_"))
    if name in vectormath.ACTIVATIONS:
        return vectormath.activate(stored.lanes, name)
    return getattr(load_store, name)(stored)
