"""The CPU kernels. Plan once per shape, pack the weights once per value, run."""

from nb_sepconv.kernels.cpu.engine import FUSED_ACTIVATIONS, Sizes, pack, plan, run
from nb_sepconv.kernels.cpu.threads import get_num_threads, num_threads, set_num_threads

__all__ = [
    "FUSED_ACTIVATIONS",
    "Sizes",
    "get_num_threads",
    "num_threads",
    "pack",
    "plan",
    "run",
    "set_num_threads",
]
