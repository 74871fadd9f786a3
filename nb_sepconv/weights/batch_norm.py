"""Batch normalization folded into the pointwise kernel and bias before it, and taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, ArrayInput


def fold_batch_norm(
    pointwise_kernel: ArrayInput,
    bias: ArrayInput | None,
    gamma: ArrayInput | None,
    beta: ArrayInput | None,
    mean: ArrayInput,
    variance: ArrayInput,
    epsilon: float = 1e-3,
) -> tuple[Array, Array]:
    """The pointwise kernel and bias that do what a layer and the batch normalization after it do at inference.

    With s = gamma / sqrt(variance + epsilon): kernel' = kernel * s and bias' = (bias - mean) * s + beta
    (Ioffe and Szegedy 2015, algorithm 2). The activation must come after the normalization.

    Args:
        pointwise_kernel: float array (..., filters).
        bias: array (filters,) or None.
        gamma: array (filters,) or None for ones.
        beta: array (filters,) or None for zeros.
        mean: array (filters,).
        variance: array (filters,), not negative.
        epsilon: float, default 1e-3 as in TensorFlow and Keras; PyTorch has 1e-5.

    Returns:
        (kernel of the same shape and dtype, bias (filters,) of the same dtype).

    Raises:
        ValueError: a shape does not fit, or a variance is negative.

    >>> kernel, bias = fold_batch_norm(np.ones((1, 1, 2)), None, [2.0, 4.0], None, [1.0, 0.0], [1.0, 1.0], 0.0)
    >>> kernel.tolist(), bias.tolist()
    ([[[2.0, 4.0]]], [-2.0, 0.0])
    """
    kernel, bias, beta, mean, scale = _prepare(pointwise_kernel, bias, gamma, beta, mean, variance, epsilon)
    return _cast(kernel, kernel * scale), _cast(kernel, (bias - mean) * scale + beta)


def unfold_batch_norm(
    pointwise_kernel: ArrayInput,
    bias: ArrayInput | None,
    gamma: ArrayInput | None,
    beta: ArrayInput | None,
    mean: ArrayInput,
    variance: ArrayInput,
    epsilon: float = 1e-3,
) -> tuple[Array, Array]:
    """The inverse of :func:`fold_batch_norm`: the kernel and bias before the normalization was folded in.

    Args:
        pointwise_kernel: float array (..., filters).
        bias: array (filters,) or None.
        gamma: array (filters,) without zeros, or None for ones.
        beta: array (filters,) or None for zeros.
        mean: array (filters,).
        variance: array (filters,), not negative.
        epsilon: float, default 1e-3.

    Returns:
        (kernel of the same shape and dtype, bias (filters,) of the same dtype).

    Raises:
        ValueError: a shape does not fit, a variance is negative, or a gamma is zero.
    """
    kernel, bias, beta, mean, scale = _prepare(pointwise_kernel, bias, gamma, beta, mean, variance, epsilon)
    if not scale.all():
        raise ValueError("`gamma` must have no zeros, which erase the kernel. Received: zeros for some filters")
    return _cast(kernel, kernel / scale), _cast(kernel, (bias - beta) / scale + mean)


def _prepare(pointwise_kernel, bias, gamma, beta, mean, variance, epsilon):
    kernel = np.asarray(pointwise_kernel)
    if kernel.ndim == 0:
        raise ValueError(f"`pointwise_kernel` must have its filters on the last axis. Received: shape={kernel.shape}")
    filters = kernel.shape[-1]
    variance = _vector("variance", variance, filters, None)
    if (variance + epsilon <= 0).any():
        raise ValueError(f"`variance` + `epsilon` must be positive. Received: a least variance of {variance.min()}")
    scale = _vector("gamma", gamma, filters, 1.0) / np.sqrt(variance + epsilon)
    bias, beta = _vector("bias", bias, filters, 0.0), _vector("beta", beta, filters, 0.0)
    return kernel, bias, beta, _vector("mean", mean, filters, None), scale


def _vector(name, values, filters, default):
    if values is None and default is not None:
        return np.full(filters, default)
    vector = np.asarray(values, np.float64)
    if vector.shape != (filters,):
        raise ValueError(
            f"`{name}` must have the shape ({filters},), one for each filter. Received: shape={vector.shape}"
        )
    return vector


def _cast(kernel, values):
    return values.astype(kernel.dtype if kernel.dtype.kind in "fV" else np.float64)
