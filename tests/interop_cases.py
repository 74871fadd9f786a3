"""Convolutions that the tests of the other libraries' faces share."""

import numpy as np

SETTINGS = [
    {},
    {"padding": "same", "activation": "tanh"},
    {"padding": "causal", "dilation_rate": 2, "activation": "relu"},
    {"padding": (2, 1), "strides": 2, "activation": "sigmoid"},
    {"padding": "same", "data_format": "channels_first", "strides": 3},
]
NAMES = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


def arrays(settings, dtype=np.float64, bias=True, seed=0):
    """(inputs, depthwise_kernel, pointwise_kernel, bias or None) of random values."""
    generator = np.random.default_rng(seed)
    shape = (2, 3, 11) if settings.get("data_format") == "channels_first" else (2, 11, 3)
    made = [generator.standard_normal(shape).astype(dtype) for shape in (shape, (3, 3, 2), (1, 6, 4))]
    return *made, generator.standard_normal(4).astype(dtype) if bias else None


def like(array, seed=1):
    """Random values of the shape and type of an array."""
    return np.random.default_rng(seed).standard_normal(array.shape).astype(array.dtype)
