"""How TF's words notice that a thread traces a program, and hand their call over to be recorded.

A trace is whatever has ``word`` and ``record``, as :class:`nb_sepconv.functions.trace.Trace` has.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import FunctionT

ASSIGNS = "assigns"  # it changes what later calls find
OF_SHAPES = "of shapes"  # the result follows from the arguments' shapes alone
DRAWN = "drawn"  # the result differs from call to call


class _Traced(threading.local):
    """The trace that this thread is in, or None."""

    trace: Any = None


_traced = _Traced()
open_traces: list[Any] = []  # of all threads: where there is none, no thread has to be asked


def current_trace() -> Any:
    """The trace that this thread is in, or None."""
    return _traced.trace


class Tracing:
    """A block in which a thread is in a trace, or in none, whatever it was before."""

    __slots__ = ("_outer", "_trace")

    def __init__(self, trace: Any) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        open_traces.append(self)
        self._outer, _traced.trace = _traced.trace, self._trace

    def __exit__(self, *error: object) -> None:
        _traced.trace = self._outer
        open_traces.remove(self)


def word(function: FunctionT, kind: str | None = None) -> FunctionT:
    """Make calls of a function of arrays part of what a thread traces; outside of traces it stays what it is.

    Args:
        function: a function whose results follow from its arguments, and from variables among them.
        kind: ``ASSIGNS``, ``OF_SHAPES``, ``DRAWN``, or None.
    """

    @functools.wraps(function)
    def called(*args, **kwargs):
        trace = _traced.trace
        return function(*args, **kwargs) if trace is None else trace.word(function, args, kwargs, kind)

    return called


def word_of(kind: str) -> Callable[[FunctionT], FunctionT]:
    """The decorator :func:`word` for functions of a kind."""
    return functools.partial(word, kind=kind)


def refuse_in_trace(what: str, instead: str) -> None:
    """Raise a TypeError where a thread traces."""
    if _traced.trace is not None:
        raise TypeError(f"{what} is not recorded while `tf.function` traces a program: {instead}")
