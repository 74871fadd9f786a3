"""A job from its locks to its finished outputs."""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.executors import run_by
from nb_sepconv.batch.interruption import stopped_by_sigterm
from nb_sepconv.batch.job import folder_of
from nb_sepconv.batch.ledger import Ledger, refuse_another_job
from nb_sepconv.batch.pipeline import Pipeline
from nb_sepconv.batch.progress import Teller
from nb_sepconv.batch.report import Report
from nb_sepconv.batch.seams import check_seam
from nb_sepconv.batch.tasks import Tasks
from nb_sepconv.files.locks import require_locks

if TYPE_CHECKING:
    from nb_sepconv.batch.job import Item, Job
    from nb_sepconv.batch.tasks import Task


class Run:
    """A job that is running.

    Args:
        job: the :class:`~nb_sepconv.batch.job.Job`.
        destination: path, as the caller wrote it.
        progress: see :class:`~nb_sepconv.batch.progress.Teller`.
        executor: a ``concurrent.futures.Executor``, or None.
    """

    def __init__(self, job: Job, destination: Any, progress: Any, executor: Any) -> None:
        self._job, self._destination, self._progress, self._executor = job, destination, progress, executor
        self._started = time.monotonic()
        self._skipped: dict[int, str] = {item.index: item.problem for item in job.items if item.problem}
        self._chunks = self._steps = 0

    def run(self) -> Report:
        """Do what is not done, and finish what is complete."""
        folder = folder_of(self._destination)
        os.makedirs(folder, exist_ok=True)
        require_locks(folder)
        self._ledger = Ledger(self._destination, self._job.options.shard)
        self._pipeline = None
        try:
            with stopped_by_sigterm():
                return self._run()
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(self._how_to_go_on()) from error
        finally:
            self._close()

    def _run(self):
        with self._ledger.turn():
            state = self._entered()
        tasks = Tasks(self._job, state)
        self._left = tasks.left
        self._teller = Teller(self._progress, len(tasks), tasks.steps)
        try:
            if self._executor is None:
                self._pipeline = Pipeline(self._job, tasks, self)
                self._pipeline.run()
            elif len(tasks):
                run_by(self._executor, self._job, self._ledger.path, tasks, self)
        finally:
            self._teller.close()
        with self._ledger.turn():
            state = self._ledger.progressed()
            self._finish_complete(state)
        return self._report(state, tasks.before)

    # ---- entering: whose destination it is ----

    def _entered(self):
        """What is done, once it is sure that it was this job."""
        options = self._job.options
        state = self._ledger.progressed()
        if state.fingerprint is not None and (options.overwrite or (not options.resume and not state.finished)):
            self._ledger.forget()
            state = self._ledger.progressed()
        if state.fingerprint is None:
            self._begin()
        else:
            self._go_on(state)
        if not state.created:
            self._create()
        else:
            self._reopen(state)
            self._retry(state)
        news = [{"skipped": index, "reason": reason} for index, reason in self._skipped.items()]
        self._ledger.own.append([each for each in news if each["skipped"] not in state.skipped])
        return self._ledger.progressed()

    def _begin(self):
        job = self._job
        if not job.options.overwrite:
            for item in job.items:
                if item.source is not None and os.path.lexists(item.destination.path):
                    raise FileExistsError(
                        errno.EEXIST, "`destination` exists: overwrite=True replaces it", item.destination.path
                    )
        if job.options.check and job.over_time:
            check_seam(job)
        totals = {"chunks": job.count(), "names": [item.name for item in job.items]}
        self._ledger.master.append([{"job": job.fingerprint(), "totals": totals}])

    def _go_on(self, state):
        job = self._job
        chunk = state.fingerprint["chunk"]
        if job.options.chunk is None and chunk != job.chunk:
            job.use_chunk(chunk)  # the memory limit may be another one
        refuse_another_job(self._ledger.path, state.fingerprint, job.fingerprint())

    def _create(self):
        made = []
        try:
            for item in self._items():
                item.destination.create(item.series.shape_out(self._job.channels_last), self._job.trial.dtype)
                made.append(item.destination)
        except BaseException:
            for destination in made:
                destination.discard()
            raise
        self._ledger.master.append([{"created": True}])

    def _reopen(self, state):
        job = self._job
        for item in self._items():
            if item.index in state.finished or item.index in state.skipped:
                continue
            try:
                item.destination.reopen(item.series.shape_out(job.channels_last), job.trial.dtype)
            except FileNotFoundError:
                if self._is_complete(state, item) and os.path.lexists(item.destination.path):
                    continue  # it was stopped between the file's last step and the journal's
                raise FileNotFoundError(
                    errno.ENOENT,
                    "the unfinished output of the journal is gone: overwrite=True starts anew",
                    item.destination.part_path,
                ) from None

    def _retry(self, state):
        """Begin anew with inputs that were left out and can be read now; shards leave that to a later whole job."""
        for item in self._items() if self._job.options.shard is None else ():
            if item.index in state.skipped and item.index not in state.finished:
                item.destination.create(item.series.shape_out(self._job.channels_last), self._job.trial.dtype)
                self._ledger.master.append([{"retried": item.index}])

    def _items(self):
        return [item for item in self._job.items if item.source is not None and item.index not in self._skipped]

    # ---- while it runs ----

    def on_disk(self, tasks: list[Task]) -> None:
        """Note tasks whose outputs are on the disk, and finish files that they complete."""
        self._ledger.own.append([{"item": task.item.index, "unit": task.number} for task in tasks])
        if self._job.options.shard is not None:
            return
        for task in tasks:
            self._left[task.item.index] -= 1
            if not self._left[task.item.index] and len(self._job.items) > 1:
                self._finish(task.item)

    def on_failure(self, item: Item, error: Exception) -> None:
        """Leave an input out, or raise what is wrong with it."""
        if self._job.options.on_error == "raise":
            raise error
        if item.index in self._skipped:
            return
        self._skipped[item.index] = f"{type(error).__name__}: {error}"
        self._ledger.own.append([{"skipped": item.index, "reason": self._skipped[item.index]}])

    def on_computed(self, task: Task) -> None:
        """Count a task."""
        steps, series, source = task.unit.steps, task.item.series, task.item.source
        share = steps / max(series.steps, 1)
        rate = getattr(source, "rate", None)
        self._chunks += 1
        self._steps += steps
        self._teller.add(steps, int(share * series.length * series.channels), rate and share * series.length / rate)

    # ---- finishing ----

    def _is_complete(self, state, item):
        return len(state.done.get(item.index, ())) == len(item)

    def _finish_complete(self, state):
        for item in self._job.items:
            if item.source is None or item.index in state.skipped or item.index in self._skipped:
                item.destination.discard()
            elif item.index not in state.finished and self._is_complete(state, item):
                self._finish(item)
                state.finished.add(item.index)

    def _finish(self, item):
        destination = item.destination
        if os.path.lexists(destination.part_path) or not os.path.lexists(destination.path):
            destination.finish()
        self._ledger.master.append([{"finished": item.index}])

    def _report(self, state, before):
        skipped = {**state.skipped, **self._skipped}
        names = {self._job.items[index].name: reason for index, reason in sorted(skipped.items())}
        finished = all(index in state.finished for index in {item.index for item in self._items()} - skipped.keys())
        seconds = time.monotonic() - self._started
        return Report(finished, len(state.finished), names, self._chunks, before, self._steps, seconds)

    def _how_to_go_on(self):
        done = f"{self._chunks} of {self._job.count()} chunks were computed in this run"
        return f"stopped: {done}; the same call goes on where it was ({self._ledger.path})"

    def _close(self):
        """Close all files; those that a thread is still writing when it is done with it."""
        threads = [] if self._pipeline is None else self._pipeline.threads

        def close():
            for thread in threads:
                thread.join()
            with suppress(OSError):
                self._job.close()
            self._ledger.close()

        if any(thread.is_alive() for thread in threads):
            threading.Thread(target=close, daemon=True, name="nb_sepconv batch closer").start()
        else:
            close()
