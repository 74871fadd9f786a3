"""ONNX Runtime: a Gemm, or a Conv on series or images, with inputs and outputs bound once."""

from functools import partial

import numpy as np
from onnx import helper

from benchmarks.peers import NotApplicableError, channels_first
from benchmarks.peers.with_onnxruntime import bound, model, use_threads, version
from benchmarks.product_workloads import DENSE

__all__ = ["CANDIDATES", "use_threads", "version"]


def gemm(workload, arrays):
    if workload.kernel_size > 1:
        raise NotApplicableError
    rows = arrays["inputs"].reshape(-1, workload.channels)
    output_shape = [len(rows), workload.filters]
    constants = {"kernel": arrays["kernel"][0], "bias": arrays["bias"]}
    serialized = model([helper.make_node("Gemm", ["x", "kernel", "bias"], ["y"])], constants, rows.shape, output_shape)
    return bound(serialized, rows, output_shape, lambda y: y.reshape(workload.batch, workload.length, -1))


def convolution(rank, workload, arrays):
    if workload.model == DENSE:
        raise NotApplicableError
    w, ones = workload, (1,) * (rank - 1)
    (left, right), ahead = w.pads, [0] * (rank - 1)
    kernel = np.ascontiguousarray(arrays["kernel"].transpose(2, 1, 0))
    node = helper.make_node(
        "Conv",
        ["x", "kernel", "bias"],
        ["y"],
        strides=[*ones, w.strides],
        dilations=[*ones, w.dilation_rate],
        pads=[*ahead, left, *ahead, right],
    )
    constants = {"kernel": kernel.reshape(*kernel.shape[:2], *ones, w.kernel_size), "bias": arrays["bias"]}
    inputs = channels_first(arrays["inputs"])
    inputs = inputs.reshape(*inputs.shape[:2], *ones, w.length)
    output_shape = [w.batch, w.filters, *ones, w.output_length]
    serialized = model([node], constants, inputs.shape, output_shape)
    return bound(serialized, inputs, output_shape, lambda y: channels_first(y.reshape(*y.shape[:2], -1)))


CANDIDATES = {"gemm": gemm, "series": partial(convolution, 1), "images": partial(convolution, 2)}
