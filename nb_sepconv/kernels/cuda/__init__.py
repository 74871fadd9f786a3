"""The GPU kernels. Plan once per shape, then launch on arrays that are described by address, shape and strides."""

from nb_sepconv.kernels.cuda.backward.plan import GradientPlan, GradientSizes
from nb_sepconv.kernels.cuda.codegen.activations import FUSED_ACTIVATIONS, OUTPUT_ACTIVATIONS
from nb_sepconv.kernels.cuda.forward.cublas import ApartPlan, wanted
from nb_sepconv.kernels.cuda.forward.plan import Plan, Sizes
from nb_sepconv.kernels.cuda.runtime.copying import CopyPlan
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
    "GradientPlan",
    "GradientSizes",
    "Plan",
    "Sizes",
    "device_of",
    "download",
    "empty",
    "on_device",
    "plan",
    "require_gpu",
    "synchronize",
    "upload",
]


def plan(sizes):
    """What convolves: ``scratch`` has the shapes of further arrays that its ``run`` takes."""
    return ApartPlan(sizes) if wanted(sizes) else Plan(sizes)
