"""How many threads a call may use: the smallest of what Numba, the machine, the container and the caller allow."""

import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from numba.core import config

VARIABLE = "NB_SEPCONV_NUM_THREADS"
CGROUP = Path("/sys/fs/cgroup")

_chosen = None
_limit = ContextVar("nb_sepconv_num_threads", default=None)


def get_num_threads() -> int:
    """The number of threads that the next call on this thread may use.

    The smallest of ``num_threads``, ``set_num_threads`` or the environment's ``NB_SEPCONV_NUM_THREADS``, Numba's own
    limit, the processors this process may run on and the container's quota. A Dask worker's task uses 1.
    """
    return _limit.get() or _chosen or (1 if _in_dask_task() else available())


def set_num_threads(count) -> None:
    """Let every call of this process use at most ``count`` threads.

    Args:
        count: int > 0, cut to what is available; or None for the default.
    """
    global _chosen
    _chosen = None if count is None else _checked(count)


@contextmanager
def num_threads(count):
    """Within the block, calls of this thread use at most ``count`` threads.

    Args:
        count: int > 0, cut to what is available.
    """
    token = _limit.set(_checked(count))
    try:
        yield
    finally:
        _limit.reset(token)


def _checked(count) -> int:
    if not hasattr(count, "__index__") or isinstance(count, bool) or count.__index__() < 1:
        raise ValueError(f"`count` must be an int > 0, a number of threads. Received: {count!r}")
    return min(count.__index__(), available())


@cache
def available() -> int:
    """The threads that this process can keep busy."""
    limits = [config.NUMBA_NUM_THREADS, _processors(), _quota(), _environment()]
    return max(1, min(limit for limit in limits if limit))


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _environment():
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"`{VARIABLE}` must be an integer > 0. Received: {value!r}")
    return int(value)


def _quota():
    """Whole processors that the control group allows, or None."""
    for read in (_quota_v2, _quota_v1):
        try:
            quota, period = read()
            return max(1, quota // period) if quota > 0 else None
        except (OSError, ValueError):
            continue
    return None


def _quota_v2():
    quota, period = (CGROUP / "cpu.max").read_text().split()
    return (-1 if quota == "max" else int(quota)), int(period)


def _quota_v1():
    read = [int((CGROUP / "cpu" / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period")]
    return read[0], read[1]


def _in_dask_task() -> bool:
    """Whether Dask runs a task on this thread: its workers fill the processors by themselves."""
    worker = sys.modules.get("distributed.worker")
    return worker is not None and hasattr(getattr(worker, "thread_state", None), "execution_state")
