"""The units of a job on the workers of an executor: each reads, computes and writes its own."""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.job import ERRORS
from nb_sepconv.batch.pipeline import Memory, compute, read, write
from nb_sepconv.batch.tasks import task_of
from nb_sepconv.files.atomic import replacing
from nb_sepconv.kernels import cpu

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from nb_sepconv.batch.job import Job
    from nb_sepconv.batch.running import Run
    from nb_sepconv.batch.tasks import Tasks

_GROUPS, _MOST_TOGETHER, _MOST_RUNNING = 64, 32, 1024
_jobs: dict[str, Job] = {}
"""The jobs of this process by their token: those that it runs, and the last one that it works for."""
_users: Counter[Job] = Counter()
"""How many calls work for a job."""
_entering = threading.Lock()
_process = ""
"""What this process alone is called: another machine, or another container, may have one of the same number."""


def _name_process() -> None:
    global _process
    _process = secrets.token_hex(16)


_name_process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_name_process)


def run_by(executor: Executor, job: Job, stem: str, tasks: Tasks, run: Run) -> None:
    """Do tasks on an executor.

    The job, with its model, lies in a file beside the destination while it runs, which each worker reads once; threads
    of this process share it.

    Args:
        stem: str, the beginning of that file's path.
        run: what ``on_disk``, ``on_failure`` and ``on_computed`` are called of, by this thread.
    """
    token = secrets.token_hex(8)
    path, digest = f"{stem}.{token}.model", ""
    _jobs[token] = job
    running: set[Any] = set()
    try:
        if not isinstance(executor, ThreadPoolExecutor):
            digest = _stored(job, path)
        for keys in _groups(tasks):
            running.add(executor.submit(work, path, token, digest, keys, _process))
            if len(running) >= _MOST_RUNNING:
                running = _waited(job, run, running)
        while running:
            running = _waited(job, run, running)
    finally:
        for future in running:
            future.cancel()
        _jobs.pop(token, None)
        with suppress(FileNotFoundError):
            os.remove(path)


def _groups(tasks):
    """The keys of some tasks at a time."""
    together, left = max(1, min(len(tasks) // _GROUPS, _MOST_TOGETHER)), iter(tasks)
    while group := [(task.item.index, task.number) for task in islice(left, together)]:
        yield group


def _waited(job, run, running):
    """What is still running when something is done, and noted."""
    done, others = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        _noted(job, run, *future.result())
    return others


def _noted(job, run, done, failed):
    for index, error in failed:
        run.on_failure(job.items[index], error)
    tasks = [task_of(job.items[index], number) for index, number in done]
    for task in tasks:
        run.on_computed(task)
    run.on_disk(tasks)


_NOT_PICKLED = (pickle.PicklingError, AttributeError, TypeError)


def _stored(job, path):
    """Write the job to a file; its hash."""
    try:
        data = pickle.dumps(job)
    except _NOT_PICKLED as error:
        try:
            import cloudpickle

            data = cloudpickle.dumps(job)
        except (ImportError, *_NOT_PICKLED):
            raise TypeError(
                f"`model` must pickle for an executor of other processes. Received: {job.model!r} ({error})"
            ) from error
    with replacing(path) as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def _loaded(path, token, digest):
    with open(path, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{path} is not what the job wrote")
    _jobs.clear()
    job = _jobs[token] = pickle.loads(data)
    return job


def work(path: str, token: str, digest: str, keys: list[tuple[int, int]], process: str) -> tuple[Any, Any]:
    """Do the tasks of these keys, (input, unit), in a worker, for the job of a process.

    Returns:
        (keys that are done, their outputs on the disk; pairs of an input and an error, where errors are skipped).
    """
    here = process == _process
    threads = nullcontext() if here or "NB_SEPCONV_NUM_THREADS" in os.environ else cpu.num_threads(1)
    done, failed = [], {}
    with _job_of(path, token, digest, here) as job, threads:
        for index, number in keys:
            if index not in failed:
                try:
                    _do(job, task_of(job.items[index], number))
                except ERRORS as error:
                    if job.options.on_error == "raise":
                        raise
                    failed[index] = error
                else:
                    done.append((index, number))
        done = [key for key in done if key[0] not in failed]
        for index in {index for index, _ in done}:
            job.items[index].destination.sync()
    return done, list(failed.items())


@contextmanager
def _job_of(path, token, digest, here):
    """The job; in another process than its own, no file is open when nobody works for it any more."""
    with _entering:
        job = _jobs.get(token) or _loaded(path, token, digest)
        _users[job] += 1
    try:
        yield job
    finally:
        with _entering:
            _users[job] -= 1
            if not _users[job]:
                del _users[job]
                if not here:
                    job.close()


def _do(job, task):
    inputs = read(job, task, Memory())
    outputs = compute(job, task, inputs, Memory())
    write(task, outputs)
