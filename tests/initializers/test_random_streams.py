"""The generator behind the initializers: known words, exact bits, the shapes of the distributions."""

import hashlib
import math

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import initializers
from nb_sepconv.initializers import distributions, elementary, philox
from nb_sepconv.initializers.orthonormal import orthonormal_columns

FLOATS = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)


def test_philox_gives_the_words_of_its_authors():
    """The known answers published with Random123 for Philox-4x32-10."""
    pi_seeds = (0xA4093822 | 0x299F31D0 << 32, 0x13198A2E | 0x03707344 << 32)
    pi_block = np.array(0x243F6A88 | 0x85A308D3 << 32, np.uint64)
    everything = 2**64 - 1
    known = [
        ((0, 0), np.array(0, np.uint64), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ((everything, everything), np.array(everything, np.uint64), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (pi_seeds, pi_block, [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
    ]
    for seeds, block, want in known:
        assert philox.words(seeds, block).tolist() == want


def test_the_elementary_functions_are_accurate():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 5001), np.linspace(1e-7, 1, 5001), np.linspace(0.9, 1.1, 2001)])
    np.testing.assert_allclose(elementary.log(x), np.log(x), rtol=1e-15, atol=3e-18)
    angle = np.linspace(0, 2 * np.pi, 20001)
    sine, cosine = elementary.sine_and_cosine(angle)
    np.testing.assert_allclose(sine, np.sin(angle), rtol=0, atol=3e-16)
    np.testing.assert_allclose(cosine, np.cos(angle), rtol=0, atol=3e-16)


def test_the_bits_of_each_distribution_never_change():
    """Digests of the stream: what they are does not depend on the platform, the C library or NumPy's version."""
    drawn = {
        "uniform": distributions.uniform((3, 5), 1001, np.dtype(np.float64)),
        "normal": distributions.normal((3, 5), 1001, np.dtype(np.float64)),
        "single": distributions.normal((3, 5), 1001, np.dtype(np.float32)),
        "truncated": distributions.truncated_normal((3, 5), 1001, np.dtype(np.float64)),
        "orthogonal": initializers.orthogonal(seed=5, dtype=np.float64)((3, 7, 11)),
    }
    assert {name: _digest(values) for name, values in drawn.items()} == {
        "uniform": "62b250f7ed1196bb",
        "normal": "d80d01969a38e0be",
        "single": "f7b25d58e6f0693b",
        "truncated": "41f4377eaf092851",
        "orthogonal": "fd3df9fb901d424e",
    }


def _digest(values):
    little_endian = values.astype(values.dtype.newbyteorder("<"))
    return hashlib.sha256(little_endian.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("dtype", [np.dtype(np.float32), np.dtype(np.float64)])
def test_a_longer_stream_starts_like_a_shorter_one(dtype):
    for draw in (distributions.uniform, distributions.normal, distributions.truncated_normal):
        long = draw((3, 5), 1003, dtype)
        for size in (0, 1, 2, 3, 4, 5, 127, 128, 129):
            np.testing.assert_array_equal(draw((3, 5), size, dtype), long[:size])


def _share_below(values, points):
    return (values[:, None] < points).mean(axis=0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_distributions_have_their_shapes(dtype):
    """Kolmogorov's distance to the distribution function: below 1.95 / sqrt(n) with probability 0.999."""
    size, dtype = 40_000, np.dtype(dtype)
    points = np.linspace(-1.9, 1.9, 77)
    phi = np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2)
    low, high = phi(-2), phi(2)
    bound = 1.95 / math.sqrt(size) + (0.01 if dtype.itemsize == 2 else 0)
    normal = distributions.normal((1, 2), size, dtype).astype(np.float64)
    truncated = distributions.truncated_normal((1, 2), size, dtype).astype(np.float64)
    uniform = distributions.uniform((1, 2), size, dtype).astype(np.float64)
    assert np.abs(_share_below(normal, points) - phi(points)).max() < bound
    assert np.abs(_share_below(truncated, points) - (phi(points) - low) / (high - low)).max() < bound
    assert np.abs(_share_below(uniform, points / 4 + 0.5) - (points / 4 + 0.5)).max() < bound
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert np.abs(truncated).max() <= 2


def test_orthonormal_columns_are_those_of_lapack():
    matrix = np.random.default_rng(3).normal(size=(23, 9))
    q, r = np.linalg.qr(matrix)
    np.testing.assert_allclose(orthonormal_columns(matrix), q * np.sign(np.diag(r)), atol=1e-14)


def test_orthonormal_columns_of_an_ill_conditioned_matrix():
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(40, 20)) @ np.diag(np.geomspace(1, 1e-7, 20)) @ rng.normal(size=(20, 20))
    q = orthonormal_columns(matrix)
    np.testing.assert_allclose(q.T @ q, np.eye(20), atol=1e-14)
