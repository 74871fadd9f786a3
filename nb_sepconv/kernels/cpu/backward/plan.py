"""A plan of gradients: everything about a call that its shapes and types decide, worked out once."""

from __future__ import annotations

from types import CellType
from typing import Any

import numpy as np

from nb_sepconv.kernels.cpu.backward import tiling
from nb_sepconv.kernels.cpu.backward.layout import gradient_layout
from nb_sepconv.kernels.cpu.backward.loops import gradient_worker_address
from nb_sepconv.kernels.cpu.backward.packing import gradient_packer_address
from nb_sepconv.kernels.cpu.backward.problem import (
    GradientProblem,
    GradientProcedures,
    GradientStrides,
    Numbering,
    Stages,
    TakenOver,
    Windows,
)
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, ceil_div
from nb_sepconv.kernels.cpu.codegen.gradient_microkernels import update_channels
from nb_sepconv.kernels.cpu.codegen.procedures import procedure, side_by_side
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.forward.length_calls import table_of
from nb_sepconv.kernels.cpu.forward.packing import pack_runner
from nb_sepconv.kernels.cpu.forward.plan import shape_of, vectors_of
from nb_sepconv.kernels.cpu.forward.problem import ALL_STEPS
from nb_sepconv.kernels.cpu.runtime.launch import launch

_LENGTHS = GradientProblem._fields.index("lengths")


class CallWithLengths:
    """A plan's problem for one call, whose examples have lengths of their own."""

    def __init__(self, plan: Any, lengths: Any) -> None:
        self._table, self._fields = table_of(plan, lengths), plan._fields.copy()
        self._fields[_LENGTHS] = self._table.ctypes.data
        self.address: int = self._fields.ctypes.data
        self.workers: int = plan.workers
        self.tickets: int = plan.tickets


class GradientPlan:
    """The problem of one :class:`~nb_sepconv.kernels.protocol.GradientSizes` for some workers, in the memory where the
    compiled loops read it.

    ``parts`` partial sums of the kernels' gradients are made in ``sum_dtype``, to be added in their order; where
    ``sparse``, input steps that no tap reads are left as they are.
    """

    def __init__(self, sizes: Any, workers: int) -> None:
        problem = self._problem(sizes, workers)
        self._fields = np.array(problem, np.int64)
        self.address: int = self._fields.ctypes.data
        self.scratch_bytes: Any = problem.scratch_bytes + ALIGNMENT
        self.packed_bytes: Any = problem.packed_bytes + ALIGNMENT
        self.workers = workers
        self.parts: Any = problem.parts
        self.examples: int = problem.examples
        self.length: int = problem.length
        self.sum_dtype: Any = np.dtype(_sum_dtype(sizes.convolution.dtype))
        self.sparse: Any = problem.phases > 1
        self.tickets: Any = problem.parts * problem.groups

    def _problem(self, sizes, workers):
        return gradient_problem_of(sizes, workers)

    def pack(self, depthwise: Any) -> np.ndarray:
        """The depthwise weights as the gradients read them, from a C-contiguous array (K, C, M)."""
        buffer = np.empty(self.packed_bytes, np.uint8)
        pack_runner()(gradient_packer_address(), self.address, id(depthwise), 0, 0, id(buffer))
        return buffer

    def run(self, packed: Any, operands: Any) -> None:
        """Fill the gradients, from the arrays and the packed weights.

        ``operands`` are ``d_outputs``, ``inputs``, the C-contiguous pointwise kernel, ``outputs``, and the gradients of
        inputs, depthwise kernel, pointwise kernel and bias, the last three with an axis of parts in front; None for
        those that are not needed or wanted.
        """
        _launch(self, packed, operands)

    def run_with_lengths(self, packed: Any, operands: Any, lengths: Any) -> None:
        """The same where each example has a length of its own, :class:`~nb_sepconv.kernels.protocol.Lengths`."""
        _launch(CallWithLengths(self, lengths), packed, operands)


def _launch(call, packed, operands):
    cell = CellType(operands)  # where an array has the address of its numbers, a cell has that of what it holds
    launch(gradient_worker_address(), call, cell, cell, packed)


def gradient_problem_of(sizes: Any, workers: int) -> Any:
    """What the compiled loops are told of the gradients of a convolution."""
    convolution, lanes = sizes.convolution, storage(sizes.convolution.dtype).lanes
    shape, vectors = shape_of(convolution), vectors_of(convolution.dtype)
    numbering = _numbering(convolution)
    stages = _stages(sizes, numbering)
    halo = _reach(shape, numbering) // numbering.series_stride if stages.d_inputs else 0
    cut = _cut(shape, numbering, stages, halo, lanes, workers)
    window_steps = (cut.tile_rows - 1) * numbering.series_stride + _reach(shape, numbering) + 1 + lanes.width
    places = gradient_layout(
        cut,
        numbering.series_stride,
        shape.channels,
        shape.filters if stages.fused else 0,
        shape.kernel_size,
        shape.multiplier,
        halo,
        window_steps,
        lanes,
    )
    return GradientProblem(
        *shape,
        *numbering,
        *_strides(sizes),
        *vectors,
        *cut,
        *Windows(halo, ceil_div(window_steps, numbering.series_stride), window_steps, update_channels(lanes)),
        *places,
        *stages,
        *ALL_STEPS,
        *_procedures(sizes, numbering, stages, vectors.stored_bytes),
        *TakenOver(),
    )


def _numbering(convolution):
    """How the rows of an example are numbered."""
    numbered = tiling.series(convolution.kernel_size, convolution.stride, convolution.dilation)
    return Numbering(
        phases=numbered.phases,
        series=min(numbered.phases, max(convolution.steps, 1)),
        series_rows=ceil_div(convolution.steps, numbered.phases),
        series_stride=numbered.stride,
        series_dilation=numbered.dilation,
        input_stride=numbered.input_stride,
    )


def _stages(sizes, numbering):
    """What is computed, for what is wanted."""
    fused = sizes.convolution.filters is not None
    d_inputs, d_depthwise = "inputs" in sizes.wanted, "depthwise_kernel" in sizes.wanted
    return Stages(
        fused=fused,
        d_inputs=d_inputs,
        d_depthwise=d_depthwise,
        d_pointwise="pointwise_kernel" in sizes.wanted,
        d_bias="bias" in sizes.wanted,
        through_pointwise=fused and (d_inputs or d_depthwise),
        runs=min(numbering.series_stride, sizes.convolution.kernel_size),
    )


def _reach(shape, numbering):
    """The input steps of a series between a row's first tap and its last."""
    return (shape.kernel_size - 1) * numbering.series_dilation


def _cut(shape, numbering, stages, halo, lanes, workers):
    """How the work is cut; rows of the input gradient may lie behind the last row of outputs."""
    last_input_row = (ceil_div(shape.length, numbering.input_stride) - 1 + shape.left) // numbering.series_stride
    return tiling.cut(
        (numbering.series_rows, max(numbering.series_rows, last_input_row + 1)),
        shape.examples * numbering.series,
        shape.channels,
        shape.filters if stages.fused else 0,
        shape.kernel_size,
        shape.multiplier,
        _reach(shape, numbering) + 1,
        halo,
        numbering.series_stride,
        lanes,
        workers,
    )


def _sum_dtype(name):
    """The type that sums are kept in."""
    return "float64" if name == "float64" else "float32"


def _strides(sizes):
    return GradientStrides(
        *sizes.convolution.input_strides, *sizes.gradient_strides, *sizes.value_strides, *sizes.d_input_strides
    )


def _procedures(sizes, numbering, stages, stored_bytes):
    """The inner loops; 0 for those that this problem does not need."""
    dtype, multiplier = sizes.convolution.dtype, sizes.convolution.multiplier
    used = {
        "load_rows": True,
        "load_items": multiplier > 1,
        "load_columns": stages.through_pointwise,
        "correlate": stages.d_depthwise,
        "rank_update_1": stages.d_pointwise,
        "rank_update_2": stages.d_pointwise,
        "rank_update_3": stages.d_pointwise,
        "add_rows": stages.d_bias,
        "copy_rows": True,
        "clear_rows": True,
    }
    activation = sizes.convolution.activation
    return GradientProcedures(
        **{name: procedure(dtype, name) if needed else 0 for name, needed in used.items()},
        **{
            f"multiply_{kind}": procedure(dtype, f"multiply_{kind}_into_blocks") if stages.through_pointwise else 0
            for kind in ("panel", "vector")
        },
        differentiate=procedure(dtype, f"differentiate_{activation}") if activation else 0,
        store_pointwise=procedure(_sum_dtype(dtype), "store_rows"),
        store_depthwise=procedure(_sum_dtype(dtype), "store_items" if multiplier > 1 else "store_rows"),
        convolve=procedure(dtype, "convolve_adjacent" if numbering.series_dilation == 1 else "convolve"),
        **_movers(sizes, numbering, stored_bytes),
    )


def _movers(sizes, numbering, stored_bytes):
    """The inner loops that load and store the arrays, by the strides between the items that they meet."""
    convolution = sizes.convolution
    every = convolution.multiplier if convolution.filters is None else 1

    def mover(kind, strides, steps, channels):
        beside = side_by_side((steps * strides[1], channels * strides[2]), stored_bytes)
        return procedure(convolution.dtype, f"{kind}_{beside}")

    return {
        "load_inputs": mover("load", convolution.input_strides, numbering.input_stride, 1),
        "load_gradients": mover("load", sizes.gradient_strides, numbering.phases, every),
        "load_outputs": mover("load", sizes.value_strides, numbering.phases, every),
        "store_inputs": mover("store", sizes.d_input_strides, numbering.input_stride * numbering.series_stride, 1),
    }
