"""Which units this process may use, found out once, on first use."""

from __future__ import annotations

import ctypes
import platform
import sys
from typing import Any

import llvmlite.binding as llvm
from numba.core import config

from nb_sepconv.kernels.bf16 import selftest
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.vector import AVX512, vector_unit

SYSCALL_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18
DOTS, AMX = "dots", "amx"


@compile_once
def why_no_dots() -> Any:
    """Why there is no AVX512-BF16 to use, empty where there is."""
    return _missing("avx512bf16")


@compile_once
def why_no_fast_dots() -> str:
    """Why AVX512-BF16 is not worth its while here, empty where it is: elsewhere than on AMD's Zen it was slower."""
    reason = why_no_dots()
    if not reason and not llvm.get_host_cpu_name().startswith("znver"):
        reason = "fused multiply-adds are faster on this processor"
    return reason


@compile_once
def why_no_tiles() -> Any:
    """Why there is no AMX to use, empty where there is. It asks the system for it, and tries it once."""
    reason = _missing("amx-tile", "amx-bf16")
    if not reason and not _permitted():
        reason = "the system does not let this process use it"
    if not reason and not selftest.passes(AMX):
        reason = "its products are not what they should be"
    return reason


def dots_unit() -> str | None:
    """The unit for pairs of bfloat16 in vectors where it is a fast one, or None."""
    return None if why_no_fast_dots() else DOTS


def tiles_unit() -> str | None:
    """The unit for tiles of such pairs, or None."""
    return None if why_no_tiles() else AMX


def _missing(*features):
    """What keeps the code generator from these features of the processor, empty where nothing does."""
    if config.CPU_NAME or config.CPU_FEATURES is not None:
        return "Numba is told which processor to write for"
    found = llvm.get_host_cpu_features()
    missing = [feature for feature in features if not found.get(feature)]
    if missing:
        return f"the processor has no {', '.join(missing)}"
    return "" if vector_unit() is AVX512 else "code is generated for narrower vectors"


def _permitted():
    """Whether Linux lets the process have the state of the tiles, which it wants to be asked for; forks inherit it."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    return system.syscall(SYSCALL_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0
