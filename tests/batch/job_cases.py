"""Models and series that the tests of jobs share."""

import numpy as np

import nb_sepconv as tf


def series(length=3000, channels=3, examples=2, dtype=np.float32, data_format="channels_last"):
    x = np.random.default_rng(length).standard_normal((examples, length, channels)).astype(dtype)
    return x if data_format == "channels_last" else np.ascontiguousarray(x.swapaxes(1, 2))


def stack(data_format="channels_last", dtype=np.float32):
    """Three layers: strides, "same" whose zeros depend on the length, dilation and causal padding; built."""
    built = tf.Stack(
        tf.layers.SeparableConv1D(6, 5, padding="same", activation="relu", data_format=data_format),
        tf.layers.SeparableConv1D(5, 4, strides=2, padding="same", data_format=data_format),
        tf.layers.SeparableConv1D(4, 3, padding="causal", dilation_rate=3, data_format=data_format),
    )
    built(series(64, dtype=dtype, data_format=data_format))
    return built


def same_bits(one, other):
    unsigned = f"u{other.dtype.itemsize}"
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and np.array_equal(one.view(unsigned), other.view(unsigned))
    )
