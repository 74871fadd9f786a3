"""Arrays of the tests on their way to the GPU and back."""

import numpy as np

from nb_sepconv.kernels import engines
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, cuda

LENGTHS = (1, 2, 5, 7) if SIMULATED else range(1, 8)
FULL = not SIMULATED


def to_gpu(array):
    return engines.gpu_engine().upload(array, 0)


def to_host(array):
    return None if array is None else engines.gpu_engine().download(array, 0)


def random(rng, *shapes, dtype=np.float32, integers=False):
    if integers:
        return [rng.integers(-3, 4, shape).astype(dtype) for shape in shapes]
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def in_layout(layout, array):
    return array if layout == "channels_last" else np.ascontiguousarray(array.transpose(0, 2, 1))


def poisoned(shape, dtype):
    return to_gpu(np.full(shape, np.nan, dtype))


__all__ = ["FULL", "LENGTHS", "SIMULATED", "cuda", "in_layout", "poisoned", "random", "to_gpu", "to_host"]
