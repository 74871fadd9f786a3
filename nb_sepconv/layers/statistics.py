"""What batch normalization computes with a layer's variables, from the batch's statistics or from averages of them."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers.weights import array_of
from nb_sepconv.nn.regularization import biased_moments, normalized
from nb_sepconv.tensors.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array

WEIGHTS = ("moving_mean", "moving_variance", "beta", "gamma")


class Normalization:
    """The normalization of inputs of a rank and a type along some axes.

    ``y = x * factor + shift``, ``factor = gamma / sqrt(variance + epsilon)``, ``shift = beta - mean * factor``.

    Args:
        axes: tuple of ints, the axes that have statistics of their own.
        rank: int, how many axes the inputs have.
        epsilon: float, added to the variance.
        weights: the variables, or arrays, ``moving_mean``, ``moving_variance``, ``beta`` and ``gamma``; one of the last
            two is None where there is none.
    """

    def __init__(self, axes: tuple[int, ...], rank: int, epsilon: float, weights: Sequence[Any]) -> None:
        self.axes, self.rank, self.epsilon, self.weights = axes, rank, epsilon, tuple(weights)
        self._over: tuple[int, ...] = tuple(axis for axis in range(rank) if axis not in axes)
        self._variables = [weight for weight in self.weights if weight is not None]
        self._follows = all(type(weight) is Variable for weight in self._variables)
        self._versions, self._scaling = None, (None, None)

    def by_averages(self, inputs: Array) -> Array:
        """The outputs for the moving averages; what they scale and shift by is kept while the variables stay."""
        if inputs.dtype.itemsize == 2 or not inputs.dtype.isnative or not self._follows:
            return self._by(inputs, *self.weights[:2])
        versions = [variable.version for variable in self._variables]
        if versions != self._versions:
            self._scaling = quietly(self._scale_and_shift)
            self._versions = versions
        return quietly(_scaled, inputs, *self._scaling)

    def by_batch(self, inputs: Array) -> tuple[Array, Array, Array]:
        """The outputs for the batch's own statistics, and these: its mean and its (biased) variance."""
        average = array_of(self.weights[0])
        wide = inputs.astype(average.dtype, copy=False)
        moments = quietly(biased_moments, wide, self._over)
        mean, variance = (moment.reshape(average.shape) for moment in moments)
        return self._by(inputs, mean, variance), mean, variance

    def count(self, inputs: Array) -> int:
        """How many elements of the inputs share a mean."""
        return inputs.size // max(array_of(self.weights[0]).size, 1)

    def gradients(
        self, d_outputs: Array, inputs: Array, weights: Sequence[Any], by_batch: bool, wanted: Any
    ) -> dict[str, Array]:
        """The gradients of the inputs, of ``beta`` and of ``gamma`` by name, those that are wanted.

        ``weights`` are the values of ``moving_mean``, ``moving_variance``, ``beta`` and ``gamma`` at the call. The
        batch's statistics depend on the inputs, the averages do not.
        """
        mean, variance, _, gamma = map(self.along, weights)
        x, d_outputs = (array.astype(mean.dtype, copy=False) for array in (inputs, d_outputs))
        if by_batch:
            mean, variance = biased_moments(x, self._over)
        root = 1 / np.sqrt(variance + variance.dtype.type(self.epsilon))
        normal = (x - mean) * root
        d_beta = np.add.reduce(d_outputs, axis=self._over, keepdims=True)
        d_gamma = np.add.reduce(d_outputs * normal, axis=self._over, keepdims=True)
        found = {"beta": d_beta, "gamma": d_gamma}
        if "inputs" in wanted:
            if by_batch:
                count = mean.dtype.type(max(self.count(inputs), 1))
                d_outputs = d_outputs - d_beta / count - normal * (d_gamma / count)
            found["inputs"] = (d_outputs * (root if gamma is None else root * gamma)).astype(inputs.dtype)
        return found

    def _by(self, inputs, mean, variance):
        beta, gamma = self.weights[2:]
        return normalized(inputs, *map(self.along, (mean, variance, beta, gamma)), self.epsilon)

    def _scale_and_shift(self):
        mean, variance, beta, gamma = map(self.along, self.weights)
        factor = 1 / np.sqrt(variance + variance.dtype.type(self.epsilon))
        if gamma is not None:
            factor = factor * gamma
        return factor, -mean * factor if beta is None else beta - mean * factor

    def along(self, array: Any) -> Any:
        """A weight or a statistic in a shape that broadcasts to the inputs, or None for None."""
        if array is None:
            return None
        array = array_of(array)
        if array.ndim == self.rank or self.axes == (self.rank - 1,):
            return array
        return array.reshape([-1] + [1] * (self.rank - 1 - self.axes[0]))


def normalization_of(axes: tuple[int, ...], rank: int, epsilon: float, weights: Sequence[Any]) -> Normalization:
    """A :class:`Normalization`, which the first weight keeps, where it is a variable, for whoever asks for it again."""
    if type(weights[0]) is not Variable or type(epsilon) not in (float, int):
        return Normalization(axes, rank, epsilon, weights)
    kept = weights[0].kept.setdefault(Normalization, {})
    found = kept.get((axes, rank, epsilon))
    if found is None or any(map(is_not, found.weights, weights)):
        found = kept[axes, rank, epsilon] = Normalization(axes, rank, epsilon, weights)
    return found


def _scaled(x, factor, shift):
    outputs = x * factor
    outputs += shift
    return outputs
