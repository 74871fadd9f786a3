"""The kernels that only gradients need. Sums are added in one order and nothing is added atomically.

Gradients on their way lie in arrays of their own, by row and channel, a row for each step of each example, in the type
of the sums.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen import instructions
from nb_sepconv.kernels.cuda.codegen.activations import slope
from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, cuda, index_type, kernel, real_type


@compile_once
def through_activation(storage: Any, out: Any, name: Any, wide: Any) -> Any:
    """``y[n,t,f] = d[n,t,f] * act'(v[n,t,f])`` for outputs or inputs ``v`` of the activation, into contiguous ``y``.

    Without an activation it copies.
    """
    index = index_type(wide)
    load, store = instructions.loader(storage), instructions.storer(out)
    divide, slope_at = instructions.divide, slope(name, storage.sums)

    def pull(d, v, y, d_example, d_step, d_filter, v_example, v_step, v_filter, examples, steps, filters):
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        row, f = divide(number, index(filters))
        example, t = divide(row, index(steps))
        if example < examples:
            d += example * d_example * storage.item_bytes
            v += example * v_example * storage.item_bytes
            gradient = load(d, index(t * d_step + f * d_filter))
            store(y, number, gradient * slope_at(load(v, index(t * v_step + f * v_filter))))

    return kernel(pull)


@compile_once
def to_inputs(storage: Any, out: Any, steps_first: Any, wide: Any) -> Any:
    """``d_x[n,s,c] = sum_{k,m} D[k,c,m] * d_hidden[n,t,c*M+m]`` over all ``t*stride + k*dilation - left = s``.

    One thread for each input; neighbours have neighbouring channels, or steps.
    """
    index, real = index_type(wide), real_type(storage.sums)
    gradients = STORAGE[storage.sums]
    load, load_weight, store = (
        *(instructions.loader(gradients), instructions.loader(storage), instructions.storer(out)),
    )
    divide, multiply_add = instructions.divide, instructions.multiply_add

    def spread(g, w, x, x_example, x_step, x_channel, examples, length, steps, channels, multiplier, taps, stride,
               dilation, left):  # fmt: skip
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        example, rest = divide(number, index(length * channels))
        if example < examples:
            if steps_first:
                c, s = divide(rest, index(length))
            else:
                s, c = divide(rest, index(channels))
            hidden = index(channels * multiplier)
            g += example * steps * hidden * gradients.item_bytes
            total = real(0)
            for k in range(taps):
                ahead = index(s + left - k * dilation)
                if ahead >= 0:
                    t, between = divide(ahead, index(stride))
                    if between == 0 and t < steps:
                        for m in range(multiplier):
                            h = index(c * multiplier + m)
                            factor = load_weight(w, index(k * hidden + h))
                            total = multiply_add(load(g, index(t * hidden + h)), factor, total)
            x += example * x_example * out.item_bytes
            store(x, index(s * x_step + c * x_channel), total)

    return kernel(spread)


@compile_once
def to_depthwise(storage: Any, wide: Any) -> Any:
    """``parts[p,k,h] = sum x[n, t*stride + k*dilation - left, h // M] * d_hidden[n,t,h]`` over the rows of part ``p``.

    One thread for each number.
    """
    index, real = index_type(wide), real_type(storage.sums)
    gradients = STORAGE[storage.sums]
    load, load_gradient, store = (
        *(instructions.loader(storage), instructions.loader(gradients), instructions.storer(gradients)),
    )
    divide, multiply_add, within = instructions.divide, instructions.multiply_add, instructions.within

    def correlate(x, g, parts, x_example, x_step, x_channel, count, part_rows, rows, length, steps, hidden, multiplier,
                  taps, stride, dilation, left):  # fmt: skip
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        rest, h = divide(number, index(hidden))
        part, k = divide(rest, index(taps))
        if part < count:
            first = part * part_rows
            example, t = divide(index(first), index(steps))
            channel = index(divide(h, index(multiplier))[0] * x_channel)
            x += example * x_example * storage.item_bytes
            g += first * hidden * gradients.item_bytes
            total = real(0)
            for row in range(min(part_rows, rows - first)):
                position = index(t * stride + k * dilation - left)
                if within(position, index(length)):
                    seen = load(x, index(position * x_step + channel))
                    total = multiply_add(seen, load_gradient(g, index(row * hidden + h)), total)
                t = index(t + 1)
                if t == steps:
                    t = index(0)
                    x += x_example * storage.item_bytes
            store(parts, number, total)

    return kernel(correlate)


@compile_once
def sum_rows(storage: Any, out: Any, wide: Any) -> Any:
    """``y[p,i] = sum x[row,i]`` over the rows of part ``p``, in their order; one thread for each number."""
    index, real = index_type(wide), real_type(storage.sums)
    load, store, divide = instructions.loader(storage), instructions.storer(out), instructions.divide

    def add(x, y, count, part_rows, rows, width):
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        part, i = divide(number, index(width))
        if part < count:
            first = part * part_rows
            x += first * width * storage.item_bytes
            total = real(0)
            for row in range(min(part_rows, rows - first)):
                total += load(x, index(row * width + i))
            store(y, number, total)

    return kernel(add)
