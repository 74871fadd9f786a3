"""The one module that imports CUDA: the GPU's, or Numba's simulator of it where ``NUMBA_ENABLE_CUDASIM`` is set.

Nothing is initialised by importing it. In the simulator kernels are Python functions, and each instruction of ours is
its Python twin.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from numba import cuda
from numba.core import config

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once

__all__ = ["SIMULATED", "compile_once", "cuda", "device", "driver", "instruction", "kernel", "real_type"]

MOST_REGISTERS, REGISTERS = 255, 65536  # of a thread and of a block, on every GPU since 2014
SIMULATED = bool(config.ENABLE_CUDASIM)
_state = {"forked": False, "used": False}

if SIMULATED:
    driver = None
else:
    from cuda.bindings import driver


def _after_fork():
    _state["forked"] = _state["used"]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def begin() -> None:
    """Say that the GPU is used from here on; refuse it in a process that was forked after that."""
    if _state["forked"]:
        raise RuntimeError(
            "The GPU cannot be used in a process that was forked after its parent used it: start the process with "
            'multiprocessing.get_context("spawn"), or use the GPU in the children alone'
        )
    _state["used"] = True


@compile_once
def gpu_count() -> int:
    """The number of GPUs."""
    return len(cuda.gpus)


def kernel(function: Any, threads: int = 128) -> Any:
    """``function`` as a kernel for blocks of so many threads; many of them get fewer registers each."""
    if SIMULATED or REGISTERS // threads >= MOST_REGISTERS:
        return cuda.jit(function)
    return cuda.jit(max_registers=REGISTERS // threads)(function)


def device(function: Any) -> Any:
    """``function`` for use inside of kernels."""
    return function if SIMULATED else cuda.jit(device=True, inline="always")(function)


def instruction(twin: Any) -> Any:
    """Decorate a typing function, as ``intrinsic`` does; the simulator runs ``twin`` instead."""
    if SIMULATED:
        return lambda typing: twin
    from numba.cuda.extending import intrinsic

    return intrinsic


def real_type(name: str) -> Any:
    """The type in which kernels compute, which also converts to it."""
    if SIMULATED:
        return np.dtype(name).type
    from numba.cuda import types

    return {"float32": types.float32, "float64": types.float64}[name]


def index_type(wide: Any) -> Any:
    """The type of offsets: 64 bits where 32 do not reach."""
    if SIMULATED:
        return int
    from numba.cuda import types

    return types.int64 if wide else types.int32


def _quiet(function):
    def twin(x):
        with np.errstate(all="ignore"):
            return function(x)

    return twin


if SIMULATED:
    exp, expm1, log1p, tanh = map(_quiet, (np.exp, np.expm1, np.log1p, np.tanh))
else:
    exp, expm1, log1p, tanh = math.exp, math.expm1, math.log1p, math.tanh
