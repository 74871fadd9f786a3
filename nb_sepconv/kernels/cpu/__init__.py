"""The CPU kernels. Plan once per shape, pack the weights once per value, run."""

from nb_sepconv.kernels.cpu.engine import FUSED_ACTIVATIONS, Sizes, describe, pack, plan, run
from nb_sepconv.kernels.cpu.jitted import register as register_jitted
from nb_sepconv.kernels.cpu.threads import get_num_threads, num_threads, set_num_threads

NAME = "fma"

__all__ = [
    "FUSED_ACTIVATIONS",
    "NAME",
    "Sizes",
    "describe",
    "get_num_threads",
    "num_threads",
    "pack",
    "plan",
    "register_jitted",
    "run",
    "set_num_threads",
]
