"""The pool of this process: threads of the operating system, started when they are first needed, ended with it.

They are none of Python's: they never need its lock, run no profiler's or debugger's code, and are what they are where
another library has replaced Python's threads.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.kernels.cpu.codegen.addressing import aligned
from nb_sepconv.kernels.cpu.codegen.atomics import store_shared
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, stack_memory, store_intp
from nb_sepconv.kernels.cpu.runtime import pool_layout as at
from nb_sepconv.kernels.cpu.runtime import system
from nb_sepconv.kernels.cpu.runtime.pool_worker import serve_address

if TYPE_CHECKING:
    from collections.abc import Callable

STACK_BYTES = 1 << 20
SECONDS_BETWEEN_TRIES = 1.0
SET_MASK, FAULT_NUMBERS = system.SET_MASK, system.FAULT_NUMBERS

can_start: Callable[[], bool] = cache(system.offers_threads)


class WorkerPool:
    """Threads that wait for launches, at ``address``."""

    def __init__(self) -> None:
        self._memory = np.zeros(at.POOL_BYTES + at.LINE_BYTES, np.uint8)
        self.address: int = aligned(self._memory.ctypes.data)
        self.threads: int = 0
        self._next_try = 0.0
        initializer()(self.address)

    def grow(self, threads: Any) -> Any:
        """Have so many threads, or as many as the system gives; after a refusal the next try is a second later."""
        if self.threads < threads and time.monotonic() >= self._next_try:
            self.threads = starter()(self.address, serve_address(), min(threads, at.CAPACITY - 1))
            self._next_try = time.monotonic() + SECONDS_BETWEEN_TRIES if self.threads < threads else 0.0

    def stop(self) -> Any:
        """End all threads, after the launch in which they are."""
        stopper()(self.address)
        self.threads = 0


@callable_from_python
def initializer(pool: Any) -> Any:
    """Make the memory of a pool ready."""
    system.begin_mutex(pool + at.MUTEX, 0)
    system.begin_condition(pool + at.WORK, 0)
    system.begin_condition(pool + at.DONE, 0)
    store_intp(system.process_id(), pool + at.PROCESS)
    return 0


@callable_from_python
def starter(pool: Any, serve: Any, threads: Any) -> Any:
    """Start threads, which get no signals, until there are so many or the system refuses one. Returns how many."""
    attributes, signals, before = stack_memory(), stack_memory(), stack_memory()
    system.fill_signals(signals)
    for fault in FAULT_NUMBERS:
        system.remove_signal(signals, fault)
    system.begin_attributes(attributes)
    system.set_stack_bytes(attributes, STACK_BYTES)
    system.set_signals(SET_MASK, signals, before)
    started = load_intp(pool + at.THREADS)
    while started < threads and not system.create_thread(pool + at.HANDLES + 8 * started, attributes, serve, pool):
        started += 1
    system.set_signals(SET_MASK, before, 0)
    system.end_attributes(attributes)
    store_shared(started, pool + at.THREADS)
    return started


@callable_from_python
def stopper(pool: Any) -> Any:
    """Tell the threads to end and wait until they have; nothing in a forked child."""
    if load_intp(pool + at.PROCESS) != system.process_id():
        return 0
    store_shared(1, pool + at.STOPPED)
    system.lock(pool + at.MUTEX)
    system.unlock(pool + at.MUTEX)
    system.wake_all(pool + at.WORK)
    threads = load_intp(pool + at.THREADS)
    store_shared(0, pool + at.THREADS)
    for thread in range(threads):
        system.join_thread(load_intp(pool + at.HANDLES + 8 * thread), 0)
    return threads


def compile_all() -> None:
    """Compile what a pool needs from its start to its end."""
    for made in (initializer, starter, stopper, serve_address):
        made()


_pool, _ended = None, False
_starting = threading.Lock()


def pool(workers: Any) -> Any:
    """The pool of this process with threads for so many workers where they can be had, or None where there is none yet.

    Nobody waits here for another thread that is starting threads: it may be the one that a signal has interrupted.
    """
    if _pool is not None and _pool.threads >= workers - 1:
        return _pool
    starting = _starting
    if starting.acquire(blocking=False):
        try:
            if not _ended and threading.main_thread().is_alive():
                _start(workers)
        finally:
            starting.release()
    return _pool


def _start(workers: Any) -> Any:
    global _pool
    if _pool is None:
        stopper()  # compiled as long as this is possible
        _pool = WorkerPool()
    _pool.grow(workers - 1)


def running_threads() -> Any:
    return 0 if _pool is None else _pool.threads


def forget() -> Any:
    """Leave the pool to the process that it is of."""
    global _pool, _starting
    _pool, _starting = None, threading.Lock()


@atexit.register
def _end() -> Any:
    """Before the interpreter takes compiled code out of memory, under a thread that sleeps in it."""
    global _ended
    with _starting:
        _ended = True
    if _pool is not None:
        _pool.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
