"""The activations of the kernels against exact values, over all of float32's and float64's range."""

from functools import cache

import numpy as np
import pytest
from numba import njit, types

from nb_sepconv import activations
from nb_sepconv.kernels.cpu.codegen import vectormath
from nb_sepconv.kernels.cpu.codegen.intrinsics import call4
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.codegen.vector import Lanes

ULPS = 4
SAMPLES = 1_000_003  # a prime's multiples, modulo 2**32 or 2**64, meet every exponent, both signs, NaN and subnormals
SPECIALS = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 6.0, -2.5, 2.5, 20.0, -20.0]
EXACT = {np.float32: np.float64, np.float64: np.longdouble}
WIDE_ENOUGH = {np.float32: True, np.float64: np.finfo(np.longdouble).nmant > 60}
DTYPES = [
    pytest.param(dtype, marks=pytest.mark.skipif(not WIDE_ENOUGH[dtype], reason="no float here is wider than float64"))
    for dtype in EXACT
]


@cache
def caller():
    @njit
    def call(procedure, values, rows, row_bytes, vectors):
        call4(procedure, values, rows, row_bytes, vectors)

    return call


def fused(name, values):
    """The kernels' activation of a one-dimensional array."""
    lanes = Lanes(types.float64 if values.dtype == np.float64 else types.float32)
    rows = -(-values.size // lanes.width)
    padded = np.resize(values, rows * lanes.width)
    caller()(procedure(values.dtype.name, name), padded.ctypes.data, rows, lanes.bytes, 1)
    return padded[: values.size]


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def sigmoid(x):
    return np.where(x > 0, 1, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x)))


def at_its_limit(x, y):
    """0 at minus infinity, where a formula multiplies it by 0."""
    return np.where(np.isneginf(x), 0, y)


EXACTLY = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, x / 5),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: vectormath.SELU_SCALE * np.where(x > 0, x, vectormath.SELU_ALPHA * np.expm1(x)),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softplus": softplus,
    "softsign": lambda x: np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x))),
    "swish": lambda x: at_its_limit(x, x * sigmoid(x)),
    "mish": lambda x: at_its_limit(x, x * np.tanh(softplus(x))),
    "exponential": np.exp,
    "hard_sigmoid": lambda x: np.clip((x + 2.5) / 5, 0, 1),
}
SIGNED = {"tanh", "softsign", "elu", "selu", "leaky_relu"}  # a zero keeps its sign


def sampled(dtype):
    """Bit patterns from everywhere, and numbers where functions bend, saturate, underflow and overflow."""
    bits = {np.float32: np.uint32, np.float64: np.uint64}[dtype]
    step = np.iinfo(bits).max // SAMPLES | 1
    patterns = (np.arange(SAMPLES, dtype=bits) * bits(step)).view(dtype)
    rng = np.random.default_rng(1)
    edges = [3, 10, 30, 110, 800, 1e-3, 1e-6]
    return np.concatenate([patterns, *(rng.uniform(-edge, edge, 100_000).astype(dtype) for edge in edges)])


def in_ulps(got, wanted):
    """Distances in units of the last place of what is wanted, subnormals' for what is below."""
    info = np.finfo(got.dtype)
    unit = np.spacing(np.clip(np.abs(wanted), info.smallest_normal, info.max).astype(got.dtype)).astype(wanted.dtype)
    return np.abs(got.astype(wanted.dtype) - wanted) / unit


def test_every_activation_of_the_kernels_is_tested():
    assert set(EXACTLY) == set(vectormath.ACTIVATIONS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(EXACTLY))
def test_within_the_stated_bound(name, dtype):
    x = sampled(dtype)
    with np.errstate(all="ignore"):
        got, wanted = fused(name, x), EXACTLY[name](x.astype(EXACT[dtype]))
        rounded = wanted.astype(dtype)
        distance = in_ulps(got, wanted)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    finite = np.isfinite(rounded) & np.isfinite(got)
    worst = np.argmax(np.where(finite, distance, 0))
    assert distance[worst] <= ULPS, (x[worst], got[worst], wanted[worst])
    overflown = ~finite & ~np.isnan(wanted)
    near_the_largest = np.abs(wanted) > np.finfo(dtype).max * (1 - ULPS * np.finfo(dtype).eps)
    assert near_the_largest[overflown].all(), x[overflown & ~near_the_largest]
    np.testing.assert_array_equal(np.sign(got[overflown]), np.sign(wanted[overflown]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(EXACTLY))
def test_agreement_with_the_functions_of_the_library(name, dtype):
    info = np.finfo(dtype)
    values = [*SPECIALS, info.max, info.min, info.smallest_normal, -info.smallest_normal]
    x = np.array([*values, info.smallest_subnormal, -info.smallest_subnormal], dtype)
    with np.errstate(all="ignore"):
        got, wanted = fused(name, x), activations.get(name)(x)
    np.testing.assert_allclose(got, wanted, rtol=8 * info.eps, atol=0 if name in SIGNED else info.smallest_subnormal)
    if name in SIGNED:
        numbers = ~np.isnan(x)
        np.testing.assert_array_equal(np.signbit(got[numbers]), np.signbit(wanted[numbers]))
