"""Whether somebody else keeps the processors busy with calls like this one: a task of Dask or joblib, a pool's process.

Libraries are known by what they have loaded, and are never imported here.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from typing import Any

# What a process of a pool runs from its start to its end.
LOOPS = {
    "concurrent.futures.process": "_process_worker",
    "joblib.externals.loky.process_executor": "_process_worker",
    "loky.process_executor": "_process_worker",
    "multiprocessing.pool": "worker",
    "torch.utils.data._utils.worker": "_worker_loop",
}


def in_task() -> bool:
    """Whether Dask or joblib runs a task on this thread."""
    modules = sys.modules
    return (
        ("distributed.worker" in modules and _distributed_runs(modules["distributed.worker"]))
        or ("joblib.parallel" in modules and _joblib_runs(modules["joblib.parallel"]))
        or ("dask.local" in modules and _scheduler_runs(modules["dask.local"]))
    )


def _distributed_runs(worker):
    return hasattr(getattr(worker, "thread_state", None), "execution_state")


def _joblib_runs(parallel):
    """joblib gives a task a backend for what it runs in turn, one level deeper."""
    settings = getattr(getattr(parallel, "_backend", None), "config", None)
    return bool(settings and getattr(settings.get("backend"), "nesting_level", 0))


def _scheduler_runs(local):
    """Dask's schedulers within a process mark nothing; on the main thread they run one task at a time."""
    if threading.current_thread() is threading.main_thread():
        return False
    code = local.execute_task.__code__
    frame: Any = sys._getframe()
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


@cache
def in_process_of_pool() -> bool:
    """Whether this process is one of a pool: of multiprocessing, concurrent.futures, loky or PyTorch's DataLoader."""
    if "multiprocessing.process" not in sys.modules:
        return False
    loop = getattr(sys.modules["multiprocessing.process"].current_process(), "_target", None)
    return loop is not None and LOOPS.get(getattr(loop, "__module__", None)) == getattr(loop, "__name__", None)
