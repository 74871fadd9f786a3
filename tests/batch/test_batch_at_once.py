"""Chunks that are computed beside one another, each on one thread."""

import threading

import numpy as np
import pytest
from job_cases import same_bits, series, stack

import nb_sepconv as tf
from nb_sepconv import batch
from nb_sepconv.batch import job as jobs
from nb_sepconv.batch import options, pipeline

QUIET = {"progress": False}
THREADS = 3


@pytest.fixture
def computing(monkeypatch):
    """The names of the threads that compute, which are three on any machine."""
    monkeypatch.setattr(jobs.Job, "_threads", lambda self: 1 if self.cut.foreign else THREADS)
    names, compute = [], pipeline.compute

    def noted(*arguments):
        names.append(threading.current_thread().name)
        return compute(*arguments)

    monkeypatch.setattr(pipeline, "compute", noted)
    return names


def test_many_chunks_are_computed_beside_one_another(tmp_path, computing):
    model, x = stack(), series()
    told = []

    def progress(now):
        told.append((threading.current_thread(), now.chunks))

    report = batch.apply(model, x, tmp_path / "y.npy", chunk=50, progress=progress)
    assert same_bits(np.load(tmp_path / "y.npy"), model(x))
    assert (report.chunks, len(computing)) == (60, 60)
    assert set(computing) == {"nb_sepconv batch computer"}
    assert told == [(threading.current_thread(), number) for number in range(1, 61)]


def test_few_chunks_are_computed_by_all_threads_together(tmp_path, computing):
    model, x = stack(), series()
    batch.apply(model, x, tmp_path / "y.npy", chunk=300, **QUIET)
    assert set(computing) == {threading.current_thread().name}
    assert len(computing) == 10 < THREADS * pipeline.FEW


def double(values):
    return 2 * values


@pytest.mark.parametrize("kind", ["function", "activation"])
def test_the_callers_own_code_stays_on_the_callers_thread(tmp_path, computing, kind):
    layer = tf.layers.SeparableConv1D(4, 3, padding="same", activation=double if kind == "activation" else None)
    x = series()
    layer(x)
    model = layer if kind == "activation" else lambda inputs: layer(inputs)
    batch.apply(model, x, tmp_path / "y.npy", chunk=50, **QUIET)
    assert set(computing) == {threading.current_thread().name}
    assert same_bits(np.load(tmp_path / "y.npy"), layer(x))


def test_the_librarys_activations_are_computed_beside_one_another(tmp_path, computing):
    x = series()
    model = tf.Stack(tf.layers.SeparableConv1D(4, 3, activation=tf.nn.softplus), tf.nn.softsign)
    model(x)
    batch.apply(model, x, tmp_path / "y.npy", chunk=50, **QUIET)
    assert set(computing) == {"nb_sepconv batch computer"}
    assert same_bits(np.load(tmp_path / "y.npy"), model(x))


def test_the_precision_of_the_caller_holds_on_all_threads(tmp_path, computing):
    layer, x = tf.layers.SeparableConv1D(64, 3), series(channels=64)
    layer(x)
    with tf.precision("bf16"):
        batch.apply(layer, x, tmp_path / "y.npy", chunk=50, **QUIET)
        assert same_bits(np.load(tmp_path / "y.npy"), layer(x))
    assert set(computing) == {"nb_sepconv batch computer"}


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_what_fails_on_one_of_the_threads(tmp_path, computing, monkeypatch, on_error):
    model = stack()
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", series())
    compute = pipeline.compute

    def failing(job, task, *arguments):
        if task.item.index == 0 and task.number == 7:
            raise MemoryError("there is no room")
        return compute(job, task, *arguments)

    monkeypatch.setattr(pipeline, "compute", failing)
    arguments = {"chunk": 50, "on_error": on_error, **QUIET}
    out = tmp_path / "out"
    if on_error == "raise":
        with pytest.raises(MemoryError, match="there is no room"):
            batch.apply(model, tmp_path, out, **arguments)
        assert batch.status(out).state == "stopped"
    else:
        report = batch.apply(model, tmp_path, out, **arguments)
        assert list(report.skipped.values()) == ["MemoryError: there is no room"]
        assert same_bits(np.load(out / "b.npy"), model(series()))
    monkeypatch.setattr(pipeline, "compute", compute)
    assert batch.apply(model, tmp_path, out, **arguments).finished
    assert same_bits(np.load(out / "a.npy"), model(series()))


def test_what_nobody_expects_on_one_of_the_threads(tmp_path, computing, monkeypatch):
    def failing(*arguments):
        raise ZeroDivisionError("on purpose")

    model, x = stack(), series()
    monkeypatch.setattr(pipeline, "compute", failing)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        batch.apply(model, x, tmp_path / "y.npy", chunk=50, **QUIET)
    assert not [each for each in threading.enumerate() if each.name.startswith("nb_sepconv batch")]


def test_as_many_at_once_as_the_memory_allows(computing):
    model, x = stack(), np.broadcast_to(np.float32(0), (1, 3_000_000, 3))
    needs = {}
    for limit in ("512MB", "4kB"):
        wanted = options.checked("time", None, None, limit, None, "raise", True, True, False, None, None)
        job = jobs.Job(model, x, None, wanted)
        needs[limit] = job.at_once
        assert job.memory_bytes() <= job.options.memory_limit
        assert job.at_once == 1 or job.extra_work() <= 0.05
    assert needs == {"512MB": THREADS, "4kB": 1}
