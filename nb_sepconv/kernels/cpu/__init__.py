"""The CPU kernels. Plan once per shape, pack the weights once per value, run."""

from nb_sepconv.kernels.cpu.ahead import compile_ahead
from nb_sepconv.kernels.cpu.engine import (
    FUSED_ACTIVATIONS,
    OUTPUT_ACTIVATIONS,
    describe,
    plan,
    plan_gradients,
    plan_product,
)
from nb_sepconv.kernels.cpu.jitted import register as register_jitted
from nb_sepconv.kernels.cpu.runtime.threads import get_num_threads, num_threads, set_num_threads

NAME = "fma"

__all__ = [
    "FUSED_ACTIVATIONS",
    "NAME",
    "OUTPUT_ACTIVATIONS",
    "compile_ahead",
    "describe",
    "get_num_threads",
    "num_threads",
    "plan",
    "plan_gradients",
    "plan_product",
    "register_jitted",
    "set_num_threads",
]
