"""The stage of a convolution whose weights are arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import settings
from nb_sepconv.convolution.packed import PackedConvolution
from nb_sepconv.convolution.stage import Stage


class Constant:
    """An array as a variable that never changes."""

    version = 0

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


def convolution_stage(
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    bias: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilation_rate: Any,
    activation: Any,
    precision: Any,
) -> Stage:
    """The stage of a separable convolution, or of a depthwise one where ``pointwise_kernel`` is None."""
    weights = _weights(depthwise_kernel, pointwise_kernel, bias)
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate)
    packed = PackedConvolution(
        chosen.stride, chosen.padding, chosen.data_format, chosen.dilation, activation, precision
    )
    taps, channels, multiplier = weights[0].array.shape
    return Stage(
        "stream",
        lambda inputs, zeros, out: packed.window(inputs, zeros, weights, out),
        *(taps, chosen.stride, chosen.dilation, chosen.padding),
        channels_last=chosen.channels_last,
        dtype=weights[0].array.dtype,
        channels=channels,
        filters=channels * multiplier if pointwise_kernel is None else weights[1].array.shape[-1],
        activation=settings.fused_activation(activation)[1],
        repeated=lambda: packed.repeated(weights),
    )


def _weights(depthwise, pointwise, bias):
    """Copies of the arrays, checked, as (depthwise, pointwise, bias or None) or (depthwise,)."""
    depthwise = array_arguments.floating("depthwise_kernel", depthwise)
    array_arguments.fitting("depthwise_kernel", depthwise, ("K", "C", "M"))
    dtype, hidden = depthwise.dtype, depthwise.shape[1] * depthwise.shape[2]
    if pointwise is None:
        if bias is not None:
            raise ValueError("`bias` must be None where there is no `pointwise_kernel`. Received: an array")
        return (_constant(depthwise),)
    pointwise = array_arguments.pointwise_kernel(pointwise, hidden, dtype)
    if bias is not None:
        bias = _constant(array_arguments.weight("bias", bias, (pointwise.shape[-1],), dtype))
    return _constant(depthwise), _constant(pointwise), bias


def _constant(array):
    return Constant(np.array(array, order="C"))
