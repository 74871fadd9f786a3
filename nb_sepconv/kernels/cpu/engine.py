"""Planning, packing and running: what the rest of the package sees of the CPU kernels."""

from typing import NamedTuple

import llvmlite
import numba
import numpy as np

from nb_sepconv.kernels.cpu.backward.loops import gradient_worker_address
from nb_sepconv.kernels.cpu.backward.packing import gradient_packer_address
from nb_sepconv.kernels.cpu.backward.plan import GradientPlan, GradientSizes
from nb_sepconv.kernels.cpu.codegen.derivatives import OF_OUTPUTS
from nb_sepconv.kernels.cpu.codegen.vector import cpu_name, vector_unit
from nb_sepconv.kernels.cpu.codegen.vectormath import ACTIVATIONS
from nb_sepconv.kernels.cpu.forward.packing import pack_runner
from nb_sepconv.kernels.cpu.forward.plan import Plan, Sizes
from nb_sepconv.kernels.cpu.runtime.launch import launch, threading_layer
from nb_sepconv.kernels.cpu.runtime.threads import get_num_threads
from nb_sepconv.kernels.cpu.transposed.plan import transposed_plan

FUSED_ACTIVATIONS = frozenset(ACTIVATIONS)
OUTPUT_ACTIVATIONS = frozenset(OF_OUTPUTS)  # their derivatives need no more than their outputs
SERIAL_MULTIPLY_ADDS = 500_000  # below this, waking threads costs more than they save
SERIAL_PACKED_BYTES = 512 * 1024  # the same for packing weights


class Packing(NamedTuple):
    """What a launch that packs the pointwise weights of a plan is told."""

    address: int
    workers: int
    tickets: int


def plan(sizes: Sizes, threads: int) -> Plan:
    """The plan for a convolution on at most ``threads`` threads."""
    busy = workers(sizes, threads)
    return transposed_plan(sizes, busy) or Plan(sizes, busy)


def workers(sizes: Sizes, threads: int) -> int:
    """How many of ``threads`` threads a convolution keeps busy."""
    outputs = sizes.filters or 0
    hidden = sizes.channels * sizes.multiplier
    work = sizes.examples * sizes.steps * hidden * (sizes.kernel_size + outputs)
    return threads if work >= SERIAL_MULTIPLY_ADDS else 1


def pack(plan: Plan, depthwise, pointwise=None, bias=None) -> np.ndarray:
    """The weights as the kernels read them, from C-contiguous arrays (K, C, M), (C*M, F) or None, (F,) or None."""
    buffer = np.empty(plan.packed_bytes, np.uint8)
    shared = pointwise is not None and is_packed_by_several(plan)
    pack_runner()(
        plan.packer_address(),
        plan.address,
        id(depthwise),
        0 if pointwise is None or shared else id(pointwise),
        0 if bias is None else id(bias),
        id(buffer),
    )
    if shared:
        launch_packing(plan.sharing_packer_address(), plan, pointwise, buffer)
    return buffer


def is_packed_by_several(plan: Plan) -> bool:
    """Whether more than one thread packs the pointwise weights."""
    return plan.workers > 1 and plan.packed_bytes >= SERIAL_PACKED_BYTES


def launch_packing(worker, plan: Plan, source, buffer) -> None:
    """Run the compiled ``worker`` (its address) until the pointwise weights from ``source`` are in ``buffer``."""
    workers = plan.workers if is_packed_by_several(plan) else 1
    launch(worker, Packing(plan.address, workers, plan.pack_tickets), source, buffer, buffer)


def run(plan: Plan, inputs, outputs, packed) -> None:
    """Fill ``outputs`` from ``inputs``, arrays of the strides that the plan was made for, with the packed weights."""
    if plan.tickets:
        launch(plan.worker_address(), plan, inputs, outputs, packed)


def plan_gradients(sizes: GradientSizes, threads: int) -> GradientPlan:
    """The plan for the gradients of a convolution on at most ``threads`` threads."""
    return GradientPlan(sizes, gradient_workers(sizes, threads))


def gradient_workers(sizes: GradientSizes, threads: int) -> int:
    """How many of ``threads`` threads the gradients keep busy."""
    hidden = sizes.channels * sizes.multiplier
    work = sizes.examples * sizes.steps * hidden * (3 * sizes.kernel_size + 2 * (sizes.filters or 0))
    return threads if work >= SERIAL_MULTIPLY_ADDS else 1


def pack_gradients(plan: GradientPlan, depthwise) -> np.ndarray:
    """The depthwise weights as the gradients read them, from a C-contiguous array (K, C, M)."""
    buffer = np.empty(plan.packed_bytes, np.uint8)
    pack_runner()(gradient_packer_address(), plan.address, id(depthwise), 0, 0, id(buffer))
    return buffer


def run_gradients(plan: GradientPlan, packed, operands) -> None:
    """Fill the gradients, from the arrays and the packed weights.

    ``operands`` are ``d_outputs``, ``inputs``, the C-contiguous pointwise kernel, ``outputs``, and the gradients of
    inputs, depthwise kernel, pointwise kernel and bias, the last three with an axis of parts in front; None for those
    that are not needed or wanted.
    """
    table = np.empty(len(operands), object)  # the arrays' addresses, and it holds them as long as a thread reads it
    for index, array in enumerate(operands):
        table[index] = array
    launch(gradient_worker_address(), plan, table, table, packed)


def describe() -> dict:
    """What the kernels run on here: versions, the processor, its vectors, the threads and their layer."""
    unit = vector_unit()
    return {
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "processor": cpu_name(),
        "vectors": {"unit": unit.name, "bits": unit.width_bytes * 8, "registers": unit.registers},
        "threads": get_num_threads(),
        "threading_layer": threading_layer(),
    }
