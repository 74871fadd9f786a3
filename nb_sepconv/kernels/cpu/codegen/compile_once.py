"""Compiling once: a cache for what takes long to make, asked for by several threads at the same time."""

from __future__ import annotations

import os
from functools import cache, wraps
from typing import Any

from numba.core.compiler_lock import global_compiler_lock


def compile_once(make: Any) -> Any:
    """``functools.cache`` whose callers wait for the first of them, rather than make the same thing beside it."""
    made = {}

    @cache
    @wraps(make)
    def get(*key):
        with global_compiler_lock:
            if key not in made:
                made[key] = make(*key)
        return made[key]

    return get


if hasattr(os, "register_at_fork"):
    # A child that is forked while another thread compiles would wait for that thread's lock for ever.
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )
