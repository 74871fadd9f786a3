"""The one place that decides how compiled work runs: on this thread, on Numba's threads, or on threads of our own."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
from numba import njit, prange
from numba.np.ufunc import parallel

from nb_sepconv.kernels.cpu.procedures import address_of, call5, data_of, new_counter, take_ticket
from nb_sepconv.kernels.cpu.threads import available

_in_flight = threading.Lock()
_forked_from_threads = False


def launch(worker, plan, inputs, outputs, packed):
    """Run the compiled ``worker`` (its address) on three arrays until the tickets of ``plan`` are taken.

    More than one thread is used only where that is safe: Numba's "workqueue" aborts the process when two launches meet,
    GNU OpenMP kills a child that was forked from a process with threads, and a launch within a launch gains nothing.
    """
    arguments = (worker, plan.address, id(inputs), id(outputs), id(packed))
    if plan.workers > 1 and not _forked_from_threads and _started_by_python() and _in_flight.acquire(blocking=False):
        try:
            taken = _on_several(arguments, plan.workers)
        finally:
            _in_flight.release()
    else:
        taken = serial_runner()(*arguments)
    if taken < plan.tickets:
        raise MemoryError("The convolution's scratch memory could not be allocated")


def _on_several(arguments, workers):
    run_parallel = parallel_runner()
    if numba.threading_layer() != "workqueue":
        return run_parallel(*arguments, workers)
    counter = np.zeros(1, np.intp)
    helpers = [_own_threads().submit(shared_runner(), *arguments, counter) for _ in range(workers - 1)]
    shared_runner()(*arguments, counter)
    for helper in helpers:
        helper.result()
    return counter[0]


@cache
def serial_runner():
    """Compiled ``run(worker, problem, inputs, outputs, weights)``, the last three by their ``id``: this thread
    takes all tickets. Returns their number.
    """

    @njit("intp(intp, intp, intp, intp, intp)", nogil=True)
    def run_serial(worker, problem, inputs, outputs, weights):
        counter = new_counter()
        call5(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), counter)
        return take_ticket(counter)

    return run_serial


@cache
def shared_runner():
    """Compiled ``run(..., counter)``: this thread takes the tickets that others leave."""

    @njit("void(intp, intp, intp, intp, intp, intp[::1])", nogil=True)
    def run_shared(worker, problem, inputs, outputs, weights, counter):
        call5(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), address_of(counter))

    return run_shared


@cache
def parallel_runner():
    """Compiled ``run(..., workers)``: so many of Numba's threads take the tickets. Returns their number."""

    @njit("intp(intp, intp, intp, intp, intp, intp)", nogil=True, parallel=True)
    def run_parallel(worker, problem, inputs, outputs, weights, workers):
        counter = new_counter()
        for _ in prange(workers):
            call5(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), counter)
        return take_ticket(counter)

    return run_parallel


def threading_layer():
    """The name of Numba's layer, or that none is in use yet."""
    return numba.threading_layer() if parallel._is_initialized else "none yet"


@cache
def _own_threads():
    return ThreadPoolExecutor(available(), thread_name_prefix="nb_sepconv")


def _started_by_python():
    """False on a thread of a parallel region, which is none of Python's."""
    return not isinstance(threading.current_thread(), threading._DummyThread)


def _after_fork_in_child():
    global _forked_from_threads, _in_flight
    _in_flight = threading.Lock()
    _own_threads.cache_clear()
    _forked_from_threads = _forked_from_threads or parallel._is_initialized


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
