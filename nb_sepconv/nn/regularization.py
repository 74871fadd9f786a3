"""Norms, moments, normalization and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import initializers
from nb_sepconv.checks.words import axes_of, axis_of, one_of, sizes_of
from nb_sepconv.initializers.seeds import operation_seeds
from nb_sepconv.tensors.convert import floats, widely
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import matched, plain, tensor
from nb_sepconv.tensors.tracing import DRAWN, word, word_of

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import Array, ArrayInput


@word
def l2_loss(t: ArrayInput, name: str | None = None) -> Tensor:
    """Half the sum of squares, ``sum(t**2) / 2``.

    Args:
        t: array of floats, any shape.
        name: unused.

    Returns:
        An array without axes, of the type of ``t``; 16-bit floats are summed in float32.

    Raises:
        TypeError: ``t`` does not hold floats.

    Example:
        >>> l2_loss([3.0, 4.0]).item()
        12.5
    """
    return tensor(widely(lambda wide: np.add.reduce(wide * wide, axis=None) / 2, floats(plain(t), "t")))


@word
def l2_normalize(
    x: ArrayInput, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: int | None = None
) -> Tensor:
    """``x / sqrt(max(sum(x**2), epsilon))`` along some axes, all by default; ``dim`` is an older name of ``axis``.

    >>> l2_normalize([3.0, 4.0]).round(3).tolist() == np.float32([0.6, 0.8]).tolist()
    True
    """
    x = floats(plain(x), "x")
    axes = axes_of(one_of("axis", axis, "dim", dim), x.ndim)

    def normalized(wide):
        total = np.add.reduce(wide * wide, axis=axes, keepdims=True)
        return wide * (1 / np.sqrt(np.maximum(total, wide.dtype.type(epsilon))))

    return tensor(widely(normalized, x))


@word
def moments(
    x: ArrayInput,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the (biased) variance over some axes; ``keep_dims`` is an older name of ``keepdims``.

    >>> [moment.tolist() for moment in moments([[1.0, 3.0], [5.0, 5.0]], [1])]
    [[2.0, 5.0], [1.0, 0.0]]
    """
    x = floats(plain(x), "x")
    axes = axes_of(axes, x.ndim)
    keepdims = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    mean, variance = quietly(biased_moments, wide, axes)
    if not keepdims:
        mean, variance = mean.squeeze(axes), variance.squeeze(axes)
    if x.dtype.itemsize == 2:
        mean, variance = quietly(mean.astype, x.dtype), quietly(variance.astype, x.dtype)
    return tensor(mean), tensor(variance)


def biased_moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """The mean and the variance of a plain array over some axes, which stay with size 1."""
    mean = _mean(x, axes)
    centred = x - mean
    return mean, _mean(centred * centred, axes)


def _mean(x, axes):
    total = np.add.reduce(x, axis=axes, keepdims=True)
    return total / x.dtype.type(x.size // total.size if total.size else 0)


@word
def batch_normalization(
    x: ArrayInput,
    mean: ArrayInput,
    variance: ArrayInput,
    offset: ArrayInput,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Tensor:
    """``(x - mean) / sqrt(variance + variance_epsilon) * scale + offset``; without those that are None.

    >>> batch_normalization([3.0], [1.0], [4.0], [10.0], [2.0], 0.0).tolist()
    [12.0]
    """
    x, mean = matched(x, mean, ("x", "mean"))
    rest = {"variance": variance, "offset": offset, "scale": scale}
    typed = {key: None if value is None else matched(x, value, ("x", key))[1] for key, value in rest.items()}
    return tensor(normalized(floats(x, "x"), mean, *typed.values(), variance_epsilon))


def normalized(
    x: Array, mean: Array, variance: Array, offset: Array | None, scale: Array | None, epsilon: float
) -> Array:
    """The same on plain arrays of one type; 16-bit floats compute in float32 and round once."""
    arrays = [mean, variance, offset, scale]
    if x.dtype.itemsize == 2:
        arrays = [None if array is None else array.astype(np.float32) for array in arrays]
    return widely(lambda wide: _normalized(wide, *arrays, wide.dtype.type(epsilon)), x)


def _normalized(x, mean, variance, offset, scale, epsilon):
    factor = 1 / np.sqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor + shift


@word_of(DRAWN)
def dropout(
    x: ArrayInput,
    keep_prob: float | None = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: float | None = None,
) -> Tensor:
    """Each element with the probability ``rate`` (or ``1 - keep_prob``) set to 0, the others divided by the rest.

    A size of 1 in ``noise_shape`` drops whole slices. With ``seed``, each call drops the same elements; without, those
    that ``tf.set_random_seed`` decides, else any.

    >>> dropout([1.0, 2.0], rate=0.0).tolist()
    [1.0, 2.0]
    """
    if keep_prob is not None:
        rate = one_of("rate", rate, "keep_prob", 1.0 - float(np.asarray(keep_prob)))
    if rate is None:
        raise ValueError("`rate` must be given. Received: None")
    rate = float(np.asarray(rate))
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must lie in [0, 1). Received: {rate}")
    return tensor(dropped(floats(plain(x), "x"), rate, noise_shape, seed))


def dropped(x: Array, rate: float, noise_shape: Any, seed: int | None) -> Array:
    """The same on a plain array."""
    return rescaled(x, rate, kept_by_chance(x, rate, noise_shape, seed))


def kept_by_chance(x: Array, rate: float, noise_shape: Any, seed: int | None) -> Any:
    """Which elements are not dropped: bools that broadcast to an array, or True for all of them."""
    if rate == 0:
        operation_seeds(seed)  # as TF draws them, whether they are used or not
        return True
    shape = x.shape if noise_shape is None else _noise_shape(noise_shape, x.shape)
    return (initializers.RandomUniform(seed=seed)(shape, x.dtype) >= x.dtype.type(rate)) & (rate < 1)


def rescaled(x: Array, rate: float, kept: Any) -> Array:
    """An array with zeros where it is not kept, and divided by the rate of what is where it is."""
    if kept is True:
        return x.copy()
    factor = x.dtype.type(1 / (1 - rate) if rate < 1 else 0)
    return np.where(kept, quietly(np.multiply, x, factor), x.dtype.type(0))


def _noise_shape(noise_shape, shape):
    noise_shape = (
        noise_shape
        if hasattr(noise_shape, "dtype")
        else [size if each is None else each for each, size in zip(noise_shape, shape, strict=False)]
    )
    sizes = sizes_of(noise_shape, "noise_shape")
    if len(sizes) != len(shape) or any(each not in (1, size) for each, size in zip(sizes, shape, strict=True)):
        raise ValueError(f"`noise_shape` must hold 1 or the size of each axis of {shape}. Received: {sizes}")
    return sizes


@word
def zero_fraction(value: ArrayInput, name: str | None = None) -> Tensor:
    """How large a part of the elements is 0, as float32.

    >>> zero_fraction([0.0, 1.0]).item()
    0.5
    """
    value = plain(value)
    zeros = np.float32(value.size - np.count_nonzero(value))
    return tensor(quietly(np.divide, zeros, np.float32(value.size)))


@word
def crelu(features: ArrayInput, name: str | None = None, axis: Any = -1) -> Tensor:
    """``relu(features)`` and ``relu(-features)`` one after the other along an axis.

    >>> crelu([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0, 1.0, 0.0]]
    """
    features = floats(plain(features), "features")
    axis = axis_of(axis, features.ndim)
    return tensor(np.maximum(np.concatenate([features, -features], axis), features.dtype.type(0)))


@word
def bias_add(value: ArrayInput, bias: ArrayInput, data_format: str | None = None, name: str | None = None) -> Tensor:
    """``value`` with a number added to each channel, which are the last axis, or the second one with "NC...".

    >>> bias_add([[1.0, 2.0]], [10.0, 20.0]).tolist()
    [[11.0, 22.0]]
    """
    value, bias = matched(value, bias, ("value", "bias"))
    if data_format is not None and not (data_format.startswith("N") and "C" in (data_format[-1], data_format[1:2])):
        raise ValueError(f"`data_format` must be of the form `N...C` or `NC...`. Received: {data_format!r}")
    place = 1 if (data_format or "").startswith("NC") else value.ndim - 1
    if value.ndim < 2 or bias.shape != (value.shape[place],):
        raise ValueError(
            f"`bias` must have the size of the axis {place} of `value`, which has two axes or more. "
            f"Received: the shapes {bias.shape} and {value.shape}"
        )
    return tensor(quietly(np.add, value, bias.reshape([-1] + [1] * (value.ndim - 1 - place))))


@word
def xw_plus_b(x: ArrayInput, weights: ArrayInput, biases: ArrayInput, name: str | None = None) -> Tensor:
    """``x @ weights + biases``.

    >>> xw_plus_b([[1.0, 2.0]], [[1.0], [10.0]], [0.5]).tolist()
    [[21.5]]
    """
    from nb_sepconv.math_ops.products import matmul

    return bias_add(matmul(x, weights), biases)
