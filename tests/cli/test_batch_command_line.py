"""The commands nb-sepconv apply and nb-sepconv status."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv.cli import jobs
from nb_sepconv.cli.main import main

ROOT = Path(__file__).parents[2]
MODEL = """
import numpy as np
import nb_sepconv as tf

values = np.random.default_rng(0).standard_normal

def weighted(layer):
    layer.build((None, None, 3))
    layer.set_weights([values(weight.shape).astype("f4") for weight in layer.get_weights()])
    return layer

layer = weighted(tf.layers.SeparableConv1D(4, 9, padding="same", activation="relu", name="layer"))
unbuilt = tf.layers.SeparableConv1D(4, 9, name="unbuilt")
stack = tf.Stack(tf.layers.SeparableConv1D(4, 9, name="one"), tf.layers.SeparableConv1D(2, 70, name="two"))
number = 3

class Models:
    layer = layer

def function(x):
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        return tf.layers.separable_conv1d(x, 4, 5, padding="same", name="one")

def slow(x):
    import time
    time.sleep(0.02)
    return layer(x)
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A module of models in the current folder, with a name that no other test has imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("ID", "MIN", "MAX", "COUNT", "STEP"):
        monkeypatch.delenv(f"SLURM_ARRAY_TASK_{name}", raising=False)
    name = f"models_{abs(hash(str(tmp_path)))}"
    Path(f"{name}.py").write_text(MODEL, encoding="utf-8")
    os.mkdir("in")
    for index, length in enumerate((300, 1200)):
        np.save(f"in/x{index}.npy", np.random.default_rng(index).standard_normal((length, 3), "f4"))
    yield name
    sys.modules.pop(name, None)


def run(capsys, *arguments):
    status = main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def outputs(folder="out"):
    return [np.load(f"{folder}/x{index}.npy") for index in (0, 1)]


def inputs():
    return [np.load(f"in/x{index}.npy")[None] for index in (0, 1)]


def same(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_apply_writes_what_calls_give_and_a_second_time_nothing(model, capsys):
    status, out, _ = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100)
    assert status == 0
    assert re.fullmatch(r"finished: 2 files, 15 chunks in [\d.]+ s\n", out)
    layer = sys.modules[model].layer
    same(outputs(), map(layer, inputs()))
    status, out, _ = run(capsys, "apply", f"{model}:Models.layer", "in", "-o", "out", "--chunk", 100)
    assert status == 0
    assert re.fullmatch(r"finished: 2 files, 0 chunks in [\d.]+ s, 15 were there\n", out)


def test_several_sources_and_formats(model, capsys):
    status, _, _ = run(capsys, "apply", f"{model}:layer", "in/x1.npy", "in/x0*", "-o", "out/*.h5", "-q")
    assert status == 0
    h5py = pytest.importorskip("h5py")
    with h5py.File("out/x1.h5") as file:
        same([file["outputs"][...]], [sys.modules[model].layer(inputs()[1])])


def test_a_dry_run_writes_nothing(model, capsys):
    status, out, _ = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100, "--dry-run")
    assert status == 0
    assert "15 chunks of up to 100, halo 4 before and 4 after" in out
    assert "in/x1.npy -> out/x1.npy: 1x1200x3 -> 1x1200x4, 12 chunks" in out.replace(os.sep, "/")
    assert not os.path.exists("out")
    status, out, _ = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100, "--dry-run", "--json")
    assert (status, json.loads(out)["chunks"], json.loads(out)["halo"]) == (0, 15, [4, 4])


def test_reports_for_programs_and_for_nobody(model, capsys):
    status, out, _ = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--json")
    assert (status, json.loads(out)["files"], json.loads(out)["finished"]) == (0, 2, True)
    assert run(capsys, "apply", f"{model}:layer", "in", "-o", "other", "-q") == (0, "", "")


def test_files_that_cannot_be_read(model, capsys):
    Path("in/bad.npy").write_bytes(b"not an array")
    status, out, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out")
    assert (status, out) == (2, "")
    assert re.search(r"^nb-sepconv: in.bad\.npy: expected a \.npy file", err)
    status, out, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--on-error", "skip")
    assert (status, err) == (1, "")
    assert re.search(r"^finished: 2 files, .*\nleft out: in.bad\.npy: SourceError: in.bad\.npy: expected", out)
    same(outputs(), map(sys.modules[model].layer, inputs()))
    status, out, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "other", "--on-error", "skip", "-q")
    assert (status, out) == (1, "")
    assert re.search(r"^left out: in.bad\.npy: SourceError: in.bad\.npy: expected", err)


def test_channels_are_picked_by_number(model, capsys):
    np.save("wide.npy", x := np.random.default_rng(5).standard_normal((500, 9), "f4"))
    picked = ("--channel", 8, "--channel", 0, "--channel", 5)
    assert run(capsys, "apply", f"{model}:layer", "wide.npy", "-o", "y.npy", "-q", *picked)[0] == 0
    same([np.load("y.npy")], [sys.modules[model].layer(np.ascontiguousarray(x[None][:, :, [8, 0, 5]]))])


def test_overwriting(model, capsys):
    np.save("y.npy", np.zeros(3))
    status, _, err = run(capsys, "apply", f"{model}:layer", "in/x0.npy", "-o", "y.npy")
    assert status == 2
    assert "y.npy" in err
    assert np.load("y.npy").shape == (3,)
    assert run(capsys, "apply", f"{model}:layer", "in/x0.npy", "-o", "y.npy", "--overwrite", "-q")[0] == 0
    same([np.load("y.npy")], [sys.modules[model].layer(inputs()[0])])


def test_memory_is_limited(model, capsys):
    status, _, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 1000, "--memory", "1kB")
    assert status == 2
    assert re.search("^nb-sepconv: `memory_limit` must be at least", err)
    assert run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--memory", "100kB", "-q")[0] == 0


# Weights


def stored(path, shapes):
    values = np.random.default_rng(7).standard_normal
    arrays = {name: values(shape).astype("f4") for name, shape in shapes.items()}
    tf.weights.save(path, arrays)
    return arrays


def shapes_of(scope, steps, channels, filters):
    return {
        f"{scope}/depthwise_kernel": (steps, channels, 1),
        f"{scope}/pointwise_kernel": (1, channels, filters),
        f"{scope}/bias": (filters,),
    }


def answer(arrays, scope, x, **settings):
    weights = (arrays[f"{scope}/{name}"] for name in ("depthwise_kernel", "pointwise_kernel", "bias"))
    return tf.ops.separable_conv1d(x, *weights, **settings)


@pytest.mark.parametrize("suffix", [".npz", ".ckpt"])
def test_weights_of_a_layer_that_is_not_built(suffix, model, capsys):
    arrays = stored(f"w{suffix}", shapes_of("unbuilt", 9, 3, 4))
    command = ("apply", f"{model}:unbuilt", "in", "-o", "out", "-q", "--weights", f"w{suffix}")
    assert run(capsys, *command) == (0, "", "")
    same(outputs(), (answer(arrays, "unbuilt", x) for x in inputs()))


def test_weights_of_a_stack(model, capsys):
    arrays = stored("w.npz", shapes_of("one", 9, 3, 4) | shapes_of("two", 70, 4, 2))
    assert run(capsys, "apply", f"{model}:stack", "in", "-o", "out", "-q", "--weights", "w.npz") == (0, "", "")
    same(outputs(), (answer(arrays, "two", answer(arrays, "one", x)) for x in inputs()))


def test_weights_of_a_function(model, capsys):
    arrays = stored("w.npz", shapes_of("net/one", 5, 3, 4))
    assert run(capsys, "apply", f"{model}:function", "in", "-o", "out", "-q", "--weights", "w.npz") == (0, "", "")
    same(outputs(), (answer(arrays, "net/one", x, padding="same") for x in inputs()))


def test_weights_of_another_model(model, capsys):
    stored("w.npz", shapes_of("other", 9, 3, 4))
    status, _, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--weights", "w.npz")
    assert status == 2
    assert "layer/depthwise_kernel: missing in the file" in err


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("{model}", r"^nb-sepconv: `model` must be MODULE:NAME, as `detectors:heartbeat`\. Received: 'models_"),
        ("{model}:", r"`model` must be MODULE:NAME"),
        ("{model}:other", r"`model` must name what the module has. Received: '.*:other', without 'other'"),
        ("nowhere_at_all:layer", "No module named 'nowhere_at_all'"),
        ("{model}:unbuilt", r'The layer "unbuilt" has no weights yet'),
        ("{model}:number", "`model` must be"),
    ],
)
def test_models_that_are_refused(name, match, model, capsys):
    status, out, err = run(capsys, "apply", name.format(model=model), "in", "-o", "out")
    assert (status, out) == (2, "")
    assert re.search(match, err)
    assert not os.path.exists("out")


# Shards


def test_shards_make_one_output(model, capsys):
    for number in (2, 1, 3):
        command = ("apply", f"{model}:layer", "in", "-o", "out", "--chunk", 50, "--shard", f"{number}/3")
        status, out, err = run(capsys, *command)
        assert (status, err) == (0, f"nb-sepconv: shard {number}/3\n")
        assert out.startswith("finished" if number == 3 else "not finished")
    same(outputs(), map(sys.modules[model].layer, inputs()))


def test_a_task_of_a_slurm_array_is_a_shard(model, capsys, monkeypatch):
    for number in (4, 8):
        for name, value in {"ID": number, "MIN": 4, "MAX": 8, "COUNT": 2, "STEP": 4}.items():
            monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", str(value))
        status, _, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 50)
        assert (status, err) == (0, f"nb-sepconv: shard {number // 4}/2\n")
    same(outputs(), map(sys.modules[model].layer, inputs()))


def test_slurm_arrays_with_gaps_need_a_shard():
    task = {"ID": "5", "MIN": "1", "COUNT": "3"}
    with pytest.raises(ValueError, match=r"`--shard` is needed in an array whose numbers have gaps. Received: .*ID=5"):
        jobs.shard_of_slurm({f"SLURM_ARRAY_TASK_{name}": value for name, value in task.items()})
    assert jobs.shard_of_slurm({}) is None


# Status and interruption


def test_status_of_a_job(model, capsys):
    assert run(capsys, "status", "out") == (2, "none: 0 of 0 chunks, 0 of 0 files\n", "")
    run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100, "-q")
    assert run(capsys, "status", "out") == (0, "finished: 15 of 15 chunks, 2 of 2 files\n", "")
    found = json.loads(run(capsys, "status", "out", "--json")[1])
    assert (found["state"], found["chunks"], found["skipped"]) == ("finished", 15, {})


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX systems")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_jobs_say_how_to_go_on(number, model, capsys):
    command = [sys.executable, "-m", "nb_sepconv", "apply", f"{model}:slow", "in", "-o", "out", "--chunk", "20", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_for_chunks("out")
        process.send_signal(number)
        started = time.monotonic()
        _, err = process.communicate()
    assert process.returncode == 130
    assert time.monotonic() - started < 3  # a second on a machine with nothing else to do
    assert re.search(r"^nb-sepconv: stopped: \d+ of 75 chunks .*; the same call goes on where it was", err)
    assert tf.batch.status("out").state == "stopped"
    assert run(capsys, "apply", f"{model}:slow", "in", "-o", "out", "--chunk", "20", "-q")[0] == 0
    same(outputs(), map(sys.modules[model].layer, inputs()))


def test_an_interruption_before_the_job_starts(model, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "load_model", interrupted)
    command = ("apply", f"{model}:layer", "in", "-o", "out")
    assert run(capsys, *command) == (130, "", "nb-sepconv: stopped before the job started\n")


def wait_for_chunks(destination):
    for _ in range(600):
        if tf.batch.status(destination).chunks:
            return
        time.sleep(0.1)
    raise TimeoutError("the job did not start within a minute")


def test_a_job_that_fails_says_that_the_same_command_goes_on(model, capsys, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device", "out/x0.npy.part")

    with monkeypatch.context() as patch:
        patch.setattr("nb_sepconv.files.preallocated.PreallocatedFile.sync", fail)
        status, _, err = run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100)
    assert status == 2
    assert "No space left on device" in err
    assert run(capsys, "apply", f"{model}:layer", "in", "-o", "out", "--chunk", 100)[0] == 0
    same(outputs(), map(sys.modules[model].layer, inputs()))
