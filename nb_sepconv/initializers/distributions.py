"""Uniform, normal and truncated normal numbers as TensorFlow's CPU operations draw them from Philox words.

The uniform numbers equal TensorFlow's bit for bit. The normal ones agree to float rounding: TensorFlow takes
logarithm, sine and cosine from the platform, here they come from :mod:`.elementary`, so that the same seeds give the
same bits everywhere.

Source: TensorFlow, ``core/lib/random/random_distributions.h`` and ``core/kernels/random_op_cpu.h``.
"""

import math

import numpy as np

from nb_sepconv.initializers.elementary import log, sine_and_cosine
from nb_sepconv.initializers.philox import Seeds, words

_UNIFORM_BITS = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}
_SMALLEST = 1e-7
_TRUNCATION = 2.0
_WORDS_PER_TRUNCATED = 256


def uniform(seeds: Seeds, size: int, dtype: np.dtype) -> np.ndarray:
    """``size`` numbers from [0, 1), multiples of the type's spacing in [1, 2)."""
    bits = _UNIFORM_BITS[dtype.name]
    return _fractions(words(seeds, np.arange(_blocks(size, dtype))), bits).ravel()[:size].astype(dtype)


def integers(seeds: Seeds, size: int, low: int, high: int, dtype: np.dtype) -> np.ndarray:
    """``size`` integers from [low, high)."""
    numbers = words(seeds, np.arange(_blocks(size, dtype)))
    if dtype.itemsize == 8:
        numbers = numbers[..., 0::2] | numbers[..., 1::2] << np.uint64(32)
    return (numbers.ravel()[:size] % np.uint64(high - low)).astype(np.int64).astype(dtype) + dtype.type(low)


def normal(seeds: Seeds, size: int, dtype: np.dtype) -> np.ndarray:
    """``size`` numbers of the standard normal distribution."""
    return _normals(words(seeds, np.arange(_blocks(size, dtype))), dtype).ravel()[:size].astype(dtype)


def truncated_normal(seeds: Seeds, size: int, dtype: np.dtype) -> np.ndarray:
    """``size`` numbers of the standard normal distribution between -2 and 2; each group of them has its own blocks."""
    groups = np.arange(_blocks(size, dtype))
    group_size = _group_size(dtype)
    tries = 4
    drawn = _first_within(seeds, groups, tries, dtype)
    while np.isnan(drawn).any():
        tries *= 2
        short = np.isnan(drawn).any(axis=-1)
        drawn[short] = _first_within(seeds, groups[short], tries, dtype)
    return drawn[..., :group_size].ravel()[:size].astype(dtype)


def _first_within(seeds, groups, tries, dtype):
    """The first numbers within the truncation of each group, NaN where ``tries`` blocks do not hold enough."""
    stride = _group_size(dtype) * _WORDS_PER_TRUNCATED // 4
    candidates = _normals(words(seeds, groups[:, None] * stride + np.arange(tries)), dtype)
    candidates = candidates.reshape(len(groups), tries * candidates.shape[-1])
    outside = np.abs(candidates) >= _TRUNCATION
    order = np.argsort(outside, axis=-1, kind="stable")[:, : _group_size(dtype)]
    return np.take_along_axis(np.where(outside, np.nan, candidates), order, axis=-1)


def _group_size(dtype):
    return 2 if dtype.itemsize == 8 else 4


def _blocks(size, dtype):
    return -(-size // _group_size(dtype))


def _fractions(numbers, bits):
    if bits > 32:
        numbers = numbers[..., 0::2] << np.uint64(32) | numbers[..., 1::2]
    return (numbers & np.uint64(2**bits - 1)).astype(np.float64) * 0.5**bits


def _normals(numbers, dtype):
    """Box and Muller's transform of pairs of uniform numbers, rounded where TensorFlow rounds."""
    real = np.float64 if dtype.itemsize == 8 else np.float32
    fractions = _fractions(numbers, _UNIFORM_BITS[real.__name__])
    radius = np.sqrt(-2 * log(np.maximum(fractions[..., 0::2], float(real(_SMALLEST)))))
    angle = (2 * math.pi * fractions[..., 1::2]).astype(real).astype(np.float64)
    pairs = np.stack([radius * part for part in sine_and_cosine(angle)], axis=-1)
    return pairs.astype(real).reshape(*numbers.shape[:-1], 2 * pairs.shape[-2])
