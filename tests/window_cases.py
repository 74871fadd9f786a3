"""Layers and series of small sizes, and comparisons of bits, for the tests of windows, chunks and stacks."""

import itertools

import numpy as np

from nb_sepconv import ops
from nb_sepconv.convolution.applying import apply_window
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.convolution.windows import windows

PADDINGS = ("valid", "same", "causal", (0, 0), (2, 1), (0, 3), (5, 0), (7, 2))
FORMATS = ("channels_last", "channels_first")
DTYPES = ("float32", "float64", "float16", "bfloat16")


def dtype_of(name):
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def bits(array):
    array = np.ascontiguousarray(array)
    return array.view({2: np.uint16, 4: np.uint32, 8: np.uint64}[array.dtype.itemsize])


def same_bits(one, other):
    return one.shape == other.shape and one.dtype == other.dtype and np.array_equal(bits(one), bits(other))


def stage(rng, kernel_size, stride, dilation, padding, data_format, dtype, channels=3, filters=3, activation="tanh"):
    """A stage over ``ops`` alone, any padding of two ints included."""
    depthwise = rng.standard_normal((kernel_size, channels, 1)).astype(dtype)
    pointwise = rng.standard_normal((channels, filters)).astype(dtype)
    bias = rng.standard_normal(filters).astype(dtype)

    def convolve(inputs, zeros, out):
        return ops.separable_conv1d(
            *(inputs, depthwise, pointwise, bias),
            strides=stride,
            padding=zeros,
            data_format=data_format,
            dilation_rate=dilation,
            activation=activation,
            out=out,
        )

    how = {"channels_last": data_format == "channels_last", "dtype": np.dtype(dtype)}
    return Stage("ops", convolve, kernel_size, stride, dilation, padding, channels=channels, filters=filters, **how)


def axis_of(stages):
    return 2 if stages[0].channels_last is False else 1


def sliced(array, axis, start, stop):
    return array[:, start:stop] if axis == 1 else array[:, :, start:stop]


def series(rng, stages, length, examples=2):
    channels = stages[0].channels
    shape = (examples, length, channels) if axis_of(stages) == 1 else (examples, channels, length)
    return rng.standard_normal(shape).astype(stages[0].dtype)


def whole(stages, inputs):
    """The answer of one call for each layer over the whole series; None where a kernel does not fit."""
    for each in stages:
        try:
            inputs = each.convolve(inputs, each.padding)
        except ValueError as error:
            if "too short" not in str(error):
                raise
            return None
    return inputs


def in_chunks(stages, where, inputs, chunk):
    """The same in chunks of so many output steps."""
    axis, steps = axis_of(stages), where[-1].steps
    pieces = [
        apply_window(
            stages,
            windows(where, start, min(start + chunk, steps)),
            lambda begin, end: sliced(inputs, axis, begin, end),
        )
        for start in range(0, steps, chunk)
    ]
    return np.concatenate(pieces, axis)


def geometries(sizes, strides, dilations, paddings=PADDINGS):
    return itertools.product(sizes, strides, dilations, paddings)


def random_stacks(count, data_format, dtype, seed=0):
    """Stages of two to four layers, and three series for each."""
    rng = np.random.default_rng(seed)
    known = list(geometries((1, 2, 3), (1, 2, 3), (1, 2)))
    for _ in range(count):
        chosen = [known[i] for i in rng.integers(0, len(known), rng.integers(2, 5))]
        dtype = dtype_of(dtype)
        stages = [stage(rng, *each, data_format, dtype, activation="relu") for each in chosen]
        for length in (*rng.integers(1, 20, 2), rng.integers(20, 90)):
            yield stages, series(rng, stages, int(length))
