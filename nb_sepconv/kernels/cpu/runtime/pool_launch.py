"""What a caller does with a pool: announce a launch, take tickets, wait for those who hold one.

``replace_shared``, ``keep_bits_shared`` and the others are sequentially consistent; what a launch is told is written
before its seats are free and read after one is taken, and results are written before a thread stands up.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.atomics import (
    get_float_control,
    keep_bits_shared,
    load_shared,
    pause,
    replace_shared,
    store_shared,
)
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, data_of, load_intp, stack_memory, store_intp
from nb_sepconv.kernels.cpu.runtime import pool_layout as at
from nb_sepconv.kernels.cpu.runtime import system
from nb_sepconv.kernels.cpu.runtime.pool_worker import wake_sleepers
from nb_sepconv.kernels.cpu.runtime.work_queue import (
    KEPT,
    PULLED,
    THREAD,
    all_taken,
    fill_table,
    hand_over_kept,
    share_at,
)

FOREIGN = 2
SPIN_NANOSECONDS = 50_000  # beyond the time that a ticket takes
TIME_SLICE_NANOSECONDS = 4_000_000  # for which a thread loses its processor to another program
PAUSES = 8  # between two looks at the clock
LAUNCHES_PER_STALL = 20
HAS_PROCESSORS = system.HAS_PROCESSORS


@compiled
def run_alone(worker: Any, problem: Any, inputs: Any, outputs: Any, weights: Any, count: Any) -> Any:
    """This thread takes all ``count`` tickets. Returns whether it did."""
    tickets = stack_memory()
    fill_table(tickets, count, 1)
    call6(worker, problem, inputs, outputs, weights, tickets, 0)
    return all_taken(tickets)


@compiled
def open_seats(pool: Any, seats: Any) -> Any:
    if HAS_PROCESSORS:
        store_shared(system.current_processor(), pool + at.CALLER_PROCESSOR)
    launch = (load_shared(pool + at.STATE) >> at.LAUNCH_BIT) + 1
    store_shared(launch << at.LAUNCH_BIT | seats << at.SEAT_BIT, pool + at.STATE)
    wake_sleepers(pool, seats)


@compiled
def close_seats(pool: Any) -> Any:
    """Nobody comes in any more. Returns how many are in."""
    return keep_bits_shared(at.OCCUPIED_ALONE, pool + at.STATE) & at.COUNT_MASK


@compiled
def wait_awake(pool: Any, stop: Any) -> Any:
    """Look until the time ``stop`` whether somebody sits. Returns whether nobody does."""
    while system.now() < stop:
        for _ in range(PAUSES):
            if not load_shared(pool + at.STATE) & at.COUNT_MASK:
                return True
            pause()
    return False


@compiled
def sleep_until_done(pool: Any) -> Any:
    """Sleep until nobody sits."""
    system.lock(pool + at.MUTEX)
    store_shared(1, pool + at.CALLER_SLEEPS)
    while load_shared(pool + at.STATE) & at.COUNT_MASK:
        system.wait(pool + at.DONE, pool + at.MUTEX)
    store_shared(0, pool + at.CALLER_SLEEPS)
    system.unlock(pool + at.MUTEX)


@compiled
def pull_others(pool: Any, seats: Any, most: Any) -> Any:
    """Bring ``most`` of those who sit to this processor, which the caller is about to leave to them."""
    here = stack_memory()
    for i in range(0, at.PROCESSORS_BYTES, 8):
        store_intp(0, here + i)
    processor = system.current_processor()
    store_shared(processor, pool + at.CALLER_PROCESSOR)
    store_intp(1 << processor % 64, here + processor // 64 * 8)
    for seat in range(1, seats + 1):
        share = share_at(pool + at.TICKETS, seat)
        thread = load_shared(share + THREAD) if most else 0
        store_intp(thread, share + PULLED)
        if thread:
            most -= 1
            system.set_processors_of(thread, at.PROCESSORS_BYTES, here)


@compiled
def release_others(pool: Any, seats: Any) -> Any:
    """Let those who were pulled run on all processors again."""
    for seat in range(1, seats + 1):
        thread = load_intp(share_at(pool + at.TICKETS, seat) + PULLED)
        if thread:
            system.set_processors_of(thread, at.PROCESSORS_BYTES, pool + at.PROCESSORS)


@compiled
def note_stall(pool: Any) -> Any:
    """So many launches go alone now that not more than one of ``LAUNCHES_PER_STALL`` waits for a thread that has lost
    its processor.
    """
    store_intp(max(0, LAUNCHES_PER_STALL - load_intp(pool + at.LAUNCHES)), pool + at.ALONE)
    store_intp(0, pool + at.LAUNCHES)


@compiled
def wait_for_others(pool: Any, seats: Any, ticket: Any) -> Any:
    """Wait until nobody sits: awake for the time of a ticket and a little more.

    Who sits longer has lost the processor to another program, for a time slice. Asleep, the caller leaves its own to
    as many as do their tickets in that time. Where threads cannot be moved it sleeps until they have a processor.
    """
    if wait_awake(pool, system.now() + ticket + SPIN_NANOSECONDS):
        return
    if HAS_PROCESSORS and load_intp(pool + at.PROCESSORS_CHANGED):
        pull_others(pool, seats, max(1, TIME_SLICE_NANOSECONDS // (ticket + 1)))
        sleep_until_done(pool)
        release_others(pool, seats)
    else:
        sleep_until_done(pool)
        note_stall(pool)


@compiled
def goes_alone(pool: Any) -> Any:
    """Count a launch. Returns whether it goes alone."""
    alone = load_intp(pool + at.ALONE)
    if alone:
        store_intp(alone - 1, pool + at.ALONE)
    store_intp(load_intp(pool + at.LAUNCHES) + 1, pool + at.LAUNCHES)
    return alone > 0


@compiled
def adopted_processors(pool: Any, wanted: Any) -> Any:
    """Write down the caller's processors. Returns how many seats there are for others on them, of ``wanted``."""
    if not HAS_PROCESSORS:
        return wanted
    mask = stack_memory()
    if system.get_processors(0, at.PROCESSORS_BYTES, mask) < 0:
        return wanted  # more than there is place for
    several, changed = 0, False
    for i in range(0, at.PROCESSORS_BYTES, 8):
        word = load_intp(mask + i)
        several += (word != 0) + (word & (word - 1) != 0)
        changed |= word != load_intp(pool + at.PROCESSORS + i)
        store_intp(word, pool + at.PROCESSORS + i)
    if changed:
        store_intp(load_intp(pool + at.PROCESSORS_CHANGED) + 1, pool + at.PROCESSORS_CHANGED)
    return wanted if several > 1 else 0


@compiled
def run_together(
    pool: Any, worker: Any, problem: Any, inputs: Any, outputs: Any, weights: Any, count: Any, seats: Any
) -> Any:
    tickets = pool + at.TICKETS
    fill_table(tickets, count, seats + 1)
    store_intp(worker, pool + at.WORKER)
    store_intp(problem, pool + at.PROBLEM)
    store_intp(inputs, pool + at.INPUTS)
    store_intp(outputs, pool + at.OUTPUTS)
    store_intp(weights, pool + at.WEIGHTS)
    store_intp(get_float_control(), pool + at.FLOAT_CONTROL)
    opened = system.now()
    open_seats(pool, seats)
    call6(worker, problem, inputs, outputs, weights, tickets, 0)
    if close_seats(pool):
        wait_for_others(pool, seats, (system.now() - opened) * (seats + 1) // count)
    while hand_over_kept(tickets, 0, seats + 1):
        call6(worker, problem, inputs, outputs, weights, tickets, 0)
        if load_intp(share_at(tickets, 0) + KEPT):
            break
    return all_taken(tickets)


@compiled
def free_seats(pool: Any, workers: Any) -> Any:
    """How many other threads this launch may have."""
    return min(min(workers, at.CAPACITY) - 1, load_shared(pool + at.THREADS))


@callable_from_python
def pool_runner(
    pool: Any, worker: Any, problem: Any, inputs_id: Any, outputs_id: Any, weights_id: Any, count: Any, workers: Any
) -> Any:
    """This thread and others of the pool, ``workers`` at most, take ``count`` tickets; arrays by their ``id``.

    Returns 0 or 1, whether all are taken, or FOREIGN where the pool is of another process.
    """
    if load_intp(pool + at.PROCESS) != system.process_id():
        return FOREIGN
    inputs, outputs, weights = data_of(inputs_id), data_of(outputs_id), data_of(weights_id)
    seats = free_seats(pool, workers)
    if seats <= 0 or not replace_shared(0, 1, pool + at.BUSY):
        return 1 if run_alone(worker, problem, inputs, outputs, weights, count) else 0
    seats = 0 if goes_alone(pool) else adopted_processors(pool, seats)
    if seats:
        done = run_together(pool, worker, problem, inputs, outputs, weights, count, seats)
    else:
        done = run_alone(worker, problem, inputs, outputs, weights, count)
    store_shared(0, pool + at.BUSY)
    return 1 if done else 0
