"""The three variables of a separable convolution in a mapping of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb_sepconv.tensors.typing import Array

DEPTHWISE, POINTWISE, BIAS = "depthwise_kernel", "pointwise_kernel", "bias"


class Separable(NamedTuple):
    """The arrays of one layer; ``bias`` may be None."""

    depthwise_kernel: np.ndarray
    pointwise_kernel: np.ndarray
    bias: np.ndarray


def separable_layers(mapping: Mapping[str, Any]) -> dict[str, Separable]:
    """The layers of a mapping in its order: {name of the layer: Separable}.

    Args:
        mapping: ``depthwise_kernel``, ``pointwise_kernel`` and ``bias``, alone or behind ``<layer>/``.
    """
    owners = {name.removesuffix(DEPTHWISE): None for name in mapping if name.split("/")[-1] == DEPTHWISE}
    if not owners:
        raise ValueError(f"`mapping` must hold a `{DEPTHWISE}`. Received: {sorted(mapping)[:8]}")
    return {owner.rstrip("/"): _layer(mapping, owner) for owner in owners}


def named(name: str | None, layer: Separable) -> dict[str, Array]:
    """The variables of a layer by name, behind ``<name>/`` where it has one."""
    prefix = f"{name}/" if name else ""
    return {prefix + role: array for role, array in layer._asdict().items() if array is not None}


def _layer(mapping, owner):
    if owner + POINTWISE not in mapping:
        raise ValueError(
            f"`mapping` must hold `{owner}{POINTWISE}` beside `{owner}{DEPTHWISE}`. Received: {sorted(mapping)[:8]}"
        )
    depthwise, pointwise = np.asarray(mapping[owner + DEPTHWISE]), np.asarray(mapping[owner + POINTWISE])
    bias = np.asarray(mapping[owner + BIAS]) if owner + BIAS in mapping else None
    if pointwise.ndim == 2:
        pointwise = pointwise[None]
    if (
        depthwise.ndim != 3
        or pointwise.ndim != 3
        or pointwise.shape[:2] != (1, depthwise.shape[1] * depthwise.shape[2])
    ):
        raise ValueError(
            f"The kernels `{owner}...` must have the shapes (K, C, M) and (1, C*M, F). "
            f"Received: shapes={depthwise.shape} and {pointwise.shape}"
        )
    return Separable(depthwise, pointwise, bias)
