"""The one place that decides how compiled work runs: on this thread, on the pool, or on Python's threads."""

from __future__ import annotations

import os
import threading
from typing import Any

import numba
from numba.np.ufunc import parallel

from nb_sepconv.kernels.cpu.codegen.atomics import get_float_control, set_float_control
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, data_of
from nb_sepconv.kernels.cpu.runtime import worker_pool
from nb_sepconv.kernels.cpu.runtime.pool_launch import FOREIGN, pool_runner, run_alone
from nb_sepconv.kernels.cpu.runtime.thread_pool import run_together
from nb_sepconv.kernels.cpu.runtime.work_queue import all_taken, ticket_table

_in_flight = threading.Lock()


def launch(worker: Any, plan: Any, inputs: Any, outputs: Any, packed: Any) -> None:
    """Run the compiled ``worker`` (its address) on three arrays until the tickets of ``plan`` are taken.

    One launch at a time has several threads: others beside it or within it would only compete for the processors.
    """
    if plan.workers == 1 or not _started_by_python():
        done = serial_runner()(worker, plan.address, id(inputs), id(outputs), id(packed), plan.tickets)
    else:
        run = _on_the_pool if worker_pool.can_start() else _on_python_threads
        done = run(worker, plan, inputs, outputs, packed)
    if not done:
        raise MemoryError("The convolution's scratch memory could not be allocated")


def _on_this_thread(worker: Any, plan: Any, inputs: Any, outputs: Any, packed: Any) -> Any:
    return serial_runner()(worker, plan.address, id(inputs), id(outputs), id(packed), plan.tickets)


def _on_the_pool(worker: Any, plan: Any, inputs: Any, outputs: Any, packed: Any) -> Any:
    pool = worker_pool.pool(plan.workers)
    if pool is None:
        return _on_this_thread(worker, plan, inputs, outputs, packed)
    arrays, workers = (id(inputs), id(outputs), id(packed)), _unmasked(plan.workers)
    done = pool_runner()(pool.address, worker, plan.address, *arrays, plan.tickets, workers)
    if done != FOREIGN:
        return done
    worker_pool.forget()  # this is a child of a fork that Python did not see
    return _on_the_pool(worker, plan, inputs, outputs, packed)


def _on_python_threads(worker: Any, plan: Any, inputs: Any, outputs: Any, packed: Any) -> Any:
    flight = _in_flight
    if not flight.acquire(blocking=False):
        return _on_this_thread(worker, plan, inputs, outputs, packed)
    tickets, run, done = ticket_table(plan.tickets, plan.workers), shared_runner(), []
    control = float_control()()

    def take_tickets(index):  # holds the arrays, which an interrupted caller lets go
        done.append(run(worker, plan.address, id(inputs), id(outputs), id(packed), id(tickets), index, control))

    try:
        run_together(take_tickets, _unmasked(plan.workers))
    finally:
        flight.release()
    return 1 in done


def _unmasked(workers: Any) -> Any:
    """So many workers, or as few as ``numba.set_num_threads`` leaves to this thread."""
    return min(workers, numba.get_num_threads()) if parallel._is_initialized else workers


@callable_from_python
def serial_runner(worker: Any, problem: Any, inputs: Any, outputs: Any, weights: Any, count: Any) -> Any:
    """This thread takes all ``count`` tickets; arrays by their ``id``. Returns whether it did."""
    return int(run_alone(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), count))


@callable_from_python
def float_control() -> Any:
    """How this thread rounds."""
    return get_float_control()


@callable_from_python
def shared_runner(
    worker: Any, problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, index: Any, control: Any
) -> Any:
    """This thread takes the tickets that others leave, with the float control of the one that asked; arrays by their
    ``id``. Returns whether all are taken.
    """
    own = get_float_control()
    set_float_control(control)
    call6(worker, problem, data_of(inputs), data_of(outputs), data_of(weights), data_of(tickets), index)
    set_float_control(own)
    return int(all_taken(data_of(tickets)))


def compile_runners() -> None:
    """Compile what launches call."""
    for made in (serial_runner, float_control, shared_runner):
        made()
    if worker_pool.can_start():
        pool_runner()
        worker_pool.compile_all()


def threads_in_use() -> dict[str, Any]:
    """Whose threads launches have, and how many of a pool are running; Python's are not counted."""
    pool = worker_pool.can_start()
    return {"threads_of": "pool" if pool else "Python", "running": worker_pool.running_threads() if pool else None}


def _started_by_python() -> Any:
    """False on a thread of a parallel region, which is none of Python's."""
    return not isinstance(threading.current_thread(), threading._DummyThread)


def _after_fork_in_child() -> Any:
    global _in_flight
    _in_flight = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
