"""Convolutions that the tests of the other libraries' faces share."""

import numpy as np
import pytest

from nb_sepconv import nn

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


def assert_names_functions_and_refusals(convolve, asarray):
    """``activation=`` of ``convolve``, a face of another library, whose arrays ``asarray`` makes."""
    operands = [asarray(array) for array in arrays({})]
    by_name = np.asarray(convolve(*operands, activation="leaky_relu"))
    np.testing.assert_array_equal(np.asarray(convolve(*operands, activation=nn.leaky_relu)), by_name)
    doubled = np.asarray(convolve(*operands, activation=lambda outputs: 2 * outputs))
    np.testing.assert_array_equal(doubled, 2 * np.asarray(convolve(*operands)))
    with pytest.raises(ValueError, match=r"`activation` must be a callable or one of.*'none_such'"):
        convolve(*operands, activation="none_such")
    with pytest.raises(TypeError, match=r"`activation` must be None, the name of.*Received: \{'class_name'"):
        convolve(*operands, activation={"class_name": "ELU"})
