"""The one place that decides how compiled work runs: on this thread, on Numba's threads, or on threads of our own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from functools import cache
from typing import Any

import numba
from numba import njit, prange
from numba.np.ufunc import parallel

from nb_sepconv.kernels.cpu.codegen.addressing import aligned
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, call6, data_of, release, stack_memory
from nb_sepconv.kernels.cpu.runtime.thread_pool import run_together
from nb_sepconv.kernels.cpu.runtime.work_queue import LINE_BYTES, all_taken, fill_table, ticket_table

_in_flight = threading.Lock()
_forked = parallel._is_initialized and multiprocessing.parent_process() is not None


def launch(worker: int, plan: Any, inputs: Any, outputs: Any, packed: Any) -> None:
    """Run the compiled ``worker`` (its address) on three arrays until the tickets of ``plan`` are taken.

    One launch at a time has several threads: others beside it or within it would only compete for the processors.
    """
    flight = _in_flight
    if plan.workers > 1 and _started_by_python() and flight.acquire(blocking=False):
        try:
            run = _on_numbas_threads if numbas_threads_are_safe() else _on_own_threads
            done = run(worker, plan, inputs, outputs, packed)
        finally:
            flight.release()
    else:
        done = serial_runner()(worker, plan.address, id(inputs), id(outputs), id(packed), plan.tickets)
    if not done:
        raise MemoryError("The convolution's scratch memory could not be allocated")


def numbas_threads_are_safe() -> bool:
    """Whether a launch on Numba's threads, which are started here, cannot end the process.

    Its "workqueue" aborts when two launches meet, the user's own among them; GNU OpenMP kills or hangs a child that was
    forked after its first launch, whichever library made that.
    """
    return not _forked and _layer() not in (None, "workqueue")


@cache
def _layer():
    """The name of Numba's layer, started; None where the one that the user asked for is not installed."""
    method = multiprocessing.get_start_method(allow_none=True)
    try:
        numba.get_num_threads()
        return numba.threading_layer()
    except ValueError:
        return None
    finally:
        multiprocessing.set_start_method(method, force=True)  # Numba's start would fix the default for good


def _on_numbas_threads(worker, plan, inputs, outputs, packed):
    run = parallel_runner()
    return run(worker, plan.address, id(inputs), id(outputs), id(packed), plan.tickets, plan.workers)


def _on_own_threads(worker, plan, inputs, outputs, packed):
    tickets, run, done = ticket_table(plan.tickets, plan.workers), shared_runner(), []

    def take_tickets(index):  # holds the arrays, which an interrupted caller lets go
        done.append(run(worker, plan.address, id(inputs), id(outputs), id(packed), id(tickets), index))

    run_together(take_tickets, _unmasked(plan.workers))
    return True in done


def _unmasked(workers):
    """So many workers, or as few as ``numba.set_num_threads`` leaves to this thread."""
    return min(workers, numba.get_num_threads()) if parallel._is_initialized else workers


@compile_once
def serial_runner() -> Any:
    """Compiled ``run(worker, problem, inputs, outputs, weights, count)``, arrays by their ``id``: this thread takes
    all ``count`` tickets. Returns whether it did.
    """

    @njit("boolean(intp, intp, intp, intp, intp, intp)", nogil=True)
    def run_serial(worker, problem, inputs, outputs, weights, count):
        tickets = stack_memory()
        fill_table(tickets, count, 1)
        call6(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), tickets, 0)
        return all_taken(tickets)

    return run_serial


@compile_once
def shared_runner() -> Any:
    """Compiled ``run(..., tickets, index)``: this thread takes the tickets that others leave. Returns whether all are
    taken.
    """

    @njit("boolean(intp, intp, intp, intp, intp, intp, intp)", nogil=True)
    def run_shared(worker, problem, inputs, outputs, weights, tickets, index):
        call6(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), data_of(tickets), index)
        return all_taken(data_of(tickets))

    return run_shared


@compile_once
def parallel_runner() -> Any:
    """Compiled ``run(..., count, workers)``: so many of Numba's threads take ``count`` tickets. Returns whether all are
    taken.
    """

    @njit("boolean(intp, intp, intp, intp, intp, intp, intp)", nogil=True, parallel=True)
    def run_parallel(worker, problem, inputs, outputs, weights, count, workers):
        buffer = allocate((workers + 2) * LINE_BYTES)
        if not buffer:
            return False
        tickets = aligned(buffer)
        fill_table(tickets, count, workers)
        for index in prange(workers):
            call6(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), tickets, index)
        done = all_taken(tickets)
        release(buffer)
        return done

    return run_parallel


def threading_layer() -> str | None:
    """The name of Numba's layer, or None while none is in use."""
    return numba.threading_layer() if parallel._is_initialized else None


def _started_by_python():
    """False on a thread of a parallel region, which is none of Python's."""
    return not isinstance(threading.current_thread(), threading._DummyThread)


def _after_fork_in_child():
    global _forked, _in_flight
    _forked, _in_flight = True, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
