"""Streams that are timed: a layer, and how many steps come at a time."""

from dataclasses import replace

import numpy as np

from benchmarks.workloads import Workload, load_workloads

CHUNKS = (1, 16, 160)
LAYERS = ("citrinet_512", "convtasnet")
DECODING = Workload(
    name="decoding",
    batch=1,
    length=1,
    channels=1536,
    kernel_size=4,
    strides=1,
    dilation_rate=1,
    padding="causal",
    depth_multiplier=1,
    filters=0,
    model="a short depthwise convolution alone, as language models with a state have",
)


def stream_workloads(chunks=CHUNKS):
    """The layers on one series, causal; ``length`` is that of a chunk, no filters a depthwise convolution alone."""
    layers = [DECODING, *(replace(each, batch=1, padding="causal") for each in load_workloads(LAYERS))]
    return [replace(layer, length=chunk) for layer in layers for chunk in chunks]


def make_stream_arrays(workload, seed=0):
    """A chunk (1, L, C), the weights, and what comes out where the chunk comes a second time."""
    w, random = workload, np.random.default_rng(seed)
    arrays = {
        "inputs": random.standard_normal((w.batch, w.length, w.channels), np.float32),
        "depthwise": random.standard_normal((w.kernel_size, w.channels, 1), np.float32)
        / np.float32(w.kernel_size**0.5),
    }
    if w.filters:
        arrays["pointwise"] = random.standard_normal((w.channels, w.filters), np.float32) / np.float32(w.channels**0.5)
        arrays["bias"] = random.standard_normal(w.filters, np.float32)
    return {**arrays, "expected": second_outputs(workload, **arrays)}


def second_outputs(workload, inputs, depthwise, pointwise=None, bias=None):
    """In float64, by the definition."""
    before = np.zeros((workload.batch, workload.span - 1, workload.channels))
    series = np.concatenate([before, inputs, inputs], axis=1)
    steps = workload.length
    hidden = sum(
        series[:, steps + tap * workload.dilation_rate :][:, :steps] * depthwise[tap, :, 0].astype(np.float64)
        for tap in range(workload.kernel_size)
    )
    return hidden if pointwise is None else hidden @ pointwise.astype(np.float64) + bias
