"""The forward pass as plain loops over (example, tile of output steps)."""

import numba
import numpy as np
from numba import njit, prange

STEPS_PER_TILE = 64
SERIAL_MULTIPLY_ADDS = 200_000


def forward(inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left):
    """Fill ``outputs`` (N, T, F) from ``inputs`` (N, L, C); any strides, nothing checked.

    ``depthwise_kernel`` is (K, C, M), ``pointwise_kernel`` (C*M, F), ``bias`` (F,).
    """
    work = outputs.shape[0] * outputs.shape[1] * pointwise_kernel.shape[0] * pointwise_kernel.shape[1]
    serial = work < SERIAL_MULTIPLY_ADDS or numba.get_num_threads() == 1
    kernel = _forward_serial if serial else _forward_parallel
    kernel(inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left)


@njit(nogil=True)
def _fill_tile(inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left, n, first, last, hidden):
    """y[n,t,f] = bias[f] + sum_cm P[cm,f] * sum_k x[n, t*stride + k*dilation - left, c] * D[k,c,m]."""
    length = inputs.shape[1]
    kernel_size, channels, multiplier = depthwise_kernel.shape
    filters = outputs.shape[2]
    for t in range(first, last):
        hidden[:] = 0
        for k in range(kernel_size):
            s = t * stride + k * dilation - left
            if 0 <= s < length:
                for c in range(channels):
                    for m in range(multiplier):
                        hidden[c * multiplier + m] += inputs[n, s, c] * depthwise_kernel[k, c, m]
        for f in range(filters):
            outputs[n, t, f] = bias[f]
        for h in range(channels * multiplier):
            for f in range(filters):
                outputs[n, t, f] += hidden[h] * pointwise_kernel[h, f]


@njit(nogil=True)
def _forward_serial(inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left):
    hidden = np.empty(pointwise_kernel.shape[0], depthwise_kernel.dtype)
    for n in range(outputs.shape[0]):
        _fill_tile(
            inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left, n, 0, outputs.shape[1], hidden
        )


@njit(nogil=True, parallel=True)
def _forward_parallel(inputs, depthwise_kernel, pointwise_kernel, bias, outputs, stride, dilation, left):
    steps = outputs.shape[1]
    tiles = (steps + STEPS_PER_TILE - 1) // STEPS_PER_TILE
    for task in prange(outputs.shape[0] * tiles):
        index = np.int64(task)
        first = index % tiles * STEPS_PER_TILE
        hidden = np.empty(pointwise_kernel.shape[0], depthwise_kernel.dtype)
        _fill_tile(
            inputs,
            depthwise_kernel,
            pointwise_kernel,
            bias,
            outputs,
            stride,
            dilation,
            left,
            index // tiles,
            first,
            min(first + STEPS_PER_TILE, steps),
            hidden,
        )
