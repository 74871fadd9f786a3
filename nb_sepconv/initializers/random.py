"""TF1's random initializers, with TF1's arguments, their order and their defaults.

Source: the formulas of ``tf.compat.v1.initializers``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.initializers import distributions
from nb_sepconv.initializers.base import Initializer, SeededInitializer
from nb_sepconv.initializers.orthonormal import orthonormal_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import Array, Config

_TRUNCATED_DEVIATION = 0.87962566103423978  # of a standard normal variable cut at -2 and 2


class RandomUniform(SeededInitializer):
    """Numbers spread evenly over [minval, maxval).

    Args:
        minval: float, the lower end. Default 0.
        maxval: float, the upper end. Default None: 1, and integer types need one given.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float or integer type where the call gives none. Default float32.

    Raises:
        ValueError: on calling, an integer type without ``maxval`` or with ``maxval <= minval``.

    Example:
        >>> RandomUniform(-1, 1, seed=7)((2,)).tolist()
        [-0.03211808204650879, 0.012406110763549805]
    """

    def __init__(
        self, minval: float = 0.0, maxval: float | None = None, seed: int | None = None, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(seed)
        Initializer.__init__(self, dtype)
        self.minval = minval
        self.maxval = maxval

    def _values(self, shape, dtype):
        if dtype.kind in "iu":
            return self._integers(shape, dtype)
        low, high = dtype.type(self.minval), dtype.type(1 if self.maxval is None else self.maxval)
        return self._draw(distributions.uniform, shape, dtype) * (high - low) + low

    def _integers(self, shape, dtype):
        if self.maxval is None or not self.minval < self.maxval:
            raise ValueError(
                f"`maxval` must be given and greater than `minval` for the integer type {dtype}. "
                f"Received: minval={self.minval!r}, maxval={self.maxval!r}"
            )
        low, high = int(self.minval), int(self.maxval)
        return distributions.integers(self._seeds(), math.prod(shape), low, high, dtype).reshape(shape)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


class _Normal(SeededInitializer):
    _distribution = None

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: int | None = None, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(seed, dtype)
        self.mean = mean
        self.stddev = stddev

    def _values(self, shape, dtype):
        standard = self._draw(type(self)._distribution, shape, dtype)
        return standard * dtype.type(self.stddev) + dtype.type(self.mean)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class RandomNormal(_Normal):
    """Normally distributed numbers.

    Args:
        mean: float. Default 0.
        stddev: float, the standard deviation. Default 1.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Example:
        >>> RandomNormal(1.0, 2.0, seed=7)((2,)).round(4).tolist() == np.float32([0.9061, -1.4078]).tolist()
        True
    """

    _distribution = distributions.normal


class TruncatedNormal(_Normal):
    """Normally distributed numbers, drawn again where they are two standard deviations or more from the mean.

    Args:
        mean: float. Default 0.
        stddev: float, the standard deviation before the truncation. Default 1.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Example:
        >>> float(abs(TruncatedNormal(stddev=3.0, seed=7)((1000,))).max()) < 6
        True
    """

    _distribution = distributions.truncated_normal


class UniformUnitScaling(SeededInitializer):
    """Numbers spread evenly over ``factor * sqrt(3 / n) * [-1, 1)``, with n the product of all axes but the last.

    Args:
        factor: float. Default 1.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Example:
        >>> float(abs(UniformUnitScaling(seed=7)((3, 100))).max()) < 1
        True

    Source: Sussillo and Abbott, arXiv:1412.6558.
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: DTypeLike = np.float32) -> None:
        super().__init__(seed, dtype)
        self.factor = factor

    def _values(self, shape, dtype):
        limit = math.sqrt(3 / max(math.prod(shape[:-1]), 1)) * self.factor
        return self._draw(symmetric_uniform(limit), shape, dtype)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"factor": self.factor, **super().get_config()}


class VarianceScaling(SeededInitializer):
    """Numbers of variance ``scale / fan``, by the number of connections of the weights.

    Args:
        scale: positive float. Default 1.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``, the ``fan``. Default ``"fan_in"``.
        distribution: ``"truncated_normal"`` (``"normal"`` means the same), ``"untruncated_normal"`` or ``"uniform"``.
            Default ``"truncated_normal"``.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Raises:
        ValueError: another scale, mode or distribution.

    Example:
        >>> float(abs(VarianceScaling(distribution="uniform", seed=7)((3, 100))).max()) < 1
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(seed, dtype)
        if not scale > 0:
            raise ValueError(f"`scale` must be a positive float. Received: {scale!r}")
        self.scale = scale
        self.mode: str = _choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        known = ("normal", "uniform", "truncated_normal", "untruncated_normal")
        self.distribution: str = _choice("distribution", str(distribution).lower(), known)

    def _values(self, shape, dtype):
        fan_in, fan_out = self._fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            return self._draw(symmetric_uniform(math.sqrt(3 * variance)), shape, dtype)
        if self.distribution == "untruncated_normal":
            return self._draw(distributions.normal, shape, dtype) * dtype.type(math.sqrt(variance))
        deviation = math.sqrt(variance) / _TRUNCATED_DEVIATION
        return self._draw(distributions.truncated_normal, shape, dtype) * dtype.type(deviation)

    def _fans(self, shape):
        return fans(shape)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**own, **super().get_config()}


class _Glorot(VarianceScaling):
    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotUniform(_Glorot):
    """Numbers spread evenly over ``sqrt(6 / (fan_in + fan_out)) * [-1, 1)``, also called Xavier's.

    Args:
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Example:
        >>> GlorotUniform(seed=7)((2, 5)).round(4)[0, :2].tolist() == np.float32([-0.0297, 0.0115]).tolist()
        True

    Source: Glorot and Bengio, AISTATS 2010.
    """

    def __init__(self, seed: int | None = None, dtype: DTypeLike = np.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)


class GlorotNormal(_Glorot):
    """Truncated normal numbers of variance ``2 / (fan_in + fan_out)``, also called Xavier's.

    Args:
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Example:
        >>> f"{GlorotNormal(seed=7)((100, 100)).std():.2f}"
        '0.10'

    Source: Glorot and Bengio, AISTATS 2010.
    """

    def __init__(self, seed: int | None = None, dtype: DTypeLike = np.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)


class Orthogonal(SeededInitializer):
    """``gain`` times a random orthogonal matrix, with all axes but the last as its rows.

    Columns are orthonormal, or rows where there are more columns than rows.

    Args:
        gain: float. Default 1.
        seed: int or None. Default None, from the graph's seed or entropy.
        dtype: float type where the call gives none. Default float32.

    Raises:
        ValueError: on calling, a shape of fewer than two axes.

    Example:
        >>> q = Orthogonal(seed=7, dtype=np.float64)((2, 3, 4))
        >>> (q.reshape(6, 4).T @ q.reshape(6, 4)).round(12).tolist() == np.eye(4).tolist()
        True

    Source: Saxe et al., arXiv:1312.6120.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: DTypeLike = np.float32) -> None:
        super().__init__(seed, dtype)
        self.gain = gain

    def _values(self, shape, dtype):
        if len(shape) < 2:
            raise ValueError(f"`shape` must be at least two-dimensional. Received: {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        matrix = orthonormal_columns(self._draw(distributions.normal, tall, dtype).astype(np.float64))
        oriented = matrix.T if rows < columns else matrix
        return (self.gain * oriented).astype(dtype).reshape(shape)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"gain": self.gain, **super().get_config()}


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance ``1 / fan_in`` (LeCun et al., "Efficient BackProp", 1998)."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Numbers spread evenly over ``sqrt(3 / fan_in) * [-1, 1)`` (LeCun et al., "Efficient BackProp", 1998)."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance ``2 / fan_in`` (He et al., arXiv:1502.01852)."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Numbers spread evenly over ``sqrt(6 / fan_in) * [-1, 1)`` (He et al., arXiv:1502.01852)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """How many inputs and outputs each weight of a kernel of this shape connects, as TF counts them.

    Example:
        >>> fans((9, 32, 2)), fans((5,)), fans(())
        ((288, 18), (5, 5), (1, 1))
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def symmetric_uniform(limit: float) -> Callable[..., Array]:
    """The uniform distribution over [-limit, limit), to draw from."""

    def draw(seeds, size, dtype):
        low, high = dtype.type(-limit), dtype.type(limit)
        return distributions.uniform(seeds, size, dtype) * (high - low) + low

    return draw


def _choice(name, value, accepted):
    if value not in accepted:
        raise ValueError(f"`{name}` must be one of {accepted}. Received: {value!r}")
    return value
