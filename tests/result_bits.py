"""A hash of each result of layers of all kinds, a line a layer: ``python result_bits.py``, to compare processors."""

import hashlib
import itertools

import ml_dtypes
import numpy as np

from nb_sepconv import ops
from nb_sepconv.convolution import product, settings
from nb_sepconv.convolution.rows import rows_of

TYPES = np.float32, np.float64, np.float16, ml_dtypes.bfloat16
FORMATS = "channels_last", "channels_first"
random = np.random.default_rng(5)


def numbers(dtype, *shapes):
    return [random.standard_normal(shape, np.float32).astype(dtype) for shape in shapes]


def in_format(data_format, series):
    return series if data_format == "channels_last" else np.ascontiguousarray(series.transpose(0, 2, 1))


def show(*words, results):
    print(*words, *(hashlib.sha256(each.tobytes()).hexdigest() for each in results))


def separable(dtype, channels, multiplier, filters, **keywords):
    """A separable convolution and its gradients."""
    hidden = channels * multiplier
    x, *weights = numbers(dtype, (2, 37, channels), (3, channels, multiplier), (1, hidden, filters), (filters,))
    for data_format in FORMATS:
        given, how = in_format(data_format, x), {"data_format": data_format, **keywords}
        got = ops.separable_conv1d(given, *weights, **how)
        gradients = ops.separable_conv1d_gradients(got, given, *weights, outputs=got, **how)
        show("separable", np.dtype(dtype), channels, multiplier, how, results=(got, *gradients))


def all_channels(dtype, channels, filters, taps, strides=1, dilation_rate=1):
    """A convolution of all channels and its gradients; a dense layer's where there is one tap."""
    x, *weights = numbers(dtype, (2, 37, channels), (taps, channels, filters), (filters,))
    for data_format in FORMATS:
        given = in_format(data_format, x)
        chosen = settings.from_arguments(strides, "same", data_format, dilation_rate)
        got, where = product.multiplied(given, *weights, chosen), rows_of(given.shape, taps, chosen)
        operands = where.parted(got), where.rows(given), weights, None
        gradients = product.ProductGradients(None, None)(*operands, ("inputs", "kernel", "bias"))
        show("all channels", np.dtype(dtype), channels, filters, taps, chosen, results=(got, *gradients.values()))


def main():
    for dtype, channels, multiplier in itertools.product(TYPES, (3, 8, 11, 16, 25, 40), (1, 2, 3, 4)):
        separable(dtype, channels, multiplier, 19)
    for keywords in ({"strides": 2}, {"dilation_rate": 2}, {"activation": "relu"}):
        separable(np.float32, 27, 3, 40, **keywords)
    for channels, multiplier in ((2100, 1), (1030, 3), (340, 7)):  # channels of several sums
        separable(np.float32, channels, multiplier, 40)
    for dtype, channels, (filters, taps) in itertools.product(TYPES, (3, 16, 40), ((1, 1), (19, 1), (70, 1), (33, 4))):
        all_channels(dtype, channels, filters, taps)
    all_channels(np.float32, 11, 40, 5, strides=2)
    all_channels(np.float32, 11, 40, 5, dilation_rate=3)


if __name__ == "__main__":
    main()
