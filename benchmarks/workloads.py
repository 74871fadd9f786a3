"""The layers that are timed: their shapes, their numbers and the right answer in float64."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

QUICK = ("eegnet_dm2", "tiny")


@dataclass(frozen=True)
class Workload:
    name: str
    batch: int
    length: int
    channels: int
    kernel_size: int
    strides: int
    dilation_rate: int
    padding: str
    depth_multiplier: int
    filters: int
    model: str

    @property
    def span(self):
        return (self.kernel_size - 1) * self.dilation_rate + 1

    @property
    def output_length(self):
        if self.padding == "same":
            return -(-self.length // self.strides)
        return (self.length - self.span) // self.strides + 1

    @property
    def pads(self):
        """Zeros on the left and on the right."""
        if self.padding == "valid":
            return 0, 0
        total = max((self.output_length - 1) * self.strides + self.span - self.length, 0)
        return total // 2, total - total // 2

    @property
    def operations(self):
        """Multiplications and additions of the two convolutions; padding and bias are not counted."""
        hidden = self.channels * self.depth_multiplier
        return 2 * self.batch * self.output_length * hidden * (self.kernel_size + self.filters)

    def as_dict(self):
        return asdict(self)


def load_workloads(only=()):
    """The listed workloads, or those of these names."""
    listed = json.loads((Path(__file__).parent / "workloads.json").read_text())
    return of_names([Workload(**entry) for entry in listed], only)


def of_names(workloads, only):
    """Those of these names, in the order of the list; no names are all."""
    workloads = {workload.name: workload for workload in workloads}
    unknown = sorted(set(only) - set(workloads))
    if unknown:
        raise ValueError(f"Unknown workloads {unknown}; there are {sorted(workloads)}")
    return [workload for name, workload in workloads.items() if not only or name in only]


def make_arrays(workload, seed=0):
    """Float32 input (N, L, C), depthwise kernel (K, C, M), pointwise kernel (C*M, F) and bias (F,), and the answer."""
    w, random = workload, np.random.default_rng(seed)
    hidden = w.channels * w.depth_multiplier
    arrays = {
        "inputs": random.standard_normal((w.batch, w.length, w.channels), np.float32),
        "depthwise": random.standard_normal((w.kernel_size, w.channels, w.depth_multiplier), np.float32)
        / np.float32(w.kernel_size**0.5),
        "pointwise": random.standard_normal((hidden, w.filters), np.float32) / np.float32(hidden**0.5),
        "bias": random.standard_normal(w.filters, np.float32),
    }
    return {**arrays, "expected": expected_outputs(workload, **arrays)}


def expected_outputs(workload, inputs, depthwise, pointwise, bias):
    hidden = depthwise_by_taps(workload, inputs.astype(np.float64), depthwise.astype(np.float64))
    return hidden @ pointwise.astype(np.float64) + bias


def depthwise_by_taps(workload, inputs, depthwise):
    """Sum over taps k of x_padded[n, t*s + k*d, c] * D[k, c, m], as (N, T, C*M)."""
    w = workload
    padded = np.pad(inputs, ((0, 0), w.pads, (0, 0)))
    reach = (w.output_length - 1) * w.strides + 1
    hidden = np.zeros((w.batch, w.output_length, w.channels, w.depth_multiplier), inputs.dtype)
    for tap in range(w.kernel_size):
        start = tap * w.dilation_rate
        hidden += padded[:, start : start + reach : w.strides, :, None] * depthwise[tap]
    return hidden.reshape(w.batch, w.output_length, -1)


def relative_error(outputs, expected):
    """The largest error in units of the largest expected number."""
    if outputs.shape != expected.shape:
        raise ValueError(f"outputs of shape {outputs.shape} where {expected.shape} is right")
    return float(np.max(np.abs(outputs - expected)) / np.max(np.abs(expected)))


def largest_error(results, expected):
    """The largest :func:`relative_error` of one result or of a tuple of them."""
    results = results if isinstance(results, tuple) else (results,)
    return max(relative_error(one, other) for one, other in zip(results, expected, strict=True))
