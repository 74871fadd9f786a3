"""Shards, executors, kills, signals and full disks: what other processes do to a job."""

import glob
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from job_cases import same_bits, series, stack

import nb_sepconv as tf
from nb_sepconv import batch
from nb_sepconv.batch.options import Shard, shard_of_slurm

QUIET = {"progress": False}
HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "NB_SEPCONV_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, HERE.parents[1:2]))}
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")


@pytest.fixture
def disk(tmp_path):
    for length in (700, 1500):
        np.save(tmp_path / f"{length}.npy", series(length))
    model = stack()
    return tmp_path, model


def check_outputs(folder, model):
    for length in (700, 1500):
        assert same_bits(np.load(folder / "out" / f"{length}.npy"), model(series(length)))
    assert sorted(path.suffix for path in (folder / "out").iterdir() if path.suffix not in (".journal", ".npy")) == []


def arguments_of(folder, model):
    return model, str(folder / "*.npy"), folder / "out"


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shards(disk, order):
    folder, model = disk
    reports = [batch.apply(*arguments_of(folder, model), chunk=100, shard=(number, 3), **QUIET) for number in order]
    assert [report.finished for report in reports] == [False, False, True]
    assert sum(report.chunks for report in reports) == 2 * (4 + 8)
    check_outputs(folder, model)
    assert batch.status(folder / "out").state == "finished"
    assert batch.apply(*arguments_of(folder, model), chunk=100, shard=(2, 3), **QUIET).chunks == 0


def test_more_shards_than_chunks_and_another_count(disk):
    folder, model = disk
    for number in range(1, 20):
        batch.apply(*arguments_of(folder, model), chunk=100, shard=(number, 40), **QUIET)
    status = batch.status(folder / "out")
    assert status.state == "stopped"
    report = batch.apply(*arguments_of(folder, model), chunk=100, **QUIET)  # what is left, by one process
    assert report.finished
    assert report.chunks_before == status.chunks == 24 * 19 // 40
    check_outputs(folder, model)


def test_one_shard_twice_and_a_shard_beside_a_whole_job(disk):
    folder, model = disk
    arguments, tried = arguments_of(folder, model), []

    def again(progress):
        if not tried:
            for shard in ((1, 2), None):
                with pytest.raises(BlockingIOError, match="another job is at work on this destination"):
                    batch.apply(*arguments, chunk=100, shard=shard, **QUIET)
            tried.append(batch.apply(*arguments, chunk=100, shard=(2, 2), **QUIET))

    batch.apply(*arguments, chunk=100, shard=(1, 2), progress=again)
    assert not tried[0].finished
    check_outputs(folder, model)


def test_shards_of_another_job_are_refused(disk):
    folder, model = disk
    batch.apply(*arguments_of(folder, model), chunk=100, shard=(1, 2), **QUIET)
    with pytest.raises(ValueError, match="chunk was 100, is 50"):
        batch.apply(*arguments_of(folder, model), chunk=50, shard=(2, 2), **QUIET)


def test_files_that_a_shard_leaves_out(disk):
    folder, model = disk
    (folder / "800.npy").write_bytes(b"")
    for number in (1, 2):
        report = batch.apply(*arguments_of(folder, model), chunk=100, shard=(number, 2), on_error="skip", **QUIET)
    assert report.finished
    assert [os.path.basename(name) for name in report.skipped] == ["800.npy"]
    check_outputs(folder, model)


def test_the_shard_of_a_slurm_task():
    variables = {"ID": "7", "MIN": "1", "COUNT": "5", "STEP": "3"}
    found = shard_of_slurm({f"SLURM_ARRAY_TASK_{name}": value for name, value in variables.items()})
    assert found == Shard(3, 5)
    assert shard_of_slurm({}) is None


# ---- executors ----


def test_threads_of_an_executor(disk):
    folder, model = disk
    with ThreadPoolExecutor(3) as executor:
        report = batch.apply(*arguments_of(folder, model), chunk=50, executor=executor, **QUIET)
    assert (report.finished, report.chunks) == (True, 2 * (7 + 15))
    check_outputs(folder, model)


def test_a_function_in_threads_of_an_executor(disk):
    folder, model = disk

    def function(x):
        with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
            return tf.layers.separable_conv1d(model(x), 4, 3, padding="same", name="a")

    with tf.Graph().as_default():
        with ThreadPoolExecutor(3) as executor:
            batch.apply(*arguments_of(folder, function), chunk=50, executor=executor, **QUIET)
        check_outputs(folder, function)


@POSIX
def test_processes_of_an_executor(disk):
    folder, model = disk
    told = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        report = batch.apply(*arguments_of(folder, model), chunk=50, executor=executor, progress=told.append)
    assert (report.finished, report.chunks, told[-1].chunks) == (True, 44, 44)
    check_outputs(folder, model)


class Elsewhere(Executor):
    """Threads that work as those of another process do, which read the job from its file."""

    def __init__(self, threads):
        self.pool = ThreadPoolExecutor(threads)

    def submit(self, work, path, token, digest, keys, process):
        return self.pool.submit(work, path, f"elsewhere {token}", digest, keys, f"elsewhere {process}")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not tell which files are open")
@pytest.mark.parametrize("threads", [1, 4])
def test_workers_have_no_file_open_after_a_job(disk, threads):
    """None of them closes a file that another one reads or writes."""
    folder, model = disk
    executor = Elsewhere(threads)
    report = batch.apply(*arguments_of(folder, model), chunk=20, executor=executor, **QUIET)
    executor.pool.shutdown()
    assert report.finished
    check_outputs(folder, model)
    assert not [path for path in map(os.path.realpath, glob.glob("/proc/self/fd/*")) if path.startswith(str(folder))]


class SameNumber(Executor):
    """A worker in another process, which has the number of this one, as one on another machine may."""

    def __init__(self, pool):
        self.pool = pool

    def submit(self, work, *arguments):
        return self.pool.submit(_with_number, os.getpid(), work, *arguments)


def _with_number(number, work, *arguments):
    with mock.patch("os.getpid", return_value=number):
        return work(*arguments)


def _open_arrays(folder):
    opened = map(os.path.realpath, glob.glob("/proc/self/fd/*"))
    return [path for path in opened if path.startswith(folder) and path.endswith((".npy", ".part"))]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system does not tell which files are open")
def test_a_worker_with_the_number_of_the_process_of_the_job_closes_its_files(disk):
    """It was taken for that process, whose files stay open."""
    folder, model = disk
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert batch.apply(*arguments_of(folder, model), chunk=50, executor=SameNumber(pool), **QUIET).finished
        assert pool.submit(_open_arrays, str(folder)).result() == []
    check_outputs(folder, model)


FORKED = """
import os
from nb_sepconv.batch import executors
before = executors._process
if os.fork():
    os.wait()
    assert executors._process == before
else:
    print(executors._process != before, flush=True)
    os._exit(0)
"""


@POSIX
def test_a_forked_process_is_not_taken_for_its_parent():
    command = [sys.executable, "-c", FORKED]
    assert subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout == "True\n"


def test_a_model_that_does_not_pickle_is_refused_by_processes(disk):
    folder, model = disk
    unpicklable = _Unpicklable(model)
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(TypeError, match="`model` must pickle for an executor of other processes"),
    ):
        batch.apply(unpicklable, *arguments_of(folder, model)[1:], executor=executor, **QUIET)


class _Unpicklable:
    def __init__(self, model):
        self.model = model

    def __call__(self, x):
        return self.model(x)

    def __reduce__(self):
        raise TypeError("never")


# ---- kills, signals, full disks ----


@POSIX
@pytest.mark.parametrize("size", [[], ["large"]], ids=["small", "large"])
def test_25_kills_leave_the_bytes_of_an_undisturbed_job(size, tmp_path):
    command = [sys.executable, str(HERE / "killed_job.py"), str(tmp_path), *size]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    unfinished, state, *facts = found.stdout.split()
    assert int(unfinished) >= 5, found
    assert state in ("stopped", "finished")
    assert facts == ["True"] * 4, found


INTERRUPTED = """
import sys, time, numpy as np, nb_sepconv as tf
from nb_sepconv import batch
layer = tf.layers.SeparableConv1D(4, 5)
def tell(progress):
    if progress.chunks == 3:
        print("running", flush=True)
    time.sleep(0.02)
layer.build((None, None, 3))
layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
batch.apply(layer, np.zeros((1, 100_000, 3), np.float32), sys.argv[1], chunk=10, progress=tell)
"""


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_a_job_within_a_second(tmp_path, number):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "y.npy")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout.readline() == "running\n"
    process.send_signal(number)
    sent = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - sent < 1.5, errors  # with the end of the interpreter
    assert process.returncode not in (0, None)
    assert "KeyboardInterrupt: stopped: " in errors
    assert "the same call goes on where it was" in errors
    status = batch.status(tmp_path / "y.npy")
    assert status.state == "stopped"
    assert 1 <= status.chunks < 10_000


FULL = """
mount -t tmpfs -o size=4m none {folder} && exec {python} -c '
import os, sys, numpy as np, nb_sepconv as tf
from nb_sepconv import batch
layer = tf.layers.SeparableConv1D(4, 5, padding="same")
x = np.random.default_rng(0).standard_normal((1, 200_000, 1)).astype(np.float32)
y = layer(x)
to, ballast = "{folder}/y.npy", "{folder}/ballast"
with open(ballast, "wb") as file:
    os.posix_fallocate(file.fileno(), 0, 2_000_000)
try:
    batch.apply(layer, x, to, chunk=10_000, progress=False)
except OSError as error:
    print(error.errno, "bytes are needed" in str(error), sorted(os.listdir("{folder}")))
os.remove(ballast)
print(batch.apply(layer, x, to, chunk=10_000, progress=False).finished, np.array_equal(np.load(to), y))
'
"""


@POSIX
def test_a_full_disk_is_an_error_and_the_job_goes_on_when_there_is_space(tmp_path):
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    script = FULL.format(folder=tmp_path, python=sys.executable)
    command = [unshare, "-rm", "sh", "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert found.stdout.splitlines() == ["28 True ['ballast', 'y.npy.journal']", "True True"], found
