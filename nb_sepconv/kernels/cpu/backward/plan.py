"""A plan of gradients: everything about a call that its shapes and types decide, worked out once."""

from typing import NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu.backward import tiling
from nb_sepconv.kernels.cpu.backward.layout import gradient_layout
from nb_sepconv.kernels.cpu.backward.problem import GradientProblem
from nb_sepconv.kernels.cpu.codegen.gradient_microkernels import update_channels
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.codegen.vector import ALIGNMENT
from nb_sepconv.kernels.cpu.forward.plan import procedure, side_by_side
from nb_sepconv.kernels.cpu.forward.tiling import ceil_div

WANTED = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


class GradientSizes(NamedTuple):
    """The gradients of a convolution in numbers; strides are in bytes, in the order example, step, channel.

    ``wanted`` are names of operands, ``filters`` is None without a pointwise stage.
    """

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
    gradient_strides: tuple
    output_strides: tuple
    d_input_strides: tuple
    activation: str | None
    wanted: frozenset
    precision: str = "float32"


class GradientPlan:
    """The problem of one :class:`GradientSizes` for some workers, in the memory where the compiled loops read it.

    ``parts`` partial sums of the kernels' gradients are made in ``sum_dtype``, to be added in their order; where
    ``sparse``, input steps that no tap reads are left as they are.
    """

    def __init__(self, sizes: GradientSizes, workers: int):
        problem = self._problem(sizes, workers)
        self._fields = np.array(problem, np.int64)
        self.address = self._fields.ctypes.data
        self.scratch_bytes = problem.scratch_bytes + ALIGNMENT
        self.packed_bytes = problem.packed_bytes + ALIGNMENT
        self.workers = workers
        self.parts = problem.parts
        self.sum_dtype = np.dtype(_sum_dtype(sizes.dtype))
        self.sparse = problem.phases > 1
        self.tickets = problem.parts * problem.groups

    def _problem(self, sizes, workers):
        return gradient_problem_of(sizes, workers)


def gradient_problem_of(sizes, workers):
    """What the compiled loops are told of the gradients of a convolution."""
    stored, computed = storage(sizes.dtype), _sum_dtype(sizes.dtype)
    lanes, item = stored.lanes, stored.item_bytes
    fused = sizes.filters is not None
    filters = sizes.filters if fused else sizes.channels * sizes.multiplier
    numbered = tiling.series(sizes.kernel_size, sizes.stride, sizes.dilation)
    reach = (sizes.kernel_size - 1) * numbered.dilation
    wanted = {f"d_{name.removesuffix('_kernel')}": name in sizes.wanted for name in WANTED}
    through_pointwise = fused and (wanted["d_inputs"] or wanted["d_depthwise"])
    halo = reach // numbered.stride if wanted["d_inputs"] else 0
    rows = ceil_div(sizes.steps, numbered.phases)
    series = min(numbered.phases, max(sizes.steps, 1))
    all_rows = max(rows, (ceil_div(sizes.length, numbered.input_stride) - 1 + sizes.left) // numbered.stride + 1)
    cut = tiling.cut(
        (rows, all_rows),
        sizes.examples * series,
        sizes.channels,
        filters if fused else 0,
        sizes.kernel_size,
        sizes.multiplier,
        reach + 1,
        halo,
        numbered.stride,
        lanes,
        workers,
    )
    window_steps = (cut.tile_rows - 1) * numbered.stride + reach + 1 + lanes.width
    places = gradient_layout(
        cut,
        numbered,
        sizes.channels,
        filters if fused else 0,
        sizes.kernel_size,
        sizes.multiplier,
        halo,
        window_steps,
        lanes,
    )
    return GradientProblem(
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
        phases=numbered.phases,
        series=series,
        series_rows=rows,
        series_stride=numbered.stride,
        series_dilation=numbered.dilation,
        input_stride=numbered.input_stride,
        **_strides("input", sizes.input_strides, "channel"),
        **_strides("gradient", sizes.gradient_strides, "filter"),
        **_strides("output", sizes.output_strides, "filter"),
        **_strides("d_input", sizes.d_input_strides, "channel"),
        width=lanes.width,
        item_bytes=lanes.item_bytes,
        stored_bytes=item,
        **cut._asdict(),
        halo_rows=halo,
        window_rows=ceil_div(window_steps, numbered.stride),
        window_steps=window_steps,
        update_channels=update_channels(lanes),
        **places._asdict(),
        fused=fused,
        through_pointwise=through_pointwise,
        runs=min(numbered.stride, sizes.kernel_size),
        **wanted,
        **_procedures(sizes, through_pointwise, wanted, computed),
        convolve=procedure(sizes.dtype, "convolve_adjacent" if numbered.dilation == 1 else "convolve"),
        **_movers(sizes, fused, numbered, item),
    )


def _sum_dtype(name):
    """The type that sums are kept in."""
    return "float64" if name == "float64" else "float32"


def _strides(name, strides, last):
    return {f"{name}_{axis}_stride": stride for axis, stride in zip(("example", "step", last), strides, strict=True)}


def _procedures(sizes, through_pointwise, wanted, computed):
    """The inner loops that compute; 0 for those that this problem does not need."""
    used = {
        "load_rows": True,
        "load_items": sizes.multiplier > 1,
        "load_columns": through_pointwise,
        "correlate": wanted["d_depthwise"],
        "rank_update_1": wanted["d_pointwise"],
        "rank_update_2": wanted["d_pointwise"],
        "rank_update_3": wanted["d_pointwise"],
        "add_rows": wanted["d_bias"],
        "copy_rows": True,
        "clear_rows": True,
    }
    addresses = {name: procedure(sizes.dtype, name) if needed else 0 for name, needed in used.items()}
    for kind in ("panel", "vector"):
        addresses[f"multiply_{kind}"] = (
            procedure(sizes.dtype, f"multiply_{kind}_into_blocks") if through_pointwise else 0
        )
    differentiated = f"differentiate_{sizes.activation}"
    addresses["differentiate"] = procedure(sizes.dtype, differentiated) if sizes.activation else 0
    addresses["store_pointwise"] = procedure(computed, "store_rows")
    addresses["store_depthwise"] = procedure(computed, "store_items" if sizes.multiplier > 1 else "store_rows")
    return addresses


def _movers(sizes, fused, numbered, item):
    """The inner loops that load and store the arrays, by the strides between the items that they meet."""
    every = 1 if fused else sizes.multiplier

    def mover(kind, strides, steps, channels):
        return procedure(sizes.dtype, f"{kind}_{side_by_side((steps * strides[1], channels * strides[2]), item)}")

    return {
        "load_inputs": mover("load", sizes.input_strides, numbered.input_stride, 1),
        "load_gradients": mover("load", sizes.gradient_strides, numbered.phases, every),
        "load_outputs": mover("load", sizes.output_strides, numbered.phases, every),
        "store_inputs": mover("store", sizes.d_input_strides, numbered.input_stride * numbered.stride, 1),
    }
