"""The GPU kernels. Plan once per shape, then launch on arrays that are described by address, shape and strides."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.backward.plan import GradientPlan
from nb_sepconv.kernels.cuda.codegen.activations import FUSED_ACTIVATIONS, OUTPUT_ACTIVATIONS
from nb_sepconv.kernels.cuda.copying import CopyPlan
from nb_sepconv.kernels.cuda.forward.cublas import ApartPlan, wanted
from nb_sepconv.kernels.cuda.forward.plan import Plan
from nb_sepconv.kernels.cuda.runtime.memory import (
    device_of,
    download,
    empty,
    on_device,
    require_gpu,
    synchronize,
    upload,
)

NAME = "cuda"

__all__ = [
    "FUSED_ACTIVATIONS",
    "NAME",
    "OUTPUT_ACTIVATIONS",
    "CopyPlan",
    "device_of",
    "download",
    "empty",
    "on_device",
    "plan",
    "plan_gradients",
    "require_gpu",
    "synchronize",
    "upload",
]


def plan(sizes: Any, threads: int = 1) -> Any:
    """What convolves, on the current GPU; the host's threads have no say."""
    return ApartPlan(sizes) if wanted(sizes) else Plan(sizes)


def plan_gradients(sizes: Any, threads: int = 1) -> GradientPlan:
    """What computes the gradients of a convolution, on the current GPU."""
    return GradientPlan(sizes)
