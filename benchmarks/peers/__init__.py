"""One module per library: how it computes a workload at its fastest.

A module has `version()`, `use_threads(count)` and `CANDIDATES`: name -> function of (workload, arrays) that builds the
computation and gives a `Prepared`.  Weights may be packed while building; inputs wait in the layout the library likes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

OURS = "nb_sepconv"
MODULES = {
    OURS: "with_nb_sepconv",
    "NumPy": "with_numpy",
    "TensorFlow": "with_tensorflow",
    "OpenVINO": "with_openvino",
    "ONNX Runtime": "with_onnxruntime",
    "PyTorch": "with_pytorch",
}
LIBRARIES = tuple(MODULES)


@dataclass(frozen=True)
class Prepared:
    """`call()` computes; `fetch(result)` is that result as a NumPy array of shape (N, T, F)."""

    call: Callable[[], Any]
    fetch: Callable[[Any], np.ndarray]


class NotApplicableError(Exception):
    """The candidate says nothing new about this workload."""


def peer_module(library):
    return import_module(f"benchmarks.peers.{MODULES[library]}")


def channels_first(array):
    return np.ascontiguousarray(array.transpose(0, 2, 1))


def grouped_kernel(workload, depthwise):
    """(K, C, M) as the kernel (C*M, 1, K) of a convolution in C groups."""
    return np.ascontiguousarray(depthwise.transpose(1, 2, 0).reshape(-1, 1, workload.kernel_size))


def mixing_kernel(pointwise):
    """(C*M, F) as the kernel (F, C*M, 1) of a convolution of one tap."""
    return np.ascontiguousarray(pointwise.T[:, :, None])
