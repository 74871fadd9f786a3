"""The numbers of a training step: a gradient of the outputs, and the right gradients in float64."""

import numpy as np

from benchmarks.workloads import depthwise_by_taps, make_arrays


def make_training_arrays(workload, seed=0):
    """What `make_arrays` gives, ``d_outputs`` (N, T, F) in float32, and the right gradients."""
    arrays = make_arrays(workload, seed)
    outputs = arrays.pop("expected")
    d_outputs = np.random.default_rng([seed, 1]).standard_normal(outputs.shape, np.float32)
    gradients = expected_gradients(workload, d_outputs, **arrays)
    return {**arrays, "d_outputs": d_outputs, "expected": outputs, **gradients}


def expected_gradients(workload, d_outputs, inputs, depthwise, pointwise, bias):
    """The gradients of the inputs, the depthwise kernel, the pointwise kernel and the bias."""
    g, inputs, depthwise, pointwise = (
        array.astype(np.float64) for array in (d_outputs, inputs, depthwise, pointwise)
    )  # fmt: skip
    d_inputs, d_depthwise = depthwise_gradients(workload, g @ pointwise.T, inputs, depthwise)
    hidden = depthwise_by_taps(workload, inputs, depthwise)
    return {
        "expected_d_inputs": d_inputs,
        "expected_d_depthwise": d_depthwise,
        "expected_d_pointwise": np.tensordot(hidden, g, axes=((0, 1), (0, 1))),
        "expected_d_bias": g.sum(axis=(0, 1)),
    }


def depthwise_gradients(workload, d_hidden, inputs, depthwise):
    """The gradients of `depthwise_by_taps` for its inputs and its kernel."""
    w = workload
    left, right = w.pads
    padded = np.pad(inputs, ((0, 0), (left, right), (0, 0)))
    d_hidden = d_hidden.reshape(w.batch, w.output_length, w.channels, w.depth_multiplier)
    d_padded, d_kernel = np.zeros_like(padded), np.zeros_like(depthwise)
    reach = (w.output_length - 1) * w.strides + 1
    for tap in range(w.kernel_size):
        steps = slice(tap * w.dilation_rate, tap * w.dilation_rate + reach, w.strides)
        d_kernel[tap] = np.einsum("ntc,ntcm->cm", padded[:, steps], d_hidden)
        d_padded[:, steps] += np.einsum("ntcm,cm->ntc", d_hidden, depthwise[tap])
    return d_padded[:, left : left + w.length], d_kernel
