"""Every check of a stream's arguments and chunks, and its message."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.array_arguments import UNREADABLE, builtin_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.convolution.stage import Stage

_KINDS = "iufb"


def batch_size(value: Any) -> int:
    """An int > 0."""
    return _positive("batch_size", value)


def length(value: Any, stages: Sequence[Stage]) -> int | None:
    """An int > 0, or None where the zeros of no stage depend on it."""
    if value is not None:
        return _positive("length", value)
    for stage in stages:
        if stage.pads_by_length:
            raise ValueError(
                f'`length` is needed: the layer "{stage.name}" has padding="same" and the stride {stage.stride}, so '
                "the zeros before a series depend on its length. Tell it, or use causal padding, valid, or zeros "
                "(left, right). Received: None"
            )
    return None


def _positive(name, value):
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__") or operator.index(value) < 1:
        raise ValueError(f"`{name}` must be an integer > 0. Received: {value!r}")
    return operator.index(value)


def dtype(value: Any, stages: Sequence[Stage]) -> np.dtype[Any]:
    """The type of the chunks: numbers of any kind, by default the type that the first layer with one computes in."""
    if value is None:
        return first_type(stages) or np.dtype(np.float32)
    found = np.dtype(value).newbyteorder("=")
    if found.kind not in _KINDS and found.name != "bfloat16":
        raise TypeError(f"`dtype` must be a type of integers or floats. Received: {value!r}")
    return found


def first_type(stages: Sequence[Stage]) -> np.dtype[Any] | None:
    """The type that the first stage with one computes in."""
    return next((np.dtype(stage.dtype) for stage in stages if stage.dtype is not None), None)


def as_chunk(value: Any, wanted: np.dtype[Any]) -> np.ndarray:
    """What is no plain array as one: what has a type keeps it, lists and numbers take the wanted one."""
    if hasattr(value, "__cuda_array_interface__"):
        raise TypeError(f"`chunk` lies on a GPU; copy it to the host first. Received: {type(value).__name__}")
    try:
        if hasattr(value, "__array__") or hasattr(value, "dtype"):
            return np.asarray(value)
        return np.asarray(value, wanted)
    except UNREADABLE as error:
        raise builtin_kind(error)(
            f"`chunk` must be an array of {wanted}. Received: {type(value).__name__} ({error})"
        ) from None


def fitting_chunk(chunk: np.ndarray, wanted: np.dtype[Any]) -> np.ndarray:
    """The chunk in native byte order, refused where it is of another type or has not three axes."""
    native = chunk if chunk.dtype.isnative else chunk.astype(chunk.dtype.newbyteorder("="))
    if native.dtype != wanted:
        raise TypeError(
            f"`chunk` must have the type {wanted} of the stream; open it with `dtype` for another one. "
            f"Received: {chunk.dtype}"
        )
    if chunk.ndim != 3:
        raise _wrong_shape("3 axes: (examples, steps, channels), or (examples, channels, steps)", chunk)
    return native


def check_chunk(chunk: np.ndarray, examples: int, channels: int | None, axis: int) -> None:
    """Refuse a chunk of other examples or channels."""
    if chunk.shape[0] == examples and channels in (None, chunk.shape[3 - axis]):
        return
    shape = (examples, "steps", channels or "C") if axis == 1 else (examples, channels or "C", "steps")
    raise _wrong_shape(f"the shape ({', '.join(map(str, shape))})", chunk)


def _wrong_shape(wanted, chunk):
    return ValueError(f"`chunk` must have {wanted}. Received: shape {chunk.shape}")
