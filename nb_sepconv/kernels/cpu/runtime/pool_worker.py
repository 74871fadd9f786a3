"""What a thread of the pool does: look for a launch for some microseconds, then sleep until one is announced."""

from __future__ import annotations

from typing import Any

from numba import types

from nb_sepconv.kernels.cpu.codegen.atomics import (
    add_shared,
    load_shared,
    pause,
    replace_shared,
    set_float_control,
    store_shared,
)
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, load_intp, stack_memory, store_intp
from nb_sepconv.kernels.cpu.runtime import pool_layout as at
from nb_sepconv.kernels.cpu.runtime import system
from nb_sepconv.kernels.cpu.runtime.work_queue import THREAD, keep_ticket, share_at

SPIN_NANOSECONDS, LONGEST_SPIN_NANOSECONDS = 50_000, 500_000
PAUSES = 8  # between two looks at the clock
HAS_PROCESSORS = system.HAS_PROCESSORS


def serve(pool: Any) -> Any:
    served, placed, sat = -1, 0, 0
    state = next_launch(pool, served, sat)
    while state:
        if replace_shared(state, state - at.SEAT + 1, pool + at.STATE):
            came = system.now()
            served = state >> at.LAUNCH_BIT
            seat = state >> at.SEAT_BIT & at.COUNT_MASK
            show_thread(pool, seat, system.this_thread() if HAS_PROCESSORS else 0)
            placed = adopt(pool, placed)
            wake_sleepers(pool, seat - 1)
            sit(pool, seat)
            show_thread(pool, seat, 0)
            stand_up(pool)
            leave_the_callers_processor(pool)
            sat = system.now() - came
        state = next_launch(pool, served, sat)
    return 0


@compiled
def leave_the_callers_processor(pool: Any) -> Any:
    """Move to another processor, where this thread runs on the one that the caller did.

    A busy machine wakes it there, or its caller has pulled it there, and it would compute in the caller's place.
    """
    caller = load_shared(pool + at.CALLER_PROCESSOR)
    if not HAS_PROCESSORS or not load_intp(pool + at.PROCESSORS_CHANGED) or system.current_processor() != caller:
        return
    others = stack_memory()
    for i in range(0, at.PROCESSORS_BYTES, 8):
        store_intp(load_intp(pool + at.PROCESSORS + i), others + i)
    place = others + caller // 64 * 8
    store_intp(load_intp(place) & ~(1 << caller % 64), place)
    system.set_processors(0, at.PROCESSORS_BYTES, others)
    system.set_processors(0, at.PROCESSORS_BYTES, pool + at.PROCESSORS)


@compiled
def show_thread(pool: Any, seat: Any, thread: Any) -> Any:
    """Tell the caller which thread has a seat."""
    store_shared(thread, share_at(pool + at.TICKETS, seat) + THREAD)


@compiled
def free_seat(pool: Any, served: Any) -> Any:
    """The state, where it has a free seat in a launch that this thread has not served; 0 otherwise."""
    state = load_shared(pool + at.STATE)
    return state if state >> at.SEAT_BIT & at.COUNT_MASK and state >> at.LAUNCH_BIT != served else 0


@compiled
def next_launch(pool: Any, served: Any, sat: Any) -> Any:
    """A state with a free seat, or 0 where this thread is to end.

    A thread stays awake for half of the time that it sat in the launch before: between calls of a millisecond their
    results are freed and allocated, and a thread that had to be woken came 100 us late and cost its caller 40.
    """
    now = system.now()
    stop = now + max(SPIN_NANOSECONDS, min(sat // 2, LONGEST_SPIN_NANOSECONDS))
    while now < stop and not load_shared(pool + at.STOPPED):
        for _ in range(PAUSES):
            state = free_seat(pool, served)
            if state:
                return state
            pause()
        now = system.now()
    return sleep(pool, served)


@compiled
def sleep(pool: Any, served: Any) -> Any:
    """The same, asleep meanwhile: who announces a launch after this thread counts as a sleeper wakes it."""
    system.lock(pool + at.MUTEX)
    add_shared(1, pool + at.SLEEPERS)
    state = free_seat(pool, served)
    while not state and not load_shared(pool + at.STOPPED):
        system.wait(pool + at.WORK, pool + at.MUTEX)
        state = free_seat(pool, served)
    if load_shared(pool + at.STOPPED):
        state = 0
    add_shared(-1, pool + at.SLEEPERS)
    system.unlock(pool + at.MUTEX)
    if state:
        leave_the_callers_processor(pool)
    return state


@compiled
def wake_sleepers(pool: Any, seats: Any) -> Any:
    """Wake two threads at most, which wake two each: waking all would keep the caller from its work.

    Who counts as a sleeper holds the mutex until it sleeps or has seen the launch.
    """
    if seats > 0 and load_shared(pool + at.SLEEPERS):
        system.lock(pool + at.MUTEX)
        system.unlock(pool + at.MUTEX)
        system.wake_one(pool + at.WORK)
        if seats > 1:
            system.wake_one(pool + at.WORK)


@compiled
def adopt(pool: Any, placed: Any) -> Any:
    """Take the caller's rounding and its processors, where they have changed; returns which of them are taken."""
    set_float_control(load_intp(pool + at.FLOAT_CONTROL))
    changed = load_intp(pool + at.PROCESSORS_CHANGED)
    if HAS_PROCESSORS and changed != placed:
        system.set_processors(0, at.PROCESSORS_BYTES, pool + at.PROCESSORS)
    return changed


@compiled
def sit(pool: Any, seat: Any) -> Any:
    """Work, with a ticket in the hand: whoever finds none has nothing that would be waited for."""
    tickets = pool + at.TICKETS
    if keep_ticket(tickets, seat):
        call6(
            load_intp(pool + at.WORKER),
            load_intp(pool + at.PROBLEM),
            load_intp(pool + at.INPUTS),
            load_intp(pool + at.OUTPUTS),
            load_intp(pool + at.WEIGHTS),
            tickets,
            seat,
        )


@compiled
def stand_up(pool: Any) -> Any:
    """The last one to leave a launch that is closed wakes its caller."""
    state = add_shared(-1, pool + at.STATE) - 1
    if not state & at.LAUNCH - 1 and load_shared(pool + at.CALLER_SLEEPS):
        system.lock(pool + at.MUTEX)
        system.unlock(pool + at.MUTEX)
        system.wake_one(pool + at.DONE)


serve_address: Any = pointer_to(serve, returns=types.intp)
