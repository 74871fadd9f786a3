"""The units of a job, one after the other: reading, computing, writing and syncing at the same time."""

from __future__ import annotations

import queue
import threading
import time
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.job import ERRORS
from nb_sepconv.batch.planning import INPUT_BUFFERS, OUTPUT_BUFFERS, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb_sepconv.batch.job import Item, Job
    from nb_sepconv.batch.tasks import Task

FIRST_SYNC_SECONDS, SYNC_SECONDS = 0.05, 1.0
STOP_SECONDS = 0.7
MOST_OPEN = 16
_END = object()


class Memory:
    """Memory for one array after the other, as large as the largest so far."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def array(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """An array of a shape and a type in it, with any values."""
        size = prod(shape) * dtype.itemsize
        if len(self._bytes) < size:
            self._bytes = np.empty(size, np.uint8)
        return self._bytes[:size].view(dtype).reshape(shape)


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
    return job.cut.compute(inputs, series.length, unit.start, unit.stop, memory.array(shape, job.trial.dtype))


def write(task: Task, outputs: Any) -> None:
    """Write a task's outputs."""
    unit = task.unit
    if outputs.size:
        task.item.destination.write(unit.start, unit.stop, outputs, unit.first)


class Pipeline:
    """Three threads beside the caller's, which computes.

    Args:
        job: the :class:`~nb_sepconv.batch.job.Job`.
        tasks: what to do, in this order.
        run: what is told: ``on_disk(tasks)`` by a thread, of outputs that are on the disk; ``on_computed(task)`` by the
            caller's; and ``on_failure(item, error)`` where an input cannot be read or computed, which raises, or the
            rest of that input is left out.
    """

    def __init__(self, job: Job, tasks: Iterable[Task], run: Any) -> None:
        self._job, self._tasks, self._run = job, tasks, run
        self._left_out: set[int] = set()
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._free_inputs, self._inputs = queue.SimpleQueue(), queue.SimpleQueue()
        self._free_outputs, self._outputs = queue.SimpleQueue(), queue.SimpleQueue()
        self._written: list[Task] = []
        self._open: dict[int, Item] = {}
        self._something = threading.Condition()
        self._writing = True
        self.threads: list[threading.Thread] = []
        for queue_of, count in ((self._free_inputs, INPUT_BUFFERS), (self._free_outputs, OUTPUT_BUFFERS)):
            for _ in range(count):
                queue_of.put(Memory())

    def run(self) -> None:
        """Do all tasks, or raise what stopped them."""
        self.threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True, name=f"nb_sepconv batch {name}")
            for name, work in (("reader", self._read_all), ("writer", self._write_all), ("syncer", self._sync_all))
        ]
        for thread in self.threads:
            thread.start()
        try:
            self._compute_all()
            self._finish(None)
        except BaseException:
            self._finish(STOP_SECONDS)
            raise
        if self._errors:
            raise self._errors[0]

    def _finish(self, seconds):
        """Let what is computed be written; after an error, for so many seconds at most."""
        if seconds is not None:
            self._stop.set()
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
            self._stop.set()
            self._inputs.put(_END)
            self._free_outputs.put(None)
            with self._something:
                self._writing = self._writing and work == self._read_all  # what is computed is still written
                self._something.notify_all()

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
        self._inputs.put(_END)

    def _compute_all(self):
        while (got := self._inputs.get()) is not _END:
            task, memory, inputs = got
            if task.item.index not in self._left_out:
                self._compute(task, inputs)
            self._free_inputs.put(memory)
            if self._errors:
                return

    def _compute(self, task, inputs):
        if isinstance(inputs, Exception):
            self._leave_out(task, inputs)
            return
        memory = self._free_outputs.get()
        if memory is None:  # the writer failed
            return
        try:
            outputs = compute(self._job, task, inputs, memory)
        except ERRORS as error:
            self._free_outputs.put(memory)
            self._leave_out(task, error)
            return
        self._outputs.put((task, memory, outputs))
        self._run.on_computed(task)

    def _leave_out(self, task, error):
        self._left_out.add(task.item.index)
        self._run.on_failure(task.item, error)

    def _write_all(self):
        while (got := self._outputs.get()) is not _END:
            task, memory, outputs = got
            if task.item.index not in self._left_out:
                write(task, outputs)
            self._free_outputs.put(memory)
            with self._something:
                self._written.append(task)
                self._open[task.item.index] = task.item
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
