"""Threads of our own, started when they are first needed, anew in a forked child."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from nb_sepconv.kernels.cpu.runtime.threads import available


def run_together(work: Any, workers: int) -> None:
    """Call ``work(0)`` on this thread and ``work(i)`` on ``workers - 1`` others, until all that started have returned.

    There are fewer others where they are busy, and where the system or an ending interpreter refuses threads: ``work``
    must do everything that is left.
    """
    helpers = _start(work, workers - 1)
    work(0)
    for helper in helpers:
        if not helper.cancel():
            helper.result()


def _start(work, count):
    helpers = []
    try:
        for index in range(1, count + 1):
            helpers.append(own_threads().submit(work, index))
    except RuntimeError:
        pass
    return helpers


@cache
def own_threads() -> Any:
    return ThreadPoolExecutor(available(), thread_name_prefix="nb_sepconv")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=own_threads.cache_clear)
