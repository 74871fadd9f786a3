"""Running a worker: on this thread, or on several of Numba's."""

from numba import njit, prange, types
from numba.core.types import intp

from nb_sepconv.kernels.cpu.procedures import address_of, call5
import numpy as np


@njit(types.void(intp, intp, intp, intp, intp), nogil=True)
def run_serial(worker, problem, inputs, outputs, weights):
    counter = np.zeros(1, np.intp)
    call5(worker, problem, inputs, outputs, weights, address_of(counter))
    counter[0] = 0


@njit(types.void(intp, intp, intp, intp, intp, intp), nogil=True, parallel=True)
def run_parallel(worker, problem, inputs, outputs, weights, workers):
    counter = np.zeros(1, np.intp)
    tickets = address_of(counter)
    for _ in prange(workers):
        call5(worker, problem, inputs, outputs, weights, tickets)
    counter[0] = 0
