"""One module per library and task: how it computes a workload at its fastest.

A module has `version()`, `use_threads(count)` and `CANDIDATES`: name -> function of (workload, arrays) that builds the
computation and gives a `Prepared`.  Weights may be packed while building; inputs wait in the layout the library likes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

OURS = "nb_sepconv"
IN_BFLOAT16 = " in bfloat16"  # ends the name of a library that computes in its own mode of that type
LARGEST_ERRORS = {"float32": 2e-5, "bf16x3": 2e-4, "bf16": 2e-2}  # by precision, in units of the largest number
FORWARD = {
    OURS: "with_nb_sepconv",
    "NumPy": "with_numpy",
    "TensorFlow": "with_tensorflow",
    "OpenVINO": "with_openvino",
    "ONNX Runtime": "with_onnxruntime",
    "PyTorch": "with_pytorch",
}
MODULES = {
    "forward": FORWARD,
    "avx2": FORWARD,
    "training": {
        OURS: "training_with_nb_sepconv",
        "TensorFlow": "training_with_tensorflow",
        "PyTorch": "training_with_pytorch",
    },
    "precision": {
        OURS: "precision_with_nb_sepconv",
        "TensorFlow": "with_tensorflow",
        "OpenVINO": "with_openvino",
        "ONNX Runtime": "with_onnxruntime",
        "PyTorch": "with_pytorch",
        "OpenVINO" + IN_BFLOAT16: "bf16_with_openvino",
        "PyTorch" + IN_BFLOAT16: "bf16_with_pytorch",
    },
}
STREAMS = {
    OURS: "streams_with_nb_sepconv",
    "PyTorch": "streams_with_pytorch",
    "causal-conv1d": "streams_with_causal_conv1d",
}
PRODUCTS = {
    OURS: "products_with_nb_sepconv",
    "TensorFlow": "products_with_tensorflow",
    "OpenVINO": "products_with_openvino",
    "ONNX Runtime": "products_with_onnxruntime",
    "PyTorch": "products_with_pytorch",
}
BESIDE = {"streams": STREAMS, "products": PRODUCTS}  # tasks with commands of their own
TASKS = tuple(MODULES)
NOT_HELD = ("ONNX Runtime",)  # to narrower vectors: it reads no such variable
# What the workers of a task are told.
VARIABLES = {
    "avx2": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    }
}
LIBRARIES = tuple(MODULES["forward"])


@dataclass(frozen=True)
class Prepared:
    """`call()` computes; `fetch(result)` is that result in NumPy.

    Forward: the outputs (N, T, F). Streams: those of a chunk, the same in every call. Training: a tuple of the outputs,
    and of the gradients of the inputs (N, L, C), the depthwise kernel (K, C, M), the pointwise kernel (C*M, F) and the
    bias (F,).
    """

    call: Callable[[], Any]
    fetch: Callable[[Any], np.ndarray | tuple]


class NotApplicableError(Exception):
    """The candidate says nothing new about this workload."""


def peer_module(library, task="forward"):
    return import_module(f"benchmarks.peers.{(MODULES | BESIDE)[task][library]}")


def precision_of(candidate):
    """The precision that ends the name of a candidate; float32 where none does."""
    last = candidate.rpartition(", ")[2]
    return last if last in LARGEST_ERRORS else "float32"


def channels_first(array):
    return np.ascontiguousarray(array.transpose(0, 2, 1))


def grouped_kernel(workload, depthwise):
    """(K, C, M) as the kernel (C*M, 1, K) of a convolution in C groups."""
    return np.ascontiguousarray(depthwise.transpose(1, 2, 0).reshape(-1, 1, workload.kernel_size))


def mixing_kernel(pointwise):
    """(C*M, F) as the kernel (F, C*M, 1) of a convolution of one tap."""
    return np.ascontiguousarray(pointwise.T[:, :, None])


def from_grouped_kernel(workload, kernel):
    """The kernel of :func:`grouped_kernel`, or its gradient, as (K, C, M)."""
    return kernel.reshape(workload.channels, workload.depth_multiplier, -1).transpose(2, 0, 1)


def from_mixing_kernel(workload, kernel):
    """The kernel of :func:`mixing_kernel`, or its gradient, as (C*M, F)."""
    return kernel.reshape(workload.filters, -1).T
