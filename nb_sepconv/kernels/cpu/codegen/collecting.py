"""Garbage is collected after compiling: while Numba fills memory with objects, Python would look through all of them
again and again, which is a tenth of the time that compiling takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """While open, Python's garbage collector waits."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
