"""A plan: everything about a call that its shapes and types decide, worked out once and run many times."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, ROWS
from nb_sepconv.kernels.cpu.codegen.procedures import procedure, side_by_side
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.forward.depthwise import depthwise_worker_address
from nb_sepconv.kernels.cpu.forward.layout import layout
from nb_sepconv.kernels.cpu.forward.loops import worker_address
from nb_sepconv.kernels.cpu.forward.packing import packer_address, sharing_packer_address
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.forward.problem import (
    ALL_STEPS,
    ZEROS_BEFORE,
    Outputs,
    Problem,
    Procedures,
    Shape,
    Strides,
    Vectors,
)
from nb_sepconv.kernels.cpu.forward.tiling import PART_OF_COLUMNS, PART_OF_ROWS, WHOLE, Part, tiling

NEAR_BYTES = 1536 * 1024  # what a second-level cache keeps of outputs and weights


class Plan(PreparedPlan):
    """The plan for one :class:`~nb_sepconv.kernels.protocol.Sizes`."""

    packing = "panels of filters"
    packer_address: Any = staticmethod(packer_address)
    sharing_packer_address: Any = staticmethod(sharing_packer_address)

    def __init__(self, sizes: Any, workers: int) -> None:
        problem = problem_of(sizes, workers)
        self.worker_address: Any = worker_address if problem.fused else depthwise_worker_address
        super().__init__(problem, workers, problem.panels)


def problem_of(sizes: Any, workers: int, row_group: int = ROWS) -> Any:
    """What the compiled loops are told of a convolution; tiles are groups of rows."""
    rows, part = sizes.examples * sizes.steps, WHOLE
    if sizes.filters is None:
        _, step_stride, channel_stride = sizes.output_strides
        part = PART_OF_COLUMNS if step_stride < channel_stride else PART_OF_ROWS
    return with_products(sizes, problem_without_product(sizes, workers, rows, row_group, part))


def with_products(sizes: Any, p: Any) -> Any:
    """The problem with the procedures that compute sums."""
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


def distance(p: Any) -> str:
    """The ending of a product's name: whether its outputs and weights are more than stays near a core."""
    outputs = p.examples * p.steps * p.filters * p.stored_bytes
    weights = p.channels * p.multiplier * p.filters * p.item_bytes
    return "_far" if outputs + weights > NEAR_BYTES else ""


def problem_without_product(sizes: Any, workers: int, rows: Any, row_group: int, part: Part = WHOLE) -> Any:
    """The problem without the procedures that compute sums.

    All examples together have ``rows`` rows, which may be more than their steps; a tile is a multiple of ``row_group``
    of them.
    """
    shape, vectors, fused = shape_of(sizes), vectors_of(sizes.dtype), sizes.filters is not None
    cut, places = divide(shape, vectors, fused, rows, workers, row_group, part)
    return Problem(
        *shape,
        *Strides(*sizes.input_strides, *sizes.output_strides),
        *vectors,
        *cut,
        *places,
        *Outputs(_rows_in_place(sizes, vectors, cut), fused),
        *ALL_STEPS,
        *ZEROS_BEFORE,
        *_loaders(sizes, vectors.stored_bytes),
    )


def shape_of(sizes: Any) -> Shape:
    """The shape of a convolution, whose outputs are the hidden channels where there is no pointwise stage."""
    return Shape(
        examples=sizes.examples,
        length=sizes.length,
        channels=sizes.channels,
        steps=sizes.steps,
        filters=sizes.hidden if sizes.filters is None else sizes.filters,
        kernel_size=sizes.kernel_size,
        multiplier=sizes.multiplier,
        stride=sizes.stride,
        dilation=sizes.dilation,
        left=sizes.left,
    )


def vectors_of(dtype: Any) -> Vectors:
    """How numbers of a type are computed with and stored."""
    stored = storage(dtype)
    return Vectors(stored.lanes.width, stored.lanes.item_bytes, stored.item_bytes)


@register_jitable
def divide(shape: Any, vectors: int, fused: Any, rows: int, workers: int, row_group: int, part: Part) -> Any:
    """The tiling of ``rows`` rows, and the layout for it."""
    filters = shape.filters if fused else 0
    vector_bytes = vectors.width * vectors.item_bytes
    cut = tiling(
        rows,
        shape.channels,
        filters,
        shape.kernel_size,
        shape.multiplier,
        shape.stride,
        shape.dilation,
        vectors.width,
        vector_bytes,
        workers,
        row_group,
        part,
    )
    places = layout(
        cut,
        shape.channels,
        filters,
        shape.kernel_size,
        shape.multiplier,
        shape.stride,
        vectors.width,
        vector_bytes,
    )
    return cut, places


def _rows_in_place(sizes, vectors, cut):
    """Whether rows follow one another in the outputs as they are computed: those of all examples where there is a
    pointwise stage, else those of one.
    """
    example, step, channel = sizes.output_strides
    if not vectors.stored_bytes == vectors.item_bytes == channel:
        return False
    if sizes.filters is None:
        return sizes.multiplier == 1 and cut.output_phases == 1
    return sizes.examples == 1 or example == sizes.steps * step


def _loaders(sizes, stored_bytes):
    return Procedures(
        load_rows=procedure(sizes.dtype, "load_rows"),
        load_items=procedure(sizes.dtype, "load_items") if sizes.multiplier > 1 else 0,
        load=procedure(sizes.dtype, f"load_{side_by_side(sizes.input_strides[1:], stored_bytes)}"),
        activate=procedure(sizes.dtype, sizes.activation) if sizes.activation else 0,
        pack_panel=0,
        convolve=0,
        multiply_panel=0,
        multiply_vector=0,
        store=0,
    )
