"""Tests of arrays on a GPU: `make test-gpu` runs them on one, which must be there; `make test` on Numba's simulator."""

import os
import sys

import pytest

from nb_sepconv.kernels import engines
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED

if SIMULATED:
    sys.setswitchinterval(1e-5)  # the simulator's threads poll each other
    if hasattr(os, "sched_setaffinity"):  # only one of them runs at a time: on several processors they wait longer
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})


@pytest.fixture(autouse=True)
def gpu():
    """The engine; without a GPU every test fails with what is missing."""
    return engines.gpu_engine()
