"""How many threads a call may use: the smallest of what Numba, the machine, the container and the caller allow."""

from __future__ import annotations

import operator
import os
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numba.core import config

from nb_sepconv.kernels.cpu.runtime.occupied import in_process_of_pool, in_task

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "NB_SEPCONV_NUM_THREADS"
CGROUP = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")

_chosen = None
_limit = ContextVar("nb_sepconv_num_threads", default=None)


def get_num_threads() -> int:
    """The number of threads that the next call on this thread may use.

    The smallest of ``num_threads``, ``set_num_threads``, the environment's ``NB_SEPCONV_NUM_THREADS``, Numba's own
    limit, the processors this process may run on and the container's quota. It is 1, unless one of the first two says
    otherwise, where others fill the processors: in a task of Dask or joblib, and in the processes of a pool
    (``multiprocessing.Pool``, ``ProcessPoolExecutor``, loky, PyTorch's ``DataLoader``).

    >>> get_num_threads() >= 1
    True
    """
    limit = _limit.get()
    if limit is None:
        return _chosen or (1 if in_task() else _by_default())
    return min(limit, _chosen or limit)


def set_num_threads(count: int | None) -> None:
    """Let every call of this process use at most ``count`` threads.

    Args:
        count: int > 0, cut to what is available; or None for the default, which is then found out anew.

    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(None)
    """
    global _chosen
    if count is None:
        _forget()
    _chosen = _checked(count)


@contextmanager
def num_threads(count: int | None) -> Iterator[None]:
    """Within the block, calls of this thread use at most ``count`` threads.

    Args:
        count: int > 0, cut to what is available and to the limit of a block around; or None for no limit of its own.

    >>> with num_threads(1):
    ...     get_num_threads()
    1
    """
    limits = [limit for limit in (_checked(count), _limit.get()) if limit]
    token = _limit.set(min(limits, default=None))
    try:
        yield
    finally:
        _limit.reset(token)


def _checked(count):
    if count is None:
        return None
    try:
        number = 0 if isinstance(count, (bool, np.bool_)) else operator.index(count)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"`count` must be an int > 0, a number of threads, or None. Received: {count!r}")
    return min(number, available())


@cache
def available() -> int:
    """The threads that this process can keep busy."""
    limits = [config.NUMBA_NUM_THREADS, _processors(), _quota(), _environment()]
    return max(1, min(limit for limit in limits if limit))


@cache
def _by_default():
    return 1 if in_process_of_pool() else available()


def _forget():
    for found in (available, _by_default, in_process_of_pool):
        found.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # who forks workers may give each its processors


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
    """Whole processors that the control groups allow, or None."""
    return max(1, int(min(quotas))) if (quotas := [*_quotas()]) else None


def _quotas():
    """The processors that each control group of this process allows, of version 2 or 1, where it has a limit."""
    for group in _control_groups():
        for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            with suppress(OSError, ValueError):  # "max" is no number
                quota, period = map(int, " ".join((group / name).read_text() for name in names).split())
                if quota > 0:
                    yield quota / period


def _control_groups():
    """The directories of this process' control groups for processors and of the groups around them."""
    try:
        lines = MEMBERSHIP.read_text().splitlines()
    except OSError:
        lines = ["0::/", "0:cpu:/"]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            group = PurePosixPath(path)
            yield from (CGROUP / controllers / above.relative_to("/") for above in (group, *group.parents))
