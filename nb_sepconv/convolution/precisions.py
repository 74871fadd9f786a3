"""The exactness that a caller asks of the pointwise product, by name."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from nb_sepconv.tensors.tracing import refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.tensors.typing import Precision

PRECISIONS = ("float32", "bf16x3", "tf32x3", "tf32", "bf16")  # the most exact first

_of_context = ContextVar("nb_sepconv_precision", default=None)
of_context: Any = _of_context.get


def checked(precision: Precision | None) -> Precision | None:
    """``precision``, one of the names or None.

    Raises:
        ValueError: another value.
    """
    if precision is not None and not (isinstance(precision, str) and precision in PRECISIONS):
        raise ValueError(f"`precision` must be one of {', '.join(PRECISIONS)}, or None. Received: {precision!r}")
    return precision


def chosen(precision: Precision | None) -> Precision | None:
    """``precision``, or for None what the block around asks for, None outside of any."""
    return of_context() if precision is None else checked(precision)


def least(precision: Precision | None, dtype: str) -> str:
    """The name of the exactness that an engine owes for arrays of a type; None asks for what is usual with it."""
    if dtype in ("float16", "float64"):
        return "float32"
    return precision or ("bf16" if dtype == "bfloat16" else "float32")


@contextmanager
def precision(name: Precision | None) -> Iterator[None]:
    """Within the block, calls of this thread need not multiply pointwise more exactly than this.

    Args:
        name: "float32", "bf16x3", "tf32x3", "tf32" or "bf16", as in :func:`nb_sepconv.ops.separable_conv1d`; or None
            for the default of each type. A call's own ``precision`` goes before it.

    Raises:
        ValueError: another value.

    >>> from nb_sepconv.convolution import precisions
    >>> with precision("bf16x3"):
    ...     precisions.of_context()
    'bf16x3'
    """
    refuse_in_trace("A block of `tf.precision`", "put it around the function")
    token = _of_context.set(checked(name))
    try:
        yield
    finally:
        _of_context.reset(token)
