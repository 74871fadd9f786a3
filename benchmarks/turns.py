"""Measure: every library on the same numbers, checked against float64, timed in turns."""

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from benchmarks import memory
from benchmarks.peers import LARGEST_ERRORS, OURS, precision_of
from benchmarks.processes import MissingLibraryError, WorkerError, WorkerProcess
from benchmarks.product_workloads import make_product_arrays
from benchmarks.statistics import summary
from benchmarks.stream_workloads import make_stream_arrays
from benchmarks.training_workloads import make_training_arrays
from benchmarks.workloads import make_arrays

LONGEST_SECONDS = 30  # for building and the first calls
NUMBERS = {
    "forward": make_arrays,
    "avx2": make_arrays,
    "training": make_training_arrays,
    "precision": make_arrays,
    "streams": make_stream_arrays,
    "products": make_product_arrays,
}


@contextmanager
def numbers_on_disk(workload, task="forward"):
    """The path of the workload's numbers and answer, for all workers to load."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.npz"
        np.savez(path, **NUMBERS[task](workload))
        yield str(path)


@contextmanager
def workers(libraries, threads, pythons, task):
    """The workers that started, and why the others did not."""
    with ExitStack() as stack:
        started, missing = {}, {}
        for library in libraries:
            try:
                worker = WorkerProcess(library, threads, task, **pythons.get(library, {}))
                started[library] = stack.enter_context(worker)
            except MissingLibraryError as error:
                missing[library] = str(error)
        if OURS in missing:
            raise WorkerError(f"nb_sepconv itself does not import: {missing[OURS]}")
        if len(started) < 2 <= len(libraries):
            reasons = "; ".join(f"{library}: {why}" for library, why in missing.items())
            raise WorkerError(
                "There is no other library to compare with: install one, or name its interpreter with `--python`. "
                + reasons
            )
        yield started, missing


def prepare(library, worker, workload, path):
    """Which candidates compute the workload, with their errors, and why the others refuse; ours must all compute."""
    answers = answers_of(worker, worker.facts["candidates"], {"path": path, "workload": workload.as_dict()})
    usable = {name: answer for name, answer in answers.items() if "error" in answer}
    refused = {name: answer["refused"] for name, answer in answers.items() if "refused" in answer}
    if (library == OURS and refused) or not usable:
        raise WorkerError(f"{library} does not compute {workload.name}: {refused}")
    for name, answer in usable.items():
        if not answer["error"] <= LARGEST_ERRORS[precision_of(name)]:
            raise WorkerError(f"{library} ({name}) is wrong on {workload.name}: relative error {answer['error']:.1e}")
    return usable, refused


def answers_of(worker, names, numbers):
    """What preparing each candidate gave. One that does not answer costs its process, and the others begin anew."""
    worker.ask("load", **numbers)
    answers = {}
    for name in names:
        answer = worker.ask_within(LONGEST_SECONDS, "prepare", candidate=name)
        if answer is None:
            others = answers_of(worker, [other for other in names if other != name], numbers)
            return {**others, name: {"refused": f"no answer in {LONGEST_SECONDS} s"}}
        answers[name] = answer
    return answers


def favourite(worker, usable):
    """The fastest candidate of a peer, tried once."""
    estimates = {name: worker.ask("estimate", candidate=name) for name in usable}
    best = min(estimates, key=estimates.get)
    worker.ask("keep", candidates=[best])
    return best


def measure_workload(workload, started, rounds, seconds, task="forward"):
    """Times, errors and refusals by (library, candidate): all of ours are timed, of each peer its favourite."""
    with numbers_on_disk(workload, task) as path:
        entries, errors, refusals = [], {}, {}
        for library, worker in started.items():
            usable, refused = prepare(library, worker, workload, path)
            refusals.update({(library, name): why for name, why in refused.items()})
            names = list(usable) if library == OURS else [favourite(worker, usable)]
            entries += [(library, name) for name in names]
            errors.update({(library, name): usable[name]["error"] for name in names})
    samples = {entry: [] for entry in entries}
    for turn in range(rounds):
        for library, name in entries[turn % len(entries) :] + entries[: turn % len(entries)]:
            samples[library, name] += started[library].ask("time", candidate=name, seconds=seconds)
    times = {entry: summary(numbers) for entry, numbers in samples.items()}
    return {"workload": workload, "times": times, "errors": errors, "refusals": refusals}


def first_calls(workload, choices, threads, pythons, task):
    """Seconds to import, build and call once, each candidate in a process that has done nothing before."""
    found = {}
    with numbers_on_disk(workload, task) as path:
        for library, name in choices:
            with WorkerProcess(library, threads, task, **pythons.get(library, {})) as worker:
                worker.ask("load", path=path, workload=workload.as_dict())
                answer = worker.ask("prepare", candidate=name)
                found[library, name] = {**worker.facts, **answer}
    return found


def measure_memory(workloads, candidates, threads, pythons, task):
    """Bytes above what comes in and out by workload and candidate of ours, a process for each of these; None where
    unknown.
    """
    found = {workload.name: dict.fromkeys(candidates) for workload in workloads}
    if not memory.CLEAR_REFS.exists():
        return found
    for name in candidates:
        settings = {**pythons.get(OURS, {}), "environment": memory.ENVIRONMENT}
        with WorkerProcess(OURS, threads, task, **settings) as worker:
            for workload in workloads:
                with numbers_on_disk(workload, task) as path:
                    worker.ask("load", path=path, workload=workload.as_dict())
                found[workload.name][name] = worker.ask("memory", candidate=name)
    return found
