"""``batch.apply``: the bits of one call, whatever the chunks; going on; what is refused; reports, plans and status."""

import os
import threading
import time

import numpy as np
import pytest
import window_cases
from job_cases import same_bits, series, stack

import nb_sepconv as tf
from nb_sepconv import batch
from nb_sepconv.batch import pipeline
from nb_sepconv.batch.destinations.npy import NpyDestination

QUIET = {"progress": False}


@pytest.fixture
def disk(tmp_path):
    x = series()
    np.save(tmp_path / "x.npy", x)
    model = stack()
    return tmp_path, model, model(x)


@pytest.mark.parametrize("data_format", window_cases.FORMATS)
@pytest.mark.parametrize("dtype", window_cases.DTYPES)
def test_chunks_have_the_bits_of_one_call(tmp_path, dtype, data_format):
    dtype = window_cases.dtype_of(dtype)
    model, x = stack(data_format, dtype), series(500, dtype=dtype, data_format=data_format)
    answer = model(x)
    for chunk in (1, 7, 100, 250, None):
        batch.apply(model, x, tmp_path / "y.npy", chunk=chunk, overwrite=True, check=False, **QUIET)
        found = np.load(tmp_path / "y.npy")
        assert same_bits(found.view(dtype) if found.dtype.kind == "V" else found, answer)


@pytest.mark.parametrize("name", ["y.npy", "y.h5", "y.h5:/group/y", "y.zarr"])
def test_destinations(disk, name):
    folder, model, answer = disk
    report = batch.apply(model, folder / "x.npy", str(folder / name), chunk=100, **QUIET)
    assert report == (True, 1, {}, 30, 0, 3000, report.seconds)
    found = batch.apply(tf.nn.relu, str(folder / name), folder / "again.npy", **QUIET)
    assert found.finished
    assert same_bits(np.load(folder / "again.npy"), tf.nn.relu(answer))


def test_examples_are_cut_too(disk):
    folder, model, answer = disk
    x = np.concatenate([series(200, examples=9)])
    answer = model(x)
    report = batch.apply(model, x, folder / "b.npy", axis="batch", chunk=2, **QUIET)
    assert report.chunks == 5
    assert same_bits(np.load(folder / "b.npy"), answer)
    report = batch.apply(model, x, folder / "t.npy", chunk=300, **QUIET)
    assert report.chunks == 3  # 3 examples of 100 steps fit into the input of a chunk of 300
    assert same_bits(np.load(folder / "t.npy"), answer)


def test_what_acts_over_time_can_be_cut_by_examples(tmp_path):
    layer = tf.layers.SeparableConv1D(4, 3, data_format="channels_first", activation="softmax")
    x = series(50, examples=5, data_format="channels_first")
    answer = layer(x)
    with pytest.raises(ValueError, match=r"cannot be cut over time.*'softmax' with channels_first"):
        batch.apply(layer, x, tmp_path / "y.npy", **QUIET)
    batch.apply(layer, x, tmp_path / "y.npy", axis="batch", chunk=2, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), answer)


def test_a_folder_of_files_of_different_lengths(tmp_path):
    model = stack()
    for length in (10, 999, 2000):
        np.save(tmp_path / f"{length}.npy", series(length, examples=1))
    report = batch.apply(model, tmp_path, tmp_path / "out", chunk=200, **QUIET)
    assert (report.finished, report.files, report.skipped) == (True, 3, {})
    for length in (10, 999, 2000):
        assert same_bits(np.load(tmp_path / "out" / f"{length}.npy"), model(series(length, examples=1)))
    assert not list((tmp_path / "out").glob("*.part"))
    assert batch.apply(model, tmp_path, tmp_path / "out", chunk=200, **QUIET).chunks == 0


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system does not list the open files of a process")
def test_more_files_than_a_process_may_open(tmp_path):
    import resource

    model, limits = stack(), resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in range(100):
        np.save(tmp_path / f"{number}.npy", series(50, examples=1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(len(os.listdir("/proc/self/fd")) + 40, limits[0]), limits[1]))
    try:
        report = batch.apply(model, tmp_path, tmp_path / "out", **QUIET)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert (report.finished, report.files) == (True, 100)


def test_short_series(tmp_path):
    valid = tf.Stack(tf.layers.SeparableConv1D(4, 5), tf.layers.SeparableConv1D(4, 5))
    valid(series(64))
    with pytest.raises(ValueError, match=r"array 0: a series of 8 steps is too short.*spans 5 steps"):
        batch.apply(valid, series(8), tmp_path / "y.npy", **QUIET)
    same = stack()
    for length in (0, 1, 2):
        x = np.zeros((2, length, 3), np.float32)
        batch.apply(same, x, tmp_path / f"{length}.npy", **QUIET)
        assert same_bits(np.load(tmp_path / f"{length}.npy"), same(x))


def test_a_model_of_keras(tmp_path):
    layers = tf.keras.layers
    inner = tf.keras.Sequential([layers.Conv1D(4, 3, padding="causal")])
    first = [layers.SeparableConv1D(8, 5, padding="same"), layers.BatchNormalization(), layers.Activation("relu")]
    model = tf.keras.Sequential([*first, layers.Dropout(0.3), layers.MaxPooling1D(2), inner, layers.Dense(2)])
    x = series(1000)
    answer = np.asarray(model(x))
    batch.apply(model, x, tmp_path / "y.npy", chunk=100, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), answer)
    batch.apply(tf.Stack(model, tf.nn.relu), x, tmp_path / "z.npy", chunk=100, **QUIET)
    assert same_bits(np.load(tmp_path / "z.npy"), np.maximum(answer, 0))


def test_integers_in_memory_are_cast(tmp_path):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(series(10, channels=1))
    x = np.arange(-500, 500, dtype=np.int16)
    batch.apply(layer, x, tmp_path / "y.npy", **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), layer(x[None, :, None].astype(np.float32)))


# ---- going on ----


class Stop(Exception):
    pass


def stopping_after(chunks):
    def stop(progress):
        if progress.chunks == chunks:
            raise Stop

    return stop


def test_a_job_goes_on_where_it_was(disk, monkeypatch):
    folder, model, answer = disk
    source, to = folder / "x.npy", folder / "y.npy"
    with pytest.raises(Stop):
        batch.apply(model, source, to, chunk=100, progress=stopping_after(11))
    assert not to.exists()
    before = batch.status(to).chunks
    assert 11 <= before < 30  # those that were computed meanwhile are kept too
    assert batch.status(to)[:5] == ("stopped", before, 30, 0, 1)
    written = []
    write = pipeline.write
    monkeypatch.setattr(pipeline, "write", lambda task, outputs: [written.append(task.number), write(task, outputs)])
    report = batch.apply(model, source, to, progress=False)  # the chunk is the journal's
    assert (report.chunks, report.chunks_before, report.finished) == (30 - before, before, True)
    assert len(written) == len(set(written)) == 30 - before
    assert same_bits(np.load(to), answer)
    assert batch.status(to)[:5] == ("finished", 30, 30, 1, 1)
    assert batch.apply(model, source, to, **QUIET)[:5] == (True, 1, {}, 0, 30)


def test_a_torn_line_of_the_journal_is_not_done(disk):
    folder, model, answer = disk
    with pytest.raises(Stop):
        batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, progress=stopping_after(11))
    journal = folder / "y.npy.journal"
    before = batch.status(folder / "y.npy").chunks
    journal.write_bytes(journal.read_bytes()[:-3])
    report = batch.apply(model, folder / "x.npy", folder / "y.npy", **QUIET)
    assert report.chunks == 30 - before + 1
    assert same_bits(np.load(folder / "y.npy"), answer)


def test_a_stop_between_the_file_and_the_journal(disk):
    folder, model, answer = disk
    batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, **QUIET)
    journal = folder / "y.npy.journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert b"finished" in lines[-1]
    journal.write_bytes(b"".join(lines[:-1]))
    report = batch.apply(model, folder / "x.npy", folder / "y.npy", **QUIET)
    assert (report.finished, report.chunks) == (True, 0)
    assert same_bits(np.load(folder / "y.npy"), answer)


def test_resume_false_and_overwrite(disk):
    folder, model, answer = disk
    arguments = model, folder / "x.npy", folder / "y.npy"
    with pytest.raises(Stop):
        batch.apply(*arguments, chunk=100, progress=stopping_after(11))
    assert batch.apply(*arguments, chunk=200, resume=False, **QUIET).chunks == 16
    np.save(folder / "y.npy", np.zeros(3))
    (folder / "y.npy.journal").unlink()
    with pytest.raises(FileExistsError, match=r"`destination` exists: overwrite=True replaces it.*y\.npy"):
        batch.apply(*arguments, **QUIET)
    assert not (folder / "y.npy.journal").exists()
    assert batch.apply(*arguments, chunk=100, overwrite=True, **QUIET).chunks == 30
    assert same_bits(np.load(folder / "y.npy"), answer)


def test_an_output_that_is_gone_is_missed(disk):
    folder, model, _ = disk
    with pytest.raises(Stop):
        batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, progress=stopping_after(11))
    (folder / "y.npy.part").unlink()
    with pytest.raises(FileNotFoundError, match="the unfinished output of the journal is gone: overwrite=True"):
        batch.apply(model, folder / "x.npy", folder / "y.npy", **QUIET)


def changed_weights(folder, model):
    model[0].set_weights([weight + 1 for weight in model[0].get_weights()])
    return {}


def changed_source(folder, model):
    x = series()
    x[0, 0, 0] += 1
    np.save(folder / "x.npy", x)
    return {}


def changed_layer(folder, model):
    return {"model": tf.Stack(*model[:2])}


CHANGES = {
    "weights": (changed_weights, r"model layer 0 weights changed; model outputs changed"),
    "source": (changed_source, r"source \S+x\.npy time was \d+, is \d+; source \S+x\.npy contents changed"),
    "layers": (changed_layer, r"model layer count was 3, is 2"),
    "chunk": (lambda folder, model: {"chunk": 99}, r"chunk was 100, is 99"),
    "axis": (lambda folder, model: {"axis": "batch"}, r"axis was 'time', is 'batch'"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_job_is_refused_by_what_changed(disk, change):
    folder, model, _ = disk
    arguments = {"model": model, "source": folder / "x.npy", "destination": folder / "y.npy", **QUIET}
    with pytest.raises(Stop):
        batch.apply(**{**arguments, "chunk": 100, "progress": stopping_after(11)})
    make, words = CHANGES[change]
    arguments |= make(folder, model)
    with pytest.raises(ValueError, match=f"another job in it, so this one cannot go on: overwrite=True.*{words}"):
        batch.apply(**arguments)
    assert batch.apply(**arguments, overwrite=True).finished


def test_another_engine_is_refused(disk, monkeypatch):
    folder, model, _ = disk
    with pytest.raises(Stop):
        batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, progress=stopping_after(11))
    with (
        tf.precision("bf16"),
        pytest.raises(ValueError, match="computed by precision was 'float32', is 'bf16'"),
    ):
        batch.apply(model, folder / "x.npy", folder / "y.npy", **QUIET)


def test_two_jobs_on_one_destination(disk):
    folder, model, answer = disk
    refused = []

    def second(progress):
        if progress.chunks == 3:
            assert batch.status(folder / "y.npy").state == "running"
            with pytest.raises(BlockingIOError, match=r"another job is at work on this destination.*y\.npy\.journal"):
                batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, **QUIET)
            refused.append(True)

    batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, progress=second)
    assert refused == [True]
    assert same_bits(np.load(folder / "y.npy"), answer)


# ---- failures ----


def test_files_that_cannot_be_read_are_left_out(tmp_path):
    model = stack()
    np.save(tmp_path / "a.npy", series(100))
    (tmp_path / "b.npy").write_bytes(b"no array")
    np.save(tmp_path / "c.npy", series(100, channels=5))
    np.save(tmp_path / "d.npy", series(300))
    with pytest.raises(ValueError, match=r"b\.npy"):
        batch.apply(model, tmp_path, tmp_path / "out", **QUIET)
    report = batch.apply(model, tmp_path, tmp_path / "out", on_error="skip", chunk=50, **QUIET)
    assert (report.finished, report.files, len(report.skipped)) == (True, 2, 2)
    reasons = {os.path.basename(name): reason for name, reason in report.skipped.items()}
    assert "b.npy" in reasons["b.npy"]
    assert reasons["c.npy"].endswith("must have 3 channels. Received: shape (2, 100, 5)")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.npy", "d.npy", "nb-sepconv.journal"]
    assert "left out: " in str(report)
    assert batch.status(tmp_path / "out") == (
        "finished",
        8,
        8,
        2,
        2,
        report.skipped,
        f"{tmp_path}/out/nb-sepconv.journal",
    )


def test_a_file_that_fails_on_the_way_is_left_out(tmp_path, monkeypatch):
    model = stack()
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", series(300))
    read = pipeline.read

    def failing(job, task, memory):
        if task.item.name.endswith("a.npy") and task.number == 2:
            raise OSError("it is torn")
        return read(job, task, memory)

    monkeypatch.setattr(pipeline, "read", failing)
    with pytest.raises(OSError, match="it is torn"):
        batch.apply(model, tmp_path, tmp_path / "out", chunk=50, **QUIET)
    report = batch.apply(model, tmp_path, tmp_path / "out", chunk=50, on_error="skip", **QUIET)
    assert list(report.skipped.values()) == ["OSError: it is torn"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.npy", "nb-sepconv.journal"]
    assert same_bits(np.load(tmp_path / "out" / "b.npy"), model(series(300)))
    assert batch.status(tmp_path / "out")[0] == "finished"
    assert batch.status(tmp_path / "out").skipped == report.skipped
    monkeypatch.setattr(pipeline, "read", read)
    report = batch.apply(model, tmp_path, tmp_path / "out", chunk=50, on_error="skip", **QUIET)
    assert (report.finished, report.files, report.skipped, report.chunks) == (True, 2, {}, 6)
    assert same_bits(np.load(tmp_path / "out" / "a.npy"), model(series(300)))


def test_a_write_that_fails_stops_the_job(disk, monkeypatch):
    folder, model, answer = disk
    write, failed = NpyDestination.write, threading.Event()

    def failing(self, start, stop, values, first=0):
        if start == 500:
            failed.set()
            raise OSError(28, "No space left on device", self.part_path)
        if start > 500:  # not so soon that nobody could have noticed
            failed.wait(1)  # in vain where the one before is still computed, and this thread is the one that writes it
            time.sleep(0.05)
        write(self, start, stop, values, first)

    monkeypatch.setattr(NpyDestination, "write", failing)
    with pytest.raises(OSError, match=r"No space left on device.*y\.npy\.part"):
        batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, on_error="skip", **QUIET)
    monkeypatch.setattr(NpyDestination, "write", write)
    report = batch.apply(model, folder / "x.npy", folder / "y.npy", **QUIET)
    assert 3 <= report.chunks_before <= 7  # chunks are computed in about their order
    assert same_bits(np.load(folder / "y.npy"), answer)


# ---- what is told ----


def test_progress_counts(disk):
    folder, model, _ = disk
    told = []
    batch.apply(model, folder / "x.npy", folder / "y.npy", chunk=100, progress=told.append)
    assert [progress.chunks for progress in told] == list(range(1, 31))
    assert [progress.steps for progress in told] == [100 * number for number in range(1, 31)]
    last = told[-1]
    assert (last.all_chunks, last.all_steps, last.real_time, last.seconds_left) == (30, 3000, None, 0.0)
    assert last.samples_per_second > 0
    assert str(last).startswith("100%, 30 of 30 chunks, ")


def test_a_plan(disk):
    folder, model, _ = disk
    plan = batch.plan(model, folder / "x.npy", folder / "y.npy", chunk=100)
    assert plan.files == ((str(folder / "x.npy"), str(folder / "y.npy"), (2, 3000, 3), (2, 1500, 4), 30, None),)
    assert (plan.chunk, plan.chunks, plan.input_bytes, plan.output_bytes) == (100, 30, 72_000, 48_000)
    assert plan.halo == tf.receptive_field(model, 3000)[2:]
    assert 0.05 < plan.extra_work < 0.15
    assert "because `chunk` is 100" in plan.why
    assert plan.free_bytes > 0
    assert str(folder / "y.npy") in str(plan)
    assert os.listdir(folder) == ["x.npy"]


def test_a_plan_takes_the_arguments_of_apply(disk):
    folder, model, _ = disk
    assert batch.plan(model, folder / "x.npy", shard="1/2", overwrite=True, progress=False).chunks == 2
    with pytest.raises(TypeError, match=r"`plan` takes the arguments of `apply`\. Received: chunks=3"):
        batch.plan(model, folder / "x.npy", chunks=3)


def test_chunks_that_the_plan_chooses(tmp_path):
    model, x = stack(), np.broadcast_to(np.float32(0), (1, 3_000_000, 3))
    plan = batch.plan(model, x)
    assert plan.extra_work <= 0.05
    assert plan.why is None
    assert plan.memory_bytes <= 512_000_000
    small = batch.plan(model, x, memory_limit="4kB")
    assert small.memory_bytes <= 4000
    assert small.extra_work > 0.05
    assert "because `memory_limit` allows no longer chunks" in small.why
    with pytest.raises(ValueError, match=r"`memory_limit` is too small: one output step takes \d+ bytes. Received: 10"):
        batch.plan(model, x, memory_limit=10)


def test_status_of_nothing(tmp_path):
    assert batch.status(tmp_path / "y.npy") == ("none", 0, 0, 0, 0, {}, str(tmp_path / "y.npy.journal"))


REFUSED = {
    "axis": ("length", ValueError, r"`axis` must be one of 'time', 'batch', 1, 2\. Received: 'length'"),
    "chunk": (0, ValueError, r"`chunk` must be an integer > 0\. Received: 0"),
    "halo": (3, ValueError, r"`halo` is for functions: layers know their windows\. Received: \(3, 3\)"),
    "memory_limit": ("much", ValueError, r"`memory_limit` must be bytes.*Received: 'much'"),
    "dtype": ("int8", TypeError, r"`dtype` must be float16, bfloat16, float32 or float64\. Received: 'int8'"),
    "on_error": ("ignore", ValueError, r"`on_error` must be one of 'raise', 'skip'\. Received: 'ignore'"),
    "shard": ("0/3", ValueError, r"`shard` must be as \"3/40\".*Received: '0/3'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_arguments(disk, name):
    folder, model, _ = disk
    value, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        batch.apply(model, folder / "x.npy", folder / "y.npy", **{name: value}, **QUIET)
    assert os.listdir(folder) == ["x.npy"]


def test_another_type_than_the_layers_is_refused(disk):
    folder, model, _ = disk
    with pytest.raises(TypeError, match=r"`dtype` must be that of the layers, float32\. Received: float64"):
        batch.apply(model, folder / "x.npy", folder / "y.npy", dtype="float64", **QUIET)


def test_nothing_to_read(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"`source` has nothing that can be read\. Received: .*a\.npy"):
        batch.apply(stack(), tmp_path / "a.npy", tmp_path / "y.npy", on_error="skip", **QUIET)
