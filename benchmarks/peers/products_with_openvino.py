"""OpenVINO: a product of matrices, or a convolution, compiled for float32 and one stream."""

from functools import partial

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

from benchmarks.peers import NotApplicableError, channels_first
from benchmarks.peers.with_openvino import along_width, request, use_threads, version
from benchmarks.product_workloads import DENSE

__all__ = ["CANDIDATES", "use_threads", "version"]


def product(workload, arrays):
    if workload.kernel_size > 1:
        raise NotApplicableError
    rows = arrays["inputs"].reshape(-1, workload.channels)
    data = ops.parameter(rows.shape, np.float32)
    product = ops.matmul(data, ops.constant(arrays["kernel"][0]), False, False)
    model = ov.Model([ops.add(product, ops.constant(arrays["bias"]))], [data])
    return request(model, rows, lambda y: y.reshape(workload.batch, workload.length, -1), "f32")


def convolution(data, workload, arrays, rank):
    w, along = workload, partial(along_width, rank)
    kernel = np.ascontiguousarray(arrays["kernel"].transpose(2, 1, 0))
    kernel = kernel.reshape(*kernel.shape[:2], *along(w.kernel_size, 1))
    (left, right), bias = w.pads, arrays["bias"].reshape(1, -1, *along(1, 1))
    moved = along(w.strides, 1), along(left, 0), along(right, 0), along(w.dilation_rate, 1)
    return ops.add(ops.convolution(data, ops.constant(kernel), *moved), ops.constant(bias))


def series(workload, arrays):
    if workload.model == DENSE:
        raise NotApplicableError
    inputs = channels_first(arrays["inputs"])
    data = ops.parameter(inputs.shape, np.float32)
    return request(ov.Model([convolution(data, workload, arrays, 1)], [data]), inputs, channels_first, "f32")


def images_last(workload, arrays):
    """Channels last outside; the library is free to keep that layout inside."""
    if workload.model == DENSE:
        raise NotApplicableError
    data = ops.parameter([workload.batch, workload.channels, 1, workload.length], np.float32)
    processor = PrePostProcessor(ov.Model([convolution(data, workload, arrays, 2)], [data]))
    for port in (processor.input(), processor.output()):
        port.tensor().set_layout(ov.Layout("NHWC"))
        port.model().set_layout(ov.Layout("NCHW"))
    return request(processor.build(), np.ascontiguousarray(arrays["inputs"][:, None]), lambda y: y[:, 0], "f32")


CANDIDATES = {"product": product, "series": series, "images, channels_last": images_last}
