"""A separable convolution as PyTorch and ONNX write it: a grouped convolution, then one of width 1.

Their weights are (C*M, 1, K) and (F, C*M, 1); output channel c*M + m of the first belongs to input channel c, as here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.weights.separable_names import Separable

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array, ArrayInput


def to_separable(
    depthwise: ArrayInput,
    depthwise_bias: ArrayInput | None,
    pointwise: ArrayInput,
    pointwise_bias: ArrayInput | None,
    depth_multiplier: int,
) -> Separable:
    """The layer that does what the two convolutions do, with the first one's bias carried through the second.

    Args:
        depthwise: array (C*M, 1, K), or with further axes of size 1.
        depthwise_bias: array (C*M,) or None.
        pointwise: array (F, C*M, 1), or (F, C*M).
        pointwise_bias: array (F,) or None.
        depth_multiplier: int, M.
    """
    depthwise, pointwise = _squeezed("depthwise", depthwise, 3), _squeezed("pointwise", pointwise, 2)
    hidden, one, taps = depthwise.shape
    if one != 1 or hidden % depth_multiplier:
        raise ValueError(
            f"`depthwise` must have the shape (C*{depth_multiplier}, 1, K) for depth_multiplier={depth_multiplier}. "
            f"Received: shape={depthwise.shape}"
        )
    if pointwise.shape[1] != hidden:
        raise ValueError(f"`pointwise` must have the shape (F, {hidden}, 1). Received: shape={pointwise.shape}")
    kernel = depthwise.reshape(hidden // depth_multiplier, depth_multiplier, taps).transpose(2, 0, 1)
    bias = _carried_bias(depthwise_bias, pointwise, pointwise_bias)
    return Separable(np.ascontiguousarray(kernel), np.ascontiguousarray(pointwise.T[None]), bias)


def from_separable(layer: Separable) -> tuple[Array, Array]:
    """The weights (C*M, 1, K) and (F, C*M, 1) of a layer."""
    taps, channels, multiplier = layer.depthwise_kernel.shape
    depthwise = layer.depthwise_kernel.transpose(1, 2, 0).reshape(channels * multiplier, 1, taps)
    return np.ascontiguousarray(depthwise), np.ascontiguousarray(layer.pointwise_kernel.transpose(2, 1, 0))


def _carried_bias(depthwise_bias, pointwise, pointwise_bias):
    """bias[f] + sum_h depthwise_bias[h] P[f, h]; padding comes before the first bias, so that this is exact."""
    if depthwise_bias is None:
        return None if pointwise_bias is None else _vector("pointwise", pointwise_bias, pointwise.shape[0])
    first = _vector("depthwise", depthwise_bias, pointwise.shape[1]).astype(np.float64)
    second = 0.0 if pointwise_bias is None else _vector("pointwise", pointwise_bias, pointwise.shape[0])
    return (pointwise.astype(np.float64) @ first + second).astype(pointwise.dtype)


def _vector(name, bias, size):
    bias = np.asarray(bias).reshape(-1)
    if bias.size != size:
        raise ValueError(f"The bias of `{name}` must have the shape ({size},). Received: {bias.size} elements")
    return bias


def _squeezed(name, weight, rank):
    """The weight without the axes of size 1 that other layouts put behind the first two."""
    weight = np.asarray(weight)
    if weight.ndim < 2:
        raise ValueError(f"`{name}` must have the axes of a convolution's weight. Received: shape={weight.shape}")
    spatial = [size for size in weight.shape[2:] if size != 1]
    if len(spatial) > rank - 2:
        raise ValueError(f"`{name}` must have at most {rank - 2} spatial axes above 1. Received: shape={weight.shape}")
    spatial += [1] * (rank - 2 - len(spatial))
    return weight.reshape(*weight.shape[:2], *spatial)
