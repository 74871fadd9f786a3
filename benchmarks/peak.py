"""The measured peak of the processor: fused multiply-adds in registers, on all threads, nothing else."""

import time

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.codegen.vector import INTP, Lanes, count_from

ACCUMULATORS = 12
STEPS = 1_000_000
TRIES = 200


@intrinsic
def chains_of_fma(typing_context, steps):
    """Run so many steps of one fused multiply-add per accumulator; the sum of a lane of each, so that none is idle."""
    lanes = Lanes(numba.float32)

    def emit(context, builder, signature, arguments):
        factor, term = (lanes.splat(builder, ir.Constant(lanes.scalar, value)) for value in (0.5, 1.0))
        chains = lanes.registers(builder, [lanes.zero()] * ACCUMULATORS)
        with count_from(builder, INTP(0), arguments[0], 1):
            for chain in chains:
                builder.store(lanes.fma(builder, builder.load(chain), factor, term), chain)
        total = ir.Constant(lanes.scalar, 0.0)
        for chain in chains:
            total = builder.fadd(total, builder.extract_element(builder.load(chain), ir.IntType(32)(0)))
        return total

    return numba.float32(numba.intp), emit


@numba.njit(parallel=True)
def chains_on_all_threads(sums):
    for thread in numba.prange(sums.size):
        sums[thread] = chains_of_fma(STEPS)


def peak_gflops(threads):
    """Billions of float32 operations a second, the best of several tries."""
    sums = np.zeros(threads, np.float32)
    operations = 2 * Lanes(numba.float32).width * ACCUMULATORS * STEPS * threads
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        chains_on_all_threads(sums)
        times.append(time.perf_counter() - started)
    return operations / min(times) / 1e9
