"""NumPy's functions without its warnings of infinities and NaN, which TensorFlow gives without a word."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class _Silence(threading.local):
    """A context of this thread in which NumPy is silent; entering it costs a twentieth of ``np.errstate``."""

    def __init__(self):
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


def _with_errstate(function, *args, **kwargs):
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


_silence = _Silence() if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else None


def quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, where ``function`` calls NumPy on plain arrays and not this again.

    NumPy 2 keeps its error state in a context variable; before it, the state is the thread's.
    """
    if _silence is None:
        return _with_errstate(function, *args, **kwargs)
    return _silence.run(function, *args, **kwargs)
