"""Which two numbers an operation's random stream starts from: TF1's graph seed and operation seed.

Source: ``tf.compat.v1.random.get_seed``.
"""

import numbers
import secrets
from collections.abc import Callable

_LARGEST = 2**31 - 1
_DEFAULT_GRAPH_SEED = 87654321


def checked(seed) -> int | None:
    """The seed as an int or None.

    Raises:
        TypeError: it is neither.
    """
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise TypeError(f"`seed` must be an integer or None. Received: {seed!r}")
    return int(seed)


class GraphSeed:
    """The seed of a graph, and how many of its operations have drawn a seed of their own.

    Args:
        value: int or None, the seed. Default None, none is set.

    Example:
        >>> graph_seed = GraphSeed(42)
        >>> graph_seed.next_operation(), graph_seed.next_operation()
        (0, 1)
    """

    def __init__(self, value: int | None = None):
        self.value = checked(value)
        self._operations = 0

    def next_operation(self) -> int:
        """The seed of the next operation that was given none."""
        self._operations += 1
        return self._operations - 1


_outside_of_graphs = GraphSeed()
_current: Callable[[], GraphSeed] = lambda: _outside_of_graphs  # noqa: E731


def use_graph_seed(current: Callable[[], GraphSeed]) -> None:
    """Let ``current()`` say which graph's seed is in force; until then there is a single one without a value."""
    global _current
    _current = current


def operation_seeds(seed: int | None) -> tuple[int, int]:
    """The two seeds of one operation.

    Args:
        seed: int or None, the operation's own seed.

    Returns:
        The graph's seed (or TF's default) and the operation's seed (or the next one of the graph); fresh entropy if
        neither is set.
    """
    graph_seed = _current()
    if graph_seed.value is None:
        return own_seeds(seed)
    return _apart_from_zero(graph_seed.value, graph_seed.next_operation() if seed is None else seed)


def own_seeds(seed: int | None) -> tuple[int, int]:
    """The two seeds of an operation outside of any graph: of its own seed, or of fresh entropy for None."""
    if seed is None:
        return secrets.randbits(64), secrets.randbits(64)
    return _apart_from_zero(_DEFAULT_GRAPH_SEED, seed)


def _apart_from_zero(graph_seed, operation_seed):
    seeds = graph_seed % _LARGEST, operation_seed % _LARGEST
    return seeds if seeds != (0, 0) else (0, _LARGEST)
