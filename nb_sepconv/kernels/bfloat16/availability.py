"""Which units this process may use, found out once, on first use."""

from functools import cache

import llvmlite.binding as llvm
from numba.core import config

from nb_sepconv.kernels.cpu.vector import AVX512, vector_unit


@cache
def dots_unit():
    """ "dots" where the processor has AVX512-BF16, else None."""
    return "dots" if _has("avx512bf16") else None


def tiles_unit():
    """ "amx" where the processor and the system let this process use its tiles, else None."""
    return None


def _has(*features):
    """Whether the processor has these features and code is generated for it, not for another one."""
    if config.CPU_NAME or config.CPU_FEATURES is not None or vector_unit() is not AVX512:
        return False
    found = llvm.get_host_cpu_features()
    return all(found.get(feature) for feature in features)
