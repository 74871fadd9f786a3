"""OpenVINO: a group convolution and a convolution of one tap, compiled for one precision and one stream."""

from functools import partial

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

from benchmarks.peers import Prepared, channels_first, grouped_kernel, mixing_kernel

THREADS = []


def version():
    return ov.__version__.partition("-")[0]


def use_threads(count):
    THREADS[:] = [count]


def convolutions(data, workload, arrays, image):
    """The graph's output node; with `image` the series lies in the width of an image of height one."""
    left, right = workload.pads
    depthwise = grouped_kernel(workload, arrays["depthwise"])
    depthwise = depthwise.reshape(workload.channels, workload.depth_multiplier, 1, workload.kernel_size)
    mixing, bias = mixing_kernel(arrays["pointwise"]), arrays["bias"].reshape(1, -1, 1)
    rank = 2 if image else 1
    if image:
        depthwise, mixing, bias = np.expand_dims(depthwise, 3), np.expand_dims(mixing, 2), np.expand_dims(bias, 3)
    along = partial(along_width, rank)
    hidden = ops.group_convolution(
        data,
        ops.constant(depthwise),
        along(workload.strides, 1),
        along(left, 0),
        along(right, 0),
        along(workload.dilation_rate, 1),
    )
    ones, zeros = along(1, 1), along(0, 0)
    return ops.add(ops.convolution(hidden, ops.constant(mixing), ones, zeros, zeros, ones), ops.constant(bias))


def along_width(rank, value, elsewhere):
    return [elsewhere] * (rank - 1) + [value]


def compiled(model, precision):
    settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_PRECISION_HINT": precision}
    return ov.Core().compile_model(model, "CPU", {**settings, "INFERENCE_NUM_THREADS": str(THREADS[0])})


def request(model, inputs, fetch, precision):
    infer = compiled(model, precision).create_infer_request()
    infer.set_input_tensor(ov.Tensor(inputs, shared_memory=True))
    return Prepared(partial(infer_once, infer, inputs), lambda tensor: fetch(np.array(tensor.data)))


def infer_once(infer, inputs):
    """The output; the inputs lie in the request's tensor and must outlive it."""
    infer.infer()
    return infer.get_output_tensor()


def series_first(image, workload, arrays, precision="f32"):
    inputs = channels_first(arrays["inputs"])
    inputs = inputs[:, :, None] if image else inputs
    data = ops.parameter(inputs.shape, np.float32)
    model = ov.Model([convolutions(data, workload, arrays, image)], [data])
    return request(model, inputs, lambda y: channels_first(y[:, :, 0] if image else y), precision)


def series_last(workload, arrays, precision="f32"):
    """Channels last outside; the library is free to keep that layout inside."""
    inputs = np.ascontiguousarray(arrays["inputs"][:, None])
    shape = [workload.batch, workload.channels, 1, workload.length]
    data = ops.parameter(shape, np.float32)
    processor = PrePostProcessor(ov.Model([convolutions(data, workload, arrays, True)], [data]))
    for port in (processor.input(), processor.output()):
        port.tensor().set_layout(ov.Layout("NHWC"))
        port.model().set_layout(ov.Layout("NCHW"))
    return request(processor.build(), inputs, lambda y: y[:, 0], precision)


CANDIDATES = {
    "series, channels_first": partial(series_first, False),
    "image, channels_first": partial(series_first, True),
    "image, channels_last": series_last,
}
