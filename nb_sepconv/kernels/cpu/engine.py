"""Planning, and how many threads it is worth: what the rest of the package sees of the CPU kernels."""

from __future__ import annotations

from typing import Any

import llvmlite
import numba

from nb_sepconv.kernels.cpu.backward.plan import GradientPlan
from nb_sepconv.kernels.cpu.codegen.derivatives import OF_OUTPUTS
from nb_sepconv.kernels.cpu.codegen.vector import cpu_name, vector_unit
from nb_sepconv.kernels.cpu.codegen.vectormath import ACTIVATIONS
from nb_sepconv.kernels.cpu.forward.plan import Plan
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.forward.tiling import READING_WORK
from nb_sepconv.kernels.cpu.narrow.gradients import narrow_gradient_plan
from nb_sepconv.kernels.cpu.narrow.plan import narrow_plan
from nb_sepconv.kernels.cpu.products.plan import product_plan
from nb_sepconv.kernels.cpu.runtime.launch import threads_in_use
from nb_sepconv.kernels.cpu.runtime.threads import get_num_threads
from nb_sepconv.kernels.cpu.transposed.plan import transposed_plan
from nb_sepconv.kernels.protocol import GradientSizes, Sizes

FUSED_ACTIVATIONS = frozenset(ACTIVATIONS)
OUTPUT_ACTIVATIONS = frozenset(OF_OUTPUTS)  # their derivatives need no more than their outputs
SERIAL_MULTIPLY_ADDS = 500_000  # below this, waking threads costs more than they save


def plan(sizes: Sizes, threads: int = 1) -> PreparedPlan:
    """The plan for a convolution on at most ``threads`` threads."""
    busy = workers(sizes, threads)
    return narrow_plan(sizes, busy) or transposed_plan(sizes, busy) or Plan(sizes, busy)


def plan_product(sizes: Sizes, threads: int = 1) -> PreparedPlan:
    """The plan for a convolution of all channels at once on at most ``threads`` threads."""
    all_channels = sizes._replace(channels=sizes.channels * sizes.kernel_size)
    return product_plan(sizes, _busy(all_channels, sizes.filters, threads))


def plan_gradients(sizes: GradientSizes, threads: int = 1) -> GradientPlan:
    """The plan for the gradients of a convolution on at most ``threads`` threads."""
    busy = gradient_workers(sizes, threads)
    return narrow_gradient_plan(sizes, busy) or GradientPlan(sizes, busy)


def workers(sizes: Sizes, threads: int) -> int:
    """How many of ``threads`` threads a convolution keeps busy."""
    return _busy(sizes, sizes.kernel_size + (sizes.filters or 0), threads)


def gradient_workers(sizes: GradientSizes, threads: int) -> int:
    """How many of ``threads`` threads the gradients keep busy."""
    convolution = sizes.convolution
    return _busy(convolution, 3 * convolution.kernel_size + 2 * (convolution.filters or 0), threads)


def _busy(sizes, multiply_adds, threads):
    """``threads`` where there is enough to do, with so many multiply-adds for each hidden number."""
    rows, filters = sizes.examples * sizes.steps, sizes.filters or 0
    work = sizes.hidden * (rows * multiply_adds + min(rows, 1) * READING_WORK * filters)
    return threads if work >= SERIAL_MULTIPLY_ADDS else 1


def describe() -> dict[str, Any]:
    """What the kernels run on here: versions, the processor, its vectors, the threads and whose they are."""
    unit = vector_unit()
    return {
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "processor": cpu_name(),
        "vectors": {"unit": unit.name, "bits": unit.width_bytes * 8, "registers": unit.registers, "fma": unit.fma},
        "threads": get_num_threads(),
        "thread_pool": threads_in_use(),
    }
