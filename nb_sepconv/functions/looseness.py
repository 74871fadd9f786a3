"""Which results have shapes that follow from values, so that a later run may find others."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.containers import items_of
from nb_sepconv.tensors.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = frozenset(
    [
        "axes",
        "axis",
        "batch_axis",
        "batch_dim",
        "batch_dims",
        "batch_shape",
        "begin",
        "delta",
        "depth",
        "dilations",
        "dim",
        "dimension",
        "dims",
        "end",
        "k",
        "keep_dims",
        "keepdims",
        "limit",
        "mask",
        "maxlen",
        "multiples",
        "noise_shape",
        "num",
        "num_columns",
        "num_or_size_splits",
        "num_rows",
        "num_segments",
        "ord",
        "paddings",
        "perm",
        "reduction_indices",
        "repeats",
        "segment_ids",
        "seq_axis",
        "seq_dim",
        "shape",
        "size",
        "squeeze_dims",
        "start",
        "stride",
        "strides",
    ]
)
WITHOUT = {"condition": "x", "lengths": "maxlen"}  # values of the first one are sizes where the second one is None


def sized_by_values(word: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Whether values of a later run decide the shape of what a word gives."""
    try:
        given = _signature_of(word).bind(*args, **kwargs).arguments
    except TypeError:  # the word itself refuses them
        return False
    return any(_varies(value) for name, value in given.items() if _is_size(name, given))


def _is_size(name, given):
    return name in SIZES or (name in WITHOUT and given.get(WITHOUT[name]) is None)


_signature_of = lru_cache(512)(inspect.signature)


def _varies(value):
    return type(value) is Symbol or isinstance(value, ArrayLike) or any(map(_varies, items_of(value)))
