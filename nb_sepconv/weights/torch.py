"""Weights from PyTorch and to it, as arrays; PyTorch itself is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.weights.element_types import BFLOAT16, small_float
from nb_sepconv.weights.grouped_convolutions import from_separable, to_separable
from nb_sepconv.weights.separable_names import named, separable_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb_sepconv.tensors.typing import Array, ArrayInput


def from_torch(
    state_dict: Mapping[str, Any] | None = None,
    *,
    depthwise: str | ArrayInput,
    pointwise: str | ArrayInput,
    bias: str | ArrayInput | None = None,
    depth_multiplier: int = 1,
    name: str | None = None,
) -> dict[str, Array]:
    """The variables of a separable convolution from a grouped convolution and one of width 1.

    Args:
        state_dict: mapping of str to tensor or array, or None where arrays are given. Files of PyTorch are pickles and
            are not read here.
        depthwise: str, a module or a weight in ``state_dict``; or the weight itself, (C*M, 1, K).
        pointwise: str or weight, (F, C*M, 1) or (F, C*M).
        bias: str or array of F elements, None for what the modules have. Default None.
        depth_multiplier: int, default 1.
        name: str or None, the layer's name in front of the variables' names. Default None.

    Returns:
        dict: ``depthwise_kernel`` (K, C, M), ``pointwise_kernel`` (1, C*M, F) and, where there is one, ``bias`` (F,). A
        bias of the first convolution is carried through the second one.

    Raises:
        ValueError: a name is missing, or a shape does not fit.

    >>> weights = from_torch(depthwise=np.ones((4, 1, 9)), pointwise=np.ones((8, 4, 1)))
    >>> {name: array.shape for name, array in weights.items()}
    {'depthwise_kernel': (9, 4, 1), 'pointwise_kernel': (1, 4, 8)}
    """
    first, first_bias = _weight_and_bias("depthwise", state_dict, depthwise)
    second, second_bias = _weight_and_bias("pointwise", state_dict, pointwise)
    if bias is not None:
        second_bias = _weight_and_bias("bias", state_dict, bias)[0]
    return named(name, to_separable(first, first_bias, second, second_bias, depth_multiplier))


def to_torch(
    mapping: Mapping[str, Any], depthwise: str = "depthwise", pointwise: str = "pointwise"
) -> dict[str, Array]:
    """The inverse of :func:`from_torch`: arrays under the names of a ``state_dict``.

    Args:
        mapping: mapping of str to array, the variables of one or more layers.
        depthwise: str, the module of the grouped convolution (``groups`` is C). Default "depthwise".
        pointwise: str, the module of the convolution of width 1. Default "pointwise".

    Returns:
        dict of str to array, ``<layer>.`` in front where the layer has a name.

    Raises:
        ValueError: a kernel is missing, or a shape does not fit.
    """
    arrays = {}
    for name, layer in separable_layers(mapping).items():
        prefix = name.replace("/", ".") + "." if name else ""
        first, second = from_separable(layer)
        arrays |= {f"{prefix}{depthwise}.weight": first, f"{prefix}{pointwise}.weight": second}
        if layer.bias is not None:
            arrays[f"{prefix}{pointwise}.bias"] = layer.bias
    return arrays


def _weight_and_bias(argument, state_dict, what):
    if not isinstance(what, str):
        return _as_array(what), None
    if state_dict is None:
        raise ValueError(f"`{argument}` may be a name only with a `state_dict`. Received: {what!r}")
    if what in state_dict:
        module = what.removesuffix(".weight") if what.endswith(".weight") else None
    else:
        what, module = f"{what}.weight", what
    if what not in state_dict:
        raise ValueError(f"`{argument}` must name a tensor of `state_dict`. Received: {what!r}")
    bias = state_dict.get(f"{module}.bias") if module is not None else None
    return _as_array(state_dict[what]), None if bias is None else _as_array(bias)


def _as_array(tensor):
    """A tensor or array as an array, bfloat16 with its exact values."""
    if not hasattr(tensor, "detach"):
        return np.asarray(tensor)
    tensor = tensor.detach().cpu()
    if str(tensor.dtype).endswith(BFLOAT16):
        array = tensor.float().numpy()
        return array if small_float(BFLOAT16) is None else array.astype(small_float(BFLOAT16))
    return tensor.numpy()
