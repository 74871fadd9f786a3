"""The pool's threads: every launch is complete, whoever takes part; and what they take over from the caller."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir
from numba import cfunc, njit, types

from nb_sepconv.kernels.cpu.codegen import atomics
from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, store_intp
from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.cpu.runtime import launch, system, worker_pool
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket

pytestmark = pytest.mark.skipif(not worker_pool.can_start(), reason="the pool does not know this system's threads")

THREADS = 4
FAULTS = (4, 8, 11)  # SIGILL, SIGFPE, SIGSEGV
LINE = 8  # integers of a ticket's result: times it was taken, worker, float control, first word of the processors
has_processors = system.HAS_PROCESSORS


class Job(NamedTuple):
    """What a launch is told of a plan."""

    address: int
    workers: int
    tickets: int


@pytest.fixture(scope="module")
def recorder():
    """The address of a worker that writes down for each ticket who took it, and how its thread was set."""

    def record(problem, inputs, outputs, weights, tickets, worker):
        ticket = next_ticket(tickets, worker)
        while ticket >= 0:
            at = outputs + ticket * LINE * 8
            total = 0
            for i in range(load_intp(problem)):
                total += load_intp(inputs + i % 8 * 8)
            store_intp(load_intp(at) + total, at)
            store_intp(worker, at + 8)
            store_intp(atomics.get_float_control(), at + 16)
            if has_processors:
                system.get_processors(0, 128, weights + worker * 128)
                store_intp(load_intp(weights + worker * 128), at + 24)
            ticket = next_ticket(tickets, worker)

    compiled = cfunc(types.void(*[types.intp] * 6), nopython=True)(record)
    yield compiled.address
    del compiled


@pytest.fixture
def fresh_pool(monkeypatch):
    """No pool yet; that of the process comes back."""
    monkeypatch.setattr(worker_pool, "_pool", None)
    yield
    worker_pool._pool.stop()


def records(recorder, tickets=16, work=1, workers=THREADS):
    """What a launch wrote, a row for each ticket."""
    size, ones = np.array([work]), np.ones(8, np.int64)
    outputs, masks = np.zeros((tickets, LINE), np.int64), np.zeros((workers, 16), np.int64)
    launch.launch(recorder, Job(size.ctypes.data, workers, tickets), ones, outputs, masks)
    return outputs


def shared(recorder, **keywords):
    """The rows of a launch in which others than the caller took part."""
    if has_processors and len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one processor, which the caller keeps")
    for _ in range(1000):
        rows = records(recorder, tickets=200, work=20_000, **keywords)
        assert (rows[:, 0] == 20_000).all()
        if rows[:, 1].any():
            return rows
        time.sleep(0.001)
    raise AssertionError("no thread of the pool took part")


def test_every_ticket_is_taken_once(recorder):
    for tickets in (1, 2, 3, 5, 64, 1000):
        for workers in (2, 3, THREADS):
            for work in (0, 1, 1000):
                rows = records(recorder, tickets, work, workers)
                assert (rows[:, 0] == work).all()
                assert rows[:, 1].max() < workers


def test_others_take_part(recorder):
    shared(recorder)
    assert worker_pool.running_threads() >= THREADS - 1


def test_threads_take_over_the_callers_rounding(recorder):
    get, change = njit(lambda: atomics.get_float_control()), njit(lambda value: atomics.set_float_control(value))
    before = get()
    downwards = before | (0x2000 if atomics.architecture() == "x86" else 1 << 23)
    for control in (downwards, before):
        change(control)
        try:
            rows = shared(recorder)
        finally:
            change(before)
        assert (rows[:, 2] & ~0x3F == control & ~0x3F).all()  # the last six bits note what has happened


def sets_of_processors(rows):
    """The processors that threads were bound to, apart from one alone: there a caller pulls who has lost its own."""
    sets = set((rows[:, 3] & (1 << 63) - 1).tolist())
    return {processors for processors in sets if processors.bit_count() > 1}


@pytest.mark.skipif(not has_processors, reason="this system binds no threads to processors")
def test_threads_take_over_the_callers_processors(recorder):
    """Also those of a thread that was bound after the pool had begun."""
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("there is one processor")
    shared(recorder)
    lowest = min(allowed)
    try:
        os.sched_setaffinity(0, {lowest})
        for _ in range(20):
            rows = records(recorder, tickets=200, work=20_000)
            assert not rows[:, 1].any()  # a second thread would only compete
        os.sched_setaffinity(0, {lowest, max(allowed)})
        wanted = sum(1 << processor for processor in (lowest, max(allowed)) if processor < 63)
        assert sets_of_processors(shared(recorder)) == {wanted}
    finally:
        os.sched_setaffinity(0, allowed)
    assert len(sets_of_processors(shared(recorder))) == 1


@pytest.fixture(scope="module")
def waiter():
    """The address of a worker whose tickets last until its thread is bound to one processor, for two seconds at most;
    those of the caller take no time. It writes down which processors the thread had then.
    """

    def wait(problem, inputs, outputs, weights, tickets, worker):
        mask = weights + worker * 128
        ticket = next_ticket(tickets, worker)
        while ticket >= 0:
            stop = system.now() + load_intp(problem)
            bits = 2
            while worker and bits > 1 and system.now() < stop:
                system.get_processors(0, 128, mask)
                bits = 0
                for i in range(0, 128, 8):
                    word = load_intp(mask + i)
                    bits += (word != 0) + (word & (word - 1) != 0)
            store_intp(worker, outputs + ticket * 16)
            store_intp(bits, outputs + ticket * 16 + 8)
            ticket = next_ticket(tickets, worker)

    compiled = cfunc(types.void(*[types.intp] * 6), nopython=True)(wait)
    yield compiled.address
    del compiled


@pytest.mark.skipif(not has_processors, reason="this system binds no threads to processors")
def test_a_caller_pulls_who_keeps_it_waiting_to_its_own_processor(waiter):
    """And lets the thread go where it may afterwards."""
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("there is one processor")
    longest, tickets, pulled = np.array([2_000_000_000]), 64, 0
    for _ in range(1000):
        outputs, masks = np.zeros((tickets, 2), np.int64), np.zeros((THREADS, 16), np.int64)
        launch.launch(waiter, Job(longest.ctypes.data, THREADS, tickets), np.ones(8), outputs, masks)
        others = outputs[outputs[:, 0] > 0]
        assert (others[:, 1] <= 1).all()
        pulled += len(others)
        if pulled > 20:
            break
    assert pulled, "no thread of the pool took part"
    deadline = time.monotonic() + 5
    while any(processors != allowed for processors in processors_of_threads()) and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread that was pulled leaves by itself
    assert all(processors == allowed for processors in processors_of_threads())


def processors_of_threads():
    return [os.sched_getaffinity(int(thread)) for thread in os.listdir("/proc/self/task")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the signals that threads block")
def test_threads_get_no_signals(recorder, fresh_pool):
    def blocked():
        found = {}
        for status in Path("/proc/self/task").glob("*/status"):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            found[int(fields["Pid"])] = int(fields["SigBlk"], 16)
        return found

    before = blocked()
    records(recorder)
    deadline = time.monotonic() + 60  # until a thread runs, the C library blocks all of its signals
    while (started := {thread: mask for thread, mask in blocked().items() if thread not in before}) and any(
        mask >> number - 1 & 1 for number in FAULTS for mask in started.values()
    ):
        assert time.monotonic() < deadline, started
    assert len(started) == THREADS - 1
    for mask in started.values():
        assert all(mask >> number - 1 & 1 for number in (2, 14, 15))  # SIGINT, SIGALRM, SIGTERM
    assert blocked()[os.getpid()] == before[os.getpid()]


def test_a_refused_thread_is_asked_for_again_a_second_later(recorder, fresh_pool, monkeypatch):
    tries = []
    start = worker_pool.starter()
    monkeypatch.setattr(worker_pool, "starter", lambda: lambda *given: tries.append(given) or 0)
    for _ in range(5):
        assert (records(recorder)[:, 0] == 1).all()
    assert len(tries) == 1
    monkeypatch.setattr(worker_pool.time, "monotonic", lambda: 1e9)
    monkeypatch.setattr(worker_pool, "starter", lambda: start)
    shared(recorder)
    assert worker_pool.running_threads() == THREADS - 1


def test_a_pool_that_was_stopped_leaves_the_work_to_the_caller(recorder, fresh_pool, monkeypatch):
    shared(recorder)
    monkeypatch.setattr(worker_pool, "_ended", True)
    worker_pool._pool.stop()
    for _ in range(50):
        assert not records(recorder, tickets=50, work=1000)[:, 1].any()


@pytest.mark.parametrize("launches", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_launch_is_lost_or_waits_for_ever(recorder, launches):
    """With pauses around the time that a thread spins, beside processes that leave it no processor."""
    random = np.random.default_rng(launches)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    try:
        for launched in range(launches):
            work = int(random.choice([1, 100, 3000]))
            rows = records(recorder, int(random.integers(1, 9)), work, int(random.integers(2, THREADS + 1)))
            assert (rows[:, 0] == work).all(), launched
            pause = random.choice([0, 0, 20e-6, 50e-6, 60e-6, 200e-6])
            if pause:
                stop = time.perf_counter() + pause
                while time.perf_counter() < stop:
                    pass
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("triple", "processor", "instructions"),
    [
        ("x86_64-unknown-linux-gnu", "x86", ("pause", "stmxcsr", "ldmxcsr")),
        ("aarch64-unknown-linux-gnu", "arm", ("yield", "mrs", "msr")),
    ],
)
def test_what_the_processors_own_instructions_become(triple, processor, instructions):
    """On a processor that is not this one they are at least the ones that were meant."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = ir.Module("probe")
    function = ir.Function(module, ir.FunctionType(INTP, [INTP]), "probe")
    builder = ir.IRBuilder(function.append_basic_block())
    atomics.emit_pause(builder, processor)
    control = atomics.emit_get_float_control(builder, processor)
    atomics.emit_set_float_control(builder, processor, function.args[0])
    builder.ret(control)
    machine = llvm.Target.from_triple(triple).create_target_machine()
    assembly = machine.emit_assembly(llvm.parse_assembly(str(module))).lower()
    assert all(instruction in assembly for instruction in instructions), assembly
