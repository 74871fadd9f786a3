"""Dense layers and convolutions of all channels that are timed."""

import numpy as np

from benchmarks.workloads import Workload

DENSE, CONVOLUTION = "dense", "conv1d"
# Name, batch, rows of each example, inputs, outputs.
DENSE_LAYERS = (
    ("bert_qkv", 1, 128, 768, 768),
    ("ffn_in", 1, 128, 256, 1024),
    ("ffn_out", 1, 128, 1024, 256),
    ("head", 1, 32, 512, 10),
    ("one_row", 1, 1, 1024, 1024),
    ("batch", 1, 256, 784, 512),
    ("qanet", 8, 400, 96, 96),
    ("small", 4, 50, 32, 32),
    ("kws", 1, 16, 64, 12),
    ("vocab", 1, 16, 512, 8000),
)
# Name, batch, steps, channels, taps, stride, dilation, filters.
CONVOLUTIONS = (
    ("kws_first", 16, 98, 40, 8, 2, 1, 64),
    ("ecg_first", 8, 5000, 1, 16, 2, 1, 32),
    ("eeg", 8, 1000, 22, 25, 1, 1, 40),
    ("resnet1d", 8, 625, 128, 7, 1, 1, 128),
    ("tcn", 8, 400, 64, 3, 1, 4, 64),
    ("wav2letter", 1, 300, 256, 11, 1, 1, 256),
    ("audio", 4, 16000, 1, 80, 4, 1, 64),
    ("textcnn", 32, 100, 128, 5, 1, 1, 100),
    ("pointwise", 8, 500, 256, 1, 1, 1, 256),
    ("har", 32, 128, 9, 9, 1, 1, 64),
)


def product_workloads(only=()):
    """The layers; ``model`` is DENSE or CONVOLUTION, and all steps of a dense layer are rows."""
    dense = [_workload(DENSE, name, *sizes, 1, 1, 1, filters) for name, *sizes, filters in DENSE_LAYERS]
    convolutions = [_workload(CONVOLUTION, *layer) for layer in CONVOLUTIONS]
    return [each for each in (*dense, *convolutions) if not only or each.name in only]


def _workload(kind, name, batch, length, channels, taps, stride, dilation, filters):
    return Workload(name, batch, length, channels, taps, stride, dilation, "same", 0, filters, kind)


def make_product_arrays(workload, seed=0):
    """Float32 input (N, L, C), kernel (K, C, F) and bias (F,), and the answer in float64."""
    w, random = workload, np.random.default_rng(seed)
    arrays = {
        "inputs": random.standard_normal((w.batch, w.length, w.channels), np.float32),
        "kernel": random.standard_normal((w.kernel_size, w.channels, w.filters), np.float32)
        / np.float32((w.kernel_size * w.channels) ** 0.5),
        "bias": random.standard_normal(w.filters, np.float32),
    }
    return {**arrays, "expected": expected_product(workload, **arrays)}


def expected_product(workload, inputs, kernel, bias):
    """``y[n, t] = bias + sum_k x_padded[n, t*s + k*d] @ kernel[k]``."""
    w = workload
    padded = np.pad(inputs.astype(np.float64), ((0, 0), w.pads, (0, 0)))
    outputs = np.zeros((w.batch, w.output_length, w.filters)) + bias
    reach = (w.output_length - 1) * w.strides + 1
    for tap in range(w.kernel_size):
        start = tap * w.dilation_rate
        outputs += padded[:, start : start + reach : w.strides] @ kernel[tap].astype(np.float64)
    return outputs
