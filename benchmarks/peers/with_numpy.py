"""NumPy, the floor: a pass per tap and one matrix product."""

import numpy as np

from benchmarks.peers import Prepared
from benchmarks.workloads import depthwise_by_taps


def version():
    return np.__version__


def use_threads(count):
    """The environment says it: OPENBLAS_NUM_THREADS and its kin."""


def taps_then_product(workload, arrays):
    inputs, depthwise, pointwise, bias = (arrays[name] for name in ("inputs", "depthwise", "pointwise", "bias"))

    def call():
        return depthwise_by_taps(workload, inputs, depthwise) @ pointwise + bias

    return Prepared(call, np.asarray)


CANDIDATES = {"taps, channels_last": taps_then_product}
