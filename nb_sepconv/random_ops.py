"""TF1's random arrays: the numbers of its initializers, by the same seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import initializers
from nb_sepconv.checks.words import whole_sizes_of
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor import plain, tensor
from nb_sepconv.tensors.tracing import DRAWN, word_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput, ShapeInput


@word_of(DRAWN)
def random_uniform(
    shape: ShapeInput,
    minval: Any = 0,
    maxval: Any = None,
    dtype: DTypeLike = np.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers spread evenly over [minval, maxval), by default [0, 1); integer types need ``maxval``.

    >>> random_uniform([2], -1, 1, seed=7).tolist()
    [-0.03211808204650879, 0.012406110763549805]
    """
    return _drawn(initializers.RandomUniform(minval, maxval, seed), shape, dtype)


@word_of(DRAWN)
def random_normal(
    shape: ShapeInput,
    mean: ArrayInput = 0.0,
    stddev: Any = 1.0,
    dtype: DTypeLike = np.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers.

    >>> random_normal([2, 3]).get_shape().as_list()
    [2, 3]
    """
    return _drawn(initializers.RandomNormal(mean, stddev, seed), shape, dtype)


@word_of(DRAWN)
def truncated_normal(
    shape: ShapeInput,
    mean: ArrayInput = 0.0,
    stddev: Any = 1.0,
    dtype: DTypeLike = np.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers, none further than two standard deviations from the mean.

    >>> float(abs(truncated_normal([100])).max()) <= 2
    True
    """
    return _drawn(initializers.TruncatedNormal(mean, stddev, seed), shape, dtype)


def _drawn(initializer, shape, dtype):
    return tensor(initializer(whole_sizes_of(shape), as_dtype(dtype)))


@word_of(DRAWN)
def random_shuffle(value: ArrayInput, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows in a random order, another one than TensorFlow's for the same seed.

    >>> sorted(random_shuffle([1, 2, 3]).tolist())
    [1, 2, 3]
    """
    value = plain(value)
    if value.ndim == 0:
        raise ValueError("`value` must have one axis or more. Received: a single number")
    keys = initializers.RandomUniform(seed=seed)((len(value),), np.dtype(np.float64))
    return tensor(value[np.argsort(keys, kind="stable")])
