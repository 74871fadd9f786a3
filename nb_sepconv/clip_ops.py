"""TF1's functions that keep gradients from growing too large: arrays in, new arrays out.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np

from nb_sepconv.tensors.convert import as_array, floats, number_in, real_numbers, widely
from nb_sepconv.tensors.tensor import tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array, ArrayInput


@word
def global_norm(t_list: Sequence[ArrayInput | None], name: str | None = None) -> Any:
    """The Euclidean norm of all elements of all arrays together.

    Args:
        t_list: list of float arrays; None among them is passed over.
        name: unused.

    Returns:
        A scalar of the arrays' type.

    Raises:
        TypeError: ``t_list`` is no list, or does not hold float arrays of one type.
        ValueError: it holds no array.

    Example:
        >>> float(global_norm([np.float32([3]), None, np.float32([0, 4])]))
        5.0
    """
    arrays = [array for array in _float_arrays(t_list) if array is not None]
    if not arrays:
        raise ValueError("`t_list` must hold an array. Received: none")
    if len({array.dtype for array in arrays}) > 1:
        names = sorted({array.dtype.name for array in arrays})
        raise TypeError(f"`t_list` must hold arrays of one type. Received: {', '.join(names)}")
    return widely(lambda _: np.sqrt(sum(_squares(array) for array in arrays)), arrays[0])[()]


@word
def clip_by_global_norm(
    t_list: Sequence[ArrayInput | None], clip_norm: SupportsFloat, use_norm: Any = None, name: str | None = None
) -> tuple[list[Array | Any], Any]:
    """``t * clip_norm / max(global_norm, clip_norm)`` for each array: the norm of all gets ``clip_norm`` at most.

    Args:
        t_list: list of float arrays; None among them stays None.
        clip_norm: number > 0.
        use_norm: number, the norm if it is known. Default ``global_norm(t_list)``.
        name: unused.

    Returns:
        The list of new arrays, all NaN when the norm is not finite, and the norm before clipping.

    Raises:
        TypeError: ``t_list`` is no list, or does not hold float arrays.
        ValueError: it holds no array, or ``clip_norm`` is not positive.

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".

    Example:
        >>> clipped, norm = clip_by_global_norm([np.float32([3]), np.float32([0, 4])], 2.5)
        >>> [array.tolist() for array in clipped], float(norm)
        ([[1.5], [0.0, 2.0]], 5.0)
    """
    arrays = _float_arrays(t_list)
    limit = float(_scalar("clip_norm", clip_norm))
    if not limit > 0:
        raise ValueError(f"`clip_norm` must be positive. Received: {clip_norm!r}")
    norm = global_norm(arrays) if use_norm is None else _scalar("use_norm", use_norm)
    with np.errstate(all="ignore"):
        scale = limit / max(float(norm), limit) + (float(norm) - float(norm))
    return [None if array is None else _scaled(array, scale) for array in arrays], norm


@word
def clip_by_norm(
    t: ArrayInput, clip_norm: SupportsFloat, axes: int | Sequence[int] | None = None, name: str | None = None
) -> Array:
    """``t * clip_norm / max(norm, clip_norm)``: the Euclidean norm gets ``clip_norm`` at most.

    Args:
        t: float array.
        clip_norm: number; a negative one counts as zero.
        axes: int or sequence of ints, the axes that make one vector. Default None, all.
        name: unused.

    Returns:
        A new array of the shape and type of ``t``.

    Raises:
        TypeError: ``t`` is no float array.
        ValueError: ``clip_norm`` is no single number.

    Example:
        >>> clip_by_norm(np.float32([3, 4]), 2.5).tolist()
        [1.5, 2.0]
    """
    limit = max(float(_scalar("clip_norm", clip_norm)), 0.0)
    axes = axes if axes is None or np.ndim(axes) == 0 else tuple(axes)

    def clipped(wide):
        norms = np.sqrt(np.sum(np.square(wide), axis=axes, keepdims=True))
        factor = np.where(norms > limit, wide.dtype.type(limit) / norms, wide.dtype.type(1))
        return wide * np.where(np.isnan(norms), norms, factor)

    return tensor(widely(clipped, floats(t, "t")))


@word
def clip_by_value(
    t: ArrayInput, clip_value_min: ArrayInput, clip_value_max: ArrayInput, name: str | None = None
) -> Array:
    """Each element, but not below ``clip_value_min`` nor above ``clip_value_max``.

    Args:
        t: array of numbers.
        clip_value_min, clip_value_max: numbers, or arrays that broadcast to the shape of ``t``.
        name: unused.

    Returns:
        A new array of the shape and type of ``t``.

    Raises:
        TypeError: ``t`` does not hold numbers, or it holds integers and a limit is none.
        ValueError: a limit does not broadcast to the shape of ``t``.

    Example:
        >>> clip_by_value(np.float32([-3, 0.5, 4]), -1, 1).tolist()
        [-1.0, 0.5, 1.0]
    """
    t = real_numbers(t, "t")
    low, high = _limit("clip_value_min", clip_value_min, t), _limit("clip_value_max", clip_value_max, t)
    return tensor(np.maximum(np.minimum(t, high), low))


def _limit(name, value, t):
    """A limit in the type of ``t``; one beyond the type's range counts as its end."""
    number = number_in(t.dtype, value)
    if number is not None:
        return number
    limit = as_array(value)
    axes = limit.shape[::-1]
    if len(axes) > t.ndim or any(size not in (1, all_) for size, all_ in zip(axes, t.shape[::-1], strict=False)):
        raise ValueError(
            f"`{name}` must be a number or broadcast to the shape of `t`, {t.shape}. Received: shape {limit.shape}"
        )
    if t.dtype.kind in "iu":
        if np.any(limit != np.trunc(limit)):
            raise TypeError(f"`{name}` must hold integers, as `t` of type {t.dtype.name} does. Received: {value!r}")
        limit = np.clip(limit, np.iinfo(t.dtype).min, np.iinfo(t.dtype).max)
    with np.errstate(all="ignore"):
        return limit.astype(t.dtype)


def _float_arrays(t_list):
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` must be a list of arrays. Received: {type(t_list).__name__}")
    return [None if array is None else floats(array, "t_list") for array in t_list]


def _scalar(name, value):
    value = as_array(value)
    if value.ndim:
        raise ValueError(f"`{name}` must be a single number. Received: an array of shape {value.shape}")
    return value[()]


def _squares(array):
    wide = array.astype(np.float32 if array.dtype.itemsize == 2 else array.dtype, copy=False)
    return np.sum(np.square(wide))


def _scaled(array, scale):
    return widely(lambda wide: wide * wide.dtype.type(scale), array)
