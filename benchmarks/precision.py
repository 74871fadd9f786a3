"""What each precision gains over fused multiply-adds here: ``python -m benchmarks.precision [workload ...]``.

Layers and gradients are timed in turns on one thread; a table of ratios of median times is printed.
"""

import os
import sys
from functools import partial
from time import perf_counter
from unittest.mock import patch

import numpy as np

import nb_sepconv as tf
from benchmarks.peers.with_nb_sepconv import arguments, built_layer
from benchmarks.workloads import load_workloads, make_arrays
from nb_sepconv.kernels import engines

LAYOUT = "channels_last"
ROUNDS, ROUND_SECONDS = 9, 0.05
FMA = ("fma", "float32")
VARIANTS = (FMA, ("auto", "float32"), ("auto", "bf16x3"), ("auto", "bf16"))


def forward(workload, arrays, engine, precision):
    """A call of a layer that was planned by an engine."""
    layer = built_layer(LAYOUT, workload, arrays)
    layer.precision = precision
    with patch.dict(os.environ, {engines.VARIABLE: engine}):
        layer(arrays["inputs"])
    return partial(layer, arrays["inputs"])


def backward(workload, arrays, engine, precision):
    """All gradients of the operation."""
    operands = [arrays[name] for name in ("inputs", "depthwise", "pointwise", "bias")]
    keywords = arguments(workload, LAYOUT) | {"engine": engine, "precision": precision}
    d_outputs = arrays["expected"].astype(np.float32)
    return partial(tf.ops.separable_conv1d_gradients, d_outputs, *operands, **keywords)


def median_seconds(calls):
    """The median time of each call, taken in turns; a first round is not counted."""
    samples = {name: [] for name in calls}
    repeats = 1
    for _ in range(ROUNDS + 1):
        for name, call in calls.items():
            started = perf_counter()
            for _ in range(repeats):
                call()
            samples[name].append((perf_counter() - started) / repeats)
        repeats = max(1, int(ROUND_SECONDS / samples[FMA][-1]))
    return {name: float(np.median(times[1:])) for name, times in samples.items()}


def row(workload, make):
    """Milliseconds by fused multiply-adds, and how many times as fast the others are."""
    arrays = make_arrays(workload)
    seconds = median_seconds({variant: make(workload, arrays, *variant) for variant in VARIANTS})
    ratios = (f"{seconds[FMA] / seconds[variant]:.2f}" for variant in VARIANTS[1:])
    return " | ".join([workload.name, make.__name__, f"{seconds[FMA] * 1000:.3f}", *ratios])


def main(names):
    """Print the table for the workloads of these names, all of them without any."""
    tf.show_config()
    print("\n| workload | pass | FMA, ms | float32 | bf16x3 | bf16 |\n|---|---|---|---|---|---|")
    with tf.num_threads(1):
        for workload in load_workloads(names):
            for make in (forward, backward):
                print(f"| {row(workload, make)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
