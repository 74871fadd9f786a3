"""The axes and the types of a source: what one lacks is added, and what has no numbers is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.sources.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBERS = "biuf"
EXAMPLE = 0


def time_axis(channels_last: bool) -> int:
    """The axis of (N, L, C) or (N, C, L) that is time."""
    return 1 if channels_last else 2


def canonical(shape: Sequence[int], channels_last: bool, path: str) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    """The shape (N, L, C) or (N, C, L) of an array, and the axis there of each of its own axes.

    One axis is time: a series of one channel. Two axes are one series in the model's order, steps by channels with
    channels last. Three axes are taken as they are.
    """
    if not 1 <= len(shape) <= 3 or min(shape) < 0:
        problem = f"expected an array of 1, 2 or 3 axes: steps, a series or a batch of them; its shape is {list(shape)}"
        raise SourceError(problem, path)
    axes = ((time_axis(channels_last),), (1, 2), (0, 1, 2))[len(shape) - 1]
    full = [1, 1, 1]
    for axis, size in zip(axes, shape, strict=True):
        full[axis] = int(size)
    return (full[0], full[1], full[2]), axes


def stored_dtype(dtype: np.dtype[Any], wanted: np.dtype[Any] | None, path: str) -> np.dtype[Any]:
    """The type of stored numbers, where they are real ones; two raw bytes are a bfloat16 where that is wanted."""
    if dtype.kind in NUMBERS or dtype.name == "bfloat16":
        return dtype
    if dtype == np.dtype("V2") and wanted is not None and wanted.name == "bfloat16":
        return wanted
    hint = "; objects are pickled, which can run code, and are never loaded" if dtype.hasobject else ""
    raise SourceError(f"expected real numbers; its type is {dtype}{hint}", path)


def read_dtype(stored: np.dtype[Any], wanted: np.dtype[Any] | None) -> np.dtype[Any]:
    """The type that a source gives: the wanted one, or else its own; of integers float32."""
    if wanted is not None:
        return np.dtype(wanted)
    return np.dtype(np.float32) if stored.kind in "biu" else stored.newbyteorder("=")
