"""Separable convolution by definition, in float64, with nothing of the package: the oracle of the tests.

It places each tap's product by slicing a padded copy of the input, an algorithm that the kernels do not share.
"""

import numpy as np


def output_length(length, kernel_size, stride, dilation, padding):
    """TensorFlow's rules, written as counts of steps."""
    span = (kernel_size - 1) * dilation + 1
    if padding in ("same", "causal"):
        return int(np.ceil(length / stride))
    if padding != "valid":
        length += sum(padding)
    return 0 if length < span else int(np.floor((length - span) / stride)) + 1


def zeros_around(length, kernel_size, stride, dilation, padding):
    span = (kernel_size - 1) * dilation + 1
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return span - 1, 0
    if padding == "same":
        needed = max(span + stride * (int(np.ceil(length / stride)) - 1) - length, 0)
        return needed // 2, (needed + 1) // 2
    return padding


def depthwise_conv1d(inputs, depthwise_kernel, strides=1, padding="valid", dilation_rate=1):
    """(N, L, C), (K, C, M) -> (N, T, C*M)."""
    x, kernel = np.asarray(inputs, np.float64), np.asarray(depthwise_kernel, np.float64)
    taps, channels, multiplier = kernel.shape
    before, after = zeros_around(x.shape[1], taps, strides, dilation_rate, padding)
    padded = np.concatenate([np.zeros((len(x), before, channels)), x, np.zeros((len(x), after, channels))], axis=1)
    steps = output_length(x.shape[1], taps, strides, dilation_rate, padding)
    total = np.zeros((len(x), steps, channels, multiplier))
    for tap in range(taps):
        seen = padded[:, tap * dilation_rate :][:, : max(steps - 1, 0) * strides + 1 : strides][:, :steps]
        total += seen[..., None] * kernel[tap]
    return total.reshape(len(x), steps, channels * multiplier)


def separable_conv1d(inputs, depthwise_kernel, pointwise_kernel, bias=None, **geometry):
    """(N, L, C), (K, C, M), (1, C*M, F) or (C*M, F), (F,) -> (N, T, F)."""
    hidden = depthwise_conv1d(inputs, depthwise_kernel, **geometry)
    pointwise = np.asarray(pointwise_kernel, np.float64)
    outputs = hidden @ pointwise.reshape(pointwise.shape[-2:])
    return outputs if bias is None else outputs + np.asarray(bias, np.float64)


def separable_conv1d_gradients(d_outputs, inputs, depthwise_kernel, pointwise_kernel, bias=None, **geometry):
    """(d_inputs, d_depthwise_kernel, d_pointwise_kernel, d_bias) in float64, tap by tap at the steps that it reads."""
    g, pointwise = np.asarray(d_outputs, np.float64), np.asarray(pointwise_kernel, np.float64)
    mixing = pointwise.reshape(pointwise.shape[-2:])
    hidden = depthwise_conv1d(inputs, depthwise_kernel, **geometry)
    d_inputs, d_depthwise = depthwise_conv1d_gradients(g @ mixing.T, inputs, depthwise_kernel, **geometry)
    d_pointwise = np.tensordot(hidden, g, axes=((0, 1), (0, 1))).reshape(pointwise.shape)
    return d_inputs, d_depthwise, d_pointwise, None if bias is None else g.sum(axis=(0, 1))


def depthwise_conv1d_gradients(d_outputs, inputs, depthwise_kernel, strides=1, padding="valid", dilation_rate=1):
    """(d_inputs, d_depthwise_kernel) in float64."""
    g, x, kernel = (np.asarray(each, np.float64) for each in (d_outputs, inputs, depthwise_kernel))
    g = g.reshape(*g.shape[:2], *kernel.shape[1:])
    before, _ = zeros_around(x.shape[1], len(kernel), strides, dilation_rate, padding)
    d_inputs, d_kernel = np.zeros_like(x), np.zeros_like(kernel)
    for tap in range(len(kernel)):
        sources = np.arange(g.shape[1]) * strides + tap * dilation_rate - before
        inside = (sources >= 0) & (sources < x.shape[1])
        reading, seen = g[:, inside], sources[inside]
        d_inputs[:, seen] += np.sum(reading * kernel[tap], axis=-1)
        d_kernel[tap] = np.sum(reading * x[:, seen, :, None], axis=(0, 1))
    return d_inputs, d_kernel


def conv1d(inputs, kernel, bias=None, strides=1, padding="valid", dilation_rate=1):
    """(N, L, C), (K, C, F), (F,) -> (N, T, F)."""
    x, kernel = np.asarray(inputs, np.float64), np.asarray(kernel, np.float64)
    before, after = zeros_around(x.shape[1], len(kernel), strides, dilation_rate, padding)
    padded = np.pad(x, [(0, 0), (before, after), (0, 0)])
    steps = output_length(x.shape[1], len(kernel), strides, dilation_rate, padding)
    total = np.zeros((len(x), steps, kernel.shape[2]))
    for tap, mixing in enumerate(kernel):
        total += padded[:, tap * dilation_rate :][:, : max(steps - 1, 0) * strides + 1 : strides][:, :steps] @ mixing
    return total if bias is None else total + np.asarray(bias, np.float64)


def error_scale(inputs, depthwise_kernel, pointwise_kernel, bias=None, **geometry):
    """``|P| (|D| * |x|) + |bias|``, what the rounding errors of a sum are measured against."""
    absolute = [np.abs(np.asarray(a, np.float64)) for a in (inputs, depthwise_kernel, pointwise_kernel)]
    return separable_conv1d(*absolute, None if bias is None else np.abs(np.asarray(bias, np.float64)), **geometry)
