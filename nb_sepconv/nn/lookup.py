"""Rows of tables, and the largest elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.array_ops.selecting import gather
from nb_sepconv.tensors.convert import widely
from nb_sepconv.tensors.tensor import matched_all, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput


@word
def embedding_lookup(
    params: Any,
    ids: ArrayInput,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """The rows of a table at the ids; of a list of tables by the rule ``partition_strategy``, "mod" or "div".

    Args:
        params: array (rows, ...), or a list of these.
        ids: array of integers, any shape.
        partition_strategy: "mod" counts rows across the tables in turn, "div" one table after the other.
        name, validate_indices: unused.
        max_norm: number, rows of a larger Euclidean norm are scaled down to it. Default None.

    Returns:
        array of the shape of ``ids`` and then that of a row.

    Raises:
        ValueError: an id is out of range.

    >>> embedding_lookup([[1.0, 2.0], [3.0, 4.0]], [1, 1]).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    if partition_strategy not in ("mod", "div"):
        raise ValueError(f"`partition_strategy` must be 'mod' or 'div'. Received: {partition_strategy!r}")
    table = _table(params, partition_strategy)
    rows = gather(table, ids)
    return rows if max_norm is None else _limited(rows, max_norm, plain(ids).ndim)


def _table(params, strategy):
    if not isinstance(params, (list, tuple)) or not hasattr(params[0], "dtype"):
        return params
    tables = matched_all(params, [f"params[{i}]" for i in range(len(params))])
    joined = np.concatenate(tables)
    if strategy == "div" or len(tables) == 1:
        return joined
    order = np.argsort([row * len(tables) + i for i, table in enumerate(tables) for row in range(len(table))])
    return joined[order]


def _limited(rows, max_norm, first_axis):
    def clipped(wide):
        axes = tuple(range(first_axis, wide.ndim))
        norms = np.sqrt(np.sum(wide * wide, axis=axes, keepdims=True))
        return wide * np.where(norms > max_norm, wide.dtype.type(max_norm) / norms, wide.dtype.type(1))

    return tensor(widely(clipped, plain(rows)))


@word
def top_k(input: ArrayInput, k: Any = 1, sorted: bool = True, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The ``k`` largest elements along the last axis, and their places in int32; of equals the first.

    >>> values, places = top_k([1, 7, 5], 2)
    >>> values.tolist(), places.tolist()
    ([7, 5], [1, 2])
    """
    array, count = plain(input), int(plain(k))
    if array.ndim == 0 or not 0 <= count <= array.shape[-1]:
        raise ValueError(f"`k` must lie in [0, n] for a last axis of size n. Received: {count}, {array.shape}")
    places = np.argsort(-_sortable(array), axis=-1, kind="stable")[..., :count]
    return tensor(np.take_along_axis(array, places, -1)), tensor(places.astype(np.int32))


def _sortable(array):
    return (
        array.astype(np.float32)
        if array.dtype.itemsize == 2 and array.dtype.kind in "fV"
        else (array if array.dtype.kind == "f" else array.astype(np.int64))
    )


@word
def in_top_k(predictions: ArrayInput, targets: ArrayInput, k: Any, name: str | None = None) -> Tensor:
    """Whether fewer than ``k`` predictions are larger than that of the target, for each example.

    >>> in_top_k([[0.1, 0.7, 0.2]], [2], 2).tolist()
    [True]
    """
    predictions, targets = plain(predictions), plain(targets)
    if predictions.ndim != 2 or targets.shape != predictions.shape[:1]:
        raise ValueError(
            f"`predictions` must be a matrix and `targets` hold a number for each row. "
            f"Received: the shapes {predictions.shape} and {targets.shape}"
        )
    known = (targets >= 0) & (targets < predictions.shape[1])
    of_target = np.take_along_axis(predictions, np.where(known, targets, 0)[:, None], 1)
    larger = (predictions > of_target).sum(1)
    return tensor(known & np.isfinite(predictions).all(1) & (larger < int(plain(k))))
