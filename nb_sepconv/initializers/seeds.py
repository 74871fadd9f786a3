"""Which two numbers an operation's random stream starts from: TF1's graph seed and operation seed.

Source: ``tf.compat.v1.random.get_seed``.
"""

from __future__ import annotations

import numbers
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np

from nb_sepconv.initializers.philox import words

_LARGEST = 2**31 - 1
_DEFAULT_GRAPH_SEED = 87654321
_STIRRING_KEY = 0x02461E293EC8F720


class Unseeded:
    """What stands for a graph while there is none: it has no seed."""

    seed = None


_current_graph = Unseeded


def use_graph_seed(current_graph: Callable) -> None:
    """Take the graph's seed from ``current_graph()``; until this is called, no graph has one.

    Args:
        current_graph: a function of no arguments. What it returns has ``seed`` (int or None) and ``next_seed()``, the
            pair of that seed and of how many were asked before.
    """
    global _current_graph
    _current_graph = current_graph


def operation_seeds(seed: int | None) -> tuple[int, int]:
    """The two seeds of one operation.

    Args:
        seed: int or None, the operation's own seed.

    Returns:
        The graph's seed (or TF's default) and the operation's own (or the graph's next); fresh entropy if neither is
        set.
    """
    graph = _current_graph()
    if graph.seed is None:
        return own_seeds(seed)
    return _apart_from_zero(*(graph.next_seed() if seed is None else (graph.seed, seed)))


def own_seeds(seed: int | None) -> tuple[int, int]:
    """The two seeds of an operation outside of any graph: of its own seed, or of fresh entropy for None."""
    if seed is None:
        return secrets.randbits(64), secrets.randbits(64)
    return _apart_from_zero(_DEFAULT_GRAPH_SEED, seed)


def stateless_seeds(seed: int) -> tuple[int, int]:
    """The key and the counter of TF's stateless operations for the pair of seeds ``[seed, 0]``, as Keras gives them.

    Source: ``core/kernels/stateless_random_ops.cc``, where Philox stirs the seeds before they are used.
    """
    stirred = [int(word) for word in words((_STIRRING_KEY, 0), np.array(seed % 2**64, np.uint64))]
    return stirred[0] | stirred[1] << 32, stirred[2] | stirred[3] << 32


def _apart_from_zero(graph_seed, operation_seed):
    """The seeds cut to 31 bits; TF keeps (0, 0) for entropy."""
    seeds = int(graph_seed) % _LARGEST, int(operation_seed) % _LARGEST
    return seeds if seeds != (0, 0) else (0, _LARGEST)


def checked(seed: Any) -> int | None:
    """The seed as an int or None.

    Raises:
        TypeError: it is neither.
    """
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise TypeError(f"`seed` must be an integer or None. Received: {seed!r}")
    return int(seed)
