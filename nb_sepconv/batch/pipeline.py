"""The units of a job, one after the other: reading, computing, writing and syncing at the same time."""

from __future__ import annotations

import queue
import threading
import time
from contextvars import copy_context
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.job import ERRORS
from nb_sepconv.batch.planning import MORE_INPUTS, MORE_OUTPUTS, shape_of
from nb_sepconv.files.direct import BLOCK_BYTES
from nb_sepconv.kernels import cpu

if TYPE_CHECKING:
    from nb_sepconv.batch.job import Item, Job
    from nb_sepconv.batch.tasks import Task, Tasks

FIRST_SYNC_SECONDS, SYNC_SECONDS = 0.05, 1.0
STOP_SECONDS = 0.7
MOST_OPEN = 16
FEW = 8
"""Chunks for a thread: with fewer, all threads compute each together, so that none is left without."""
_END = object()


class Memory:
    """Memory for one array after the other, as large as the largest so far."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def array(self, shape: tuple[int, ...], dtype: Any, place: int = 0) -> Any:
        """An array of a shape and a type in it, with any values, which lies in its blocks as a file has it at
        ``place``.
        """
        size = prod(shape) * dtype.itemsize
        if len(self._bytes) < size + BLOCK_BYTES:
            self._bytes = np.empty(size + BLOCK_BYTES, np.uint8)
        begin = (place - place % dtype.itemsize - self._bytes.ctypes.data) % BLOCK_BYTES
        return self._bytes[begin : begin + size].view(dtype).reshape(shape)


def read(job: Job, task: Task, memory: Memory) -> Any:
    """What a task is computed from."""
    unit, series = task.unit, task.item.series
    begin, end = job.cut.reads(series.length, unit.start, unit.stop)
    shape = shape_of(unit.last - unit.first, end - begin, series.channels, job.channels_last)
    inputs = memory.array(shape, job.dtype)
    if inputs.size:
        task.item.source.read(begin, end, inputs, unit.first)
    return inputs


def compute(job: Job, task: Task, inputs: Any, memory: Memory) -> Any:
    """The outputs of a task."""
    unit, series = task.unit, task.item.series
    shape = shape_of(unit.last - unit.first, unit.stop - unit.start, series.filters, job.channels_last)
    place = task.item.destination.place(unit.start, unit.first) if prod(shape) else 0
    outputs = memory.array(shape, job.trial.dtype, place)
    return job.cut.compute(inputs, series.length, unit.start, unit.stop, outputs)


def write(task: Task, outputs: Any) -> None:
    """Write a task's outputs."""
    unit = task.unit
    if outputs.size:
        task.item.destination.write(unit.start, unit.stop, outputs, unit.first)


class Pipeline:
    """Threads that read, write and sync, beside the caller's, which computes; or beside those that compute a chunk
    each at the same time, while the caller's tells of them.

    Args:
        job: the :class:`~nb_sepconv.batch.job.Job`.
        tasks: what to do, in this order.
        run: what is told: ``on_disk(tasks)`` by a thread, of outputs that are on the disk; and by the caller's
            ``on_computed(task)``, and ``on_failure(item, error)`` where an input cannot be read or computed, which
            raises, or the rest of that input is left out.
    """

    def __init__(self, job: Job, tasks: Tasks, run: Any) -> None:
        self._job, self._tasks, self._run = job, tasks, run
        self._at_once = job.at_once if len(tasks) >= FEW * job.at_once else 1
        self._left_out: set[int] = set()
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._free_inputs, self._inputs = _memories(self._at_once + MORE_INPUTS), queue.SimpleQueue()
        self._free_outputs, self._outputs = _memories(self._at_once + MORE_OUTPUTS), queue.SimpleQueue()
        self._computed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._written: list[Task] = []
        self._open: dict[int, Item] = {}
        self._something = threading.Condition()
        self._writing = True
        self.threads: list[threading.Thread] = []

    def run(self) -> None:
        """Do all tasks, or raise what stopped them."""
        works = [("reader", self._read_all), ("writer", self._write_all), ("syncer", self._sync_all)]
        if self._at_once > 1:
            works += [("computer", self._compute_beside)] * self._at_once
        self.threads = [self._thread(*each) for each in works]
        for thread in self.threads:
            thread.start()
        try:
            for tell, memory in self._computed_here() if self._at_once == 1 else self._computed_beside():
                tell()
                self._free_inputs.put(memory)
            self._finish(None)
        except BaseException:
            self._finish(STOP_SECONDS)
            raise
        if self._errors:
            raise self._errors[0]

    def _thread(self, name, work):
        """A thread that is in the caller's context, which holds the precision."""
        run = partial(copy_context().run, self._guarded, work)
        return threading.Thread(target=run, daemon=True, name=f"nb_sepconv batch {name}")

    def _finish(self, seconds):
        """Let what is computed be written; after an error, for so many seconds at most."""
        if seconds is not None:
            self._end()
        self._free_inputs.put(None)
        self._outputs.put(_END)
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self.threads:
            thread.join(None if until is None else max(until - time.monotonic(), 0))

    def _guarded(self, work):
        try:
            work()
        except BaseException as error:
            self._errors.append(error)
            self._end()
            with self._something:
                self._writing = self._writing and work not in (self._write_all, self._sync_all)
                self._something.notify_all()

    def _end(self):
        """Let no thread compute any more."""
        self._stop.set()
        for _ in range(self._at_once):
            self._inputs.put(_END)
            self._free_outputs.put(None)

    def _read_all(self):
        before = None
        for task in self._tasks:
            if task.item.index in self._left_out:
                continue
            if before is not None and before is not task.item:
                before.source.close()
            before = task.item
            memory = self._free_inputs.get()
            if memory is None or self._stop.is_set():
                return
            try:
                inputs = read(self._job, task, memory)
            except ERRORS as error:
                self._inputs.put((task, memory, error))
            else:
                self._inputs.put((task, memory, inputs))
        for _ in range(self._at_once):
            self._inputs.put(_END)

    def _computed_here(self):
        """Compute what is read: of each chunk what to tell the run, and the memory that is free then."""
        while not self._stop.is_set() and (got := self._inputs.get()) is not _END:
            task, memory, inputs = got
            yield self._compute(task, inputs), memory

    def _compute_beside(self):
        """Compute on one thread, this one, what others leave."""
        try:
            with cpu.num_threads(1):
                for each in self._computed_here():
                    self._computed.put(each)
        finally:
            self._computed.put(_END)

    def _computed_beside(self):
        """The same as ``_computed_here``, by others."""
        for _ in range(self._at_once):
            yield from iter(self._computed.get, _END)

    def _compute(self, task, inputs):
        if task.item.index in self._left_out:
            return _nothing
        if isinstance(inputs, Exception):
            return self._leave_out(task, inputs)
        memory = self._free_outputs.get()
        if memory is None:  # the job stops
            return _nothing
        try:
            outputs = compute(self._job, task, inputs, memory)
        except ERRORS as error:
            self._free_outputs.put(memory)
            return self._leave_out(task, error)
        self._outputs.put((task, memory, outputs))
        return partial(self._run.on_computed, task)

    def _leave_out(self, task, error):
        self._left_out.add(task.item.index)
        return partial(self._run.on_failure, task.item, error)

    def _write_all(self):
        while (got := self._outputs.get()) is not _END:
            task, memory, outputs = got
            with self._something:  # the one that is being written is the last
                self._open[task.item.index] = self._open.pop(task.item.index, task.item)
            if task.item.index not in self._left_out:
                write(task, outputs)
            self._free_outputs.put(memory)
            with self._something:
                self._written.append(task)
                if len(self._open) >= MOST_OPEN:
                    self._something.notify_all()
                    self._something.wait_for(lambda: len(self._open) < MOST_OPEN or self._errors)
        with self._something:
            self._writing = False
            self._something.notify_all()

    def _sync_all(self):
        """Sync what is written, about once a second and sooner at first; and all when the writer is done."""
        seconds = FIRST_SYNC_SECONDS
        while True:
            with self._something:
                self._something.wait_for(lambda: not self._writing or len(self._open) >= MOST_OPEN, seconds)
                written, self._written = self._written, []
                more = self._writing
            seconds = min(2 * seconds, SYNC_SECONDS)
            self._sync([task for task in written if task.item.index not in self._left_out])
            if not more:
                return

    def _sync(self, tasks):
        for item in {task.item.index: task.item for task in tasks}.values():
            item.destination.sync()
        if tasks:
            self._run.on_disk(tasks)
        with self._something:
            for index in [*self._open][:-1]:  # all but the one that is being written
                self._open.pop(index).destination.close()
            self._something.notify_all()


def _memories(count):
    """A queue of so many memories that are free."""
    found = queue.SimpleQueue()
    for _ in range(count):
        found.put(Memory())
    return found


def _nothing():
    """There is nothing to tell."""
