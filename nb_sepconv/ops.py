"""Separable convolution as stateless functions: arrays in, arrays out."""

import numpy as np

from nb_sepconv import activations
from nb_sepconv.geometry import geometry, kernel_span
from nb_sepconv.kernels import cpu


def separable_conv1d(
    inputs,
    depthwise_kernel,
    pointwise_kernel,
    bias=None,
    *,
    strides=1,
    padding="valid",
    data_format="channels_last",
    dilation_rate=1,
    activation=None,
    out=None,
):
    x = np.asarray(inputs)
    d = np.asarray(depthwise_kernel)
    p = np.asarray(pointwise_kernel)
    p = p.reshape(p.shape[-2:])
    stride, dilation = int(np.ravel(strides)[0]), int(np.ravel(dilation_rate)[0])
    compute = np.float64 if x.dtype == np.float64 else np.float32
    view = (x if data_format == "channels_last" else x.transpose(0, 2, 1)).astype(compute)
    kernel_size = d.shape[0]
    where = geometry(view.shape[1], kernel_size, stride, dilation, padding)
    if where.output_length < (1 if view.shape[1] == 0 and padding == "valid" else 0) or (
        padding == "valid" and where.output_length < 1
    ):
        raise ValueError(
            f"`inputs` is too short: the kernel spans {kernel_span(kernel_size, dilation)} steps "
            f"and the input has {view.shape[1]}. Received: inputs of shape {x.shape}"
        )
    y = np.empty((len(view), where.output_length, p.shape[1]), compute)
    b = np.zeros(p.shape[1], compute) if bias is None else np.asarray(bias).astype(compute)
    cpu.forward(view, d.astype(compute), p.astype(compute), b, y, stride, dilation, where.left)
    y = y.astype(x.dtype)
    if data_format != "channels_last":
        y = np.ascontiguousarray(y.transpose(0, 2, 1))
    if activation is not None:
        y = activations.get(activation)(y)
    return y
