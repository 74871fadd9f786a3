"""Whole jobs: a file in, a file out, against what people write with other libraries.

A module ``with_*`` has ``version()``, ``use_threads(count)`` and ``job(layers)``, which gives a function of the paths
of a series (L, C) and of its outputs (T, F), both ``.npy``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

OURS = "nb_sepconv"
MODULES = {
    OURS: "with_nb_sepconv",
    "Keras": "with_keras",
    "ONNX Runtime": "with_onnxruntime",
    "PyTorch": "with_pytorch",
}
CHUNK = 16384


class Layer(NamedTuple):
    """A separable convolution with padding "same" and ReLU: its weights are depthwise (K, C, 1), pointwise (C, F)."""

    depthwise: np.ndarray
    pointwise: np.ndarray
    bias: np.ndarray


class Workload(NamedTuple):
    """Layers as (kernel size, channels, filters), and the steps of the series."""

    name: str
    layers: list[tuple[int, int, int]]
    steps: int

    @property
    def operations_per_step(self) -> int:
        """Multiplications and additions."""
        return sum(2 * channels * (steps + filters) for steps, channels, filters in self.layers)

    @property
    def bytes_per_step(self) -> int:
        """Read and written."""
        return 4 * (self.layers[0][1] + self.layers[-1][2])


WORKLOADS = [
    Workload("compute-bound", [(33, 64, 128), (39, 128, 256), (51, 256, 64)], 100_000),
    Workload("I/O-bound", [(5, 16, 16)], 2_000_000),
]


def make_layers(workload: Workload, seed: int = 0) -> list[Layer]:
    """Weights that keep the size of the values."""
    values, layers = np.random.default_rng(seed), []
    for steps, channels, filters in workload.layers:
        depthwise = values.standard_normal((steps, channels, 1), np.float32) / np.float32(steps) ** 0.5
        pointwise = values.standard_normal((channels, filters), np.float32) * np.float32(2 / channels) ** 0.5
        layers.append(Layer(depthwise, pointwise, values.standard_normal(filters, np.float32)))
    return layers


def halo(layers: list[Layer]) -> int:
    """The steps on each side that a chunk needs; all kernels are odd."""
    return sum(len(layer.depthwise) // 2 for layer in layers)


def chunks(steps: int, around: int, chunk: int = CHUNK):
    """As people cut them by hand: (start, stop) of the outputs, and of the inputs with what is around them."""
    for start in range(0, steps, chunk):
        stop = min(start + chunk, steps)
        yield start, stop, max(start - around, 0), min(stop + around, steps)
