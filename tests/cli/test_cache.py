"""``nb-sepconv cache`` and ``warmup``: after it no call compiles."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nb_sepconv.cli import cache, warming
from nb_sepconv.cli.main import main
from nb_sepconv.kernels.store import files, key, place
from nb_sepconv.kernels.store.unit_file import Unit

ROOT = Path(__file__).parents[2]

CALLS = """
import itertools, json, os
import numpy as np
import nb_sepconv as tf
from nb_sepconv.kernels.store import units
from nb_sepconv.kernels.cpu.runtime.threads import num_threads

tf.warmup("all", gradients=True, data_formats="all", activations="all")
after_warmup = units.counts()
rng = np.random.default_rng(0)

def call(dtype, data_format, channels, filters, multiplier, kernel_size, strides, dilation, activation, *size):
    length, examples = size
    shape = (examples, length, channels) if data_format == "channels_last" else (examples, channels, length)
    arrays = [rng.standard_normal(size).astype(dtype) for size in (shape, (kernel_size, channels, multiplier),
                                                                  (channels * multiplier, filters), (filters,))]
    settings = dict(strides=strides, dilation_rate=dilation, data_format=data_format, padding="same")
    settings["activation"] = activation
    arrays[0] = arrays[0] if examples > 1 else np.asfortranarray(arrays[0])
    outputs = tf.ops.separable_conv1d(*arrays, **settings)
    tf.ops.separable_conv1d_gradients(outputs, *arrays, **settings)
    del settings["activation"]
    outputs = tf.ops.depthwise_conv1d(*arrays[:2], **settings)
    tf.ops.depthwise_conv1d_gradients(outputs, *arrays[:2], **settings)

dtypes = ["float16", "float32", "float64", *(["bfloat16"] if hasattr(tf, "bfloat16") else [])]
formats = ["channels_last", "channels_first"]
for sizes in itertools.product(dtypes, formats, [1, 5, 40], [1, 17, 33], [1, 2], [1, 3], [(1, 1), (1, 2), (2, 1)]):
    *sizes, (strides, dilation) = sizes
    call(*sizes, strides, dilation, None, 9, 2)
    call(*sizes, strides, dilation, "relu", 9, 1)
for activation in tf.kernels.cpu.FUSED_ACTIVATIONS:
    for dtype in dtypes:
        call(dtype, "channels_last", 3, 4, 1, 3, 1, 1, activation, 9, 2)
for precision in ("bf16x3", "tf32", "bf16"):
    with tf.precision(precision):
        call("float32", "channels_last", 256, 256, 1, 3, 1, 1, None, 20, 2)
call("float32", "channels_last", 512, 700, 1, 3, 1, 1, None, 300, 2)
call("float32", "channels_first", 512, 700, 1, 3, 1, 1, None, 300, 2)
train = tf.train
for dtype in ("float32", "float64"):
    x = rng.standard_normal((3, 20, 6)).astype(dtype)
    for layer in (tf.layers.SeparableConv1D(4, 3), tf.layers.Conv1D(4, 3), tf.layers.Conv1D(70, 3), tf.layers.Dense(4)):
        outputs, pullback = layer.value_and_pullback(x)
        _, gradients = pullback(np.ones_like(outputs))
        layer.stream().push(x[:1])
        for optimizer in (train.GradientDescentOptimizer(0.1), train.MomentumOptimizer(0.1, 0.9),
                          train.MomentumOptimizer(0.1, 0.9, use_nesterov=True), train.AdagradOptimizer(0.1),
                          train.AdadeltaOptimizer(), train.RMSPropOptimizer(0.1),
                          train.RMSPropOptimizer(0.1, centered=True), train.AdamOptimizer(), train.FtrlOptimizer(0.1)):
            optimizer.apply_gradients(zip(gradients, layer.trainable_variables))
for dtype, data_format, channels in itertools.product(dtypes, formats, [1, 5, 40]):
    shape = (3, 20, channels) if data_format == "channels_last" else (3, channels, 20)
    arrays = [rng.standard_normal(size).astype(dtype) for size in (shape, (3, channels, 1), (channels, 33), (33,))]
    settings = dict(padding="same", data_format=data_format, lengths=[20, 3, 0])
    outputs = tf.ops.separable_conv1d(*arrays, **settings)
    tf.ops.separable_conv1d_gradients(outputs, *arrays, **settings)
    outputs = tf.ops.depthwise_conv1d(*arrays[:2], **settings)
    tf.ops.depthwise_conv1d_gradients(outputs, *arrays[:2], **settings)
keras = tf.keras.layers
x = rng.standard_normal((2, 40, 6)).astype("float32")
for layer in (keras.SeparableConv1D(4, 3, padding="causal"), keras.Conv1D(40, 3), keras.Dense(7), keras.Flatten(),
              keras.BatchNormalization(), keras.Dropout(0.3), keras.MaxPooling1D(2), keras.AveragePooling1D(2),
              tf.layers.BatchNormalization(), tf.layers.Dropout(), tf.layers.Flatten(), tf.layers.MaxPooling1D(2, 2)):
    outputs, pullback = layer.value_and_pullback(x)
    pullback(np.ones_like(outputs))
    if hasattr(layer, "stream") and "Flatten" not in type(layer).__name__:
        stream = layer.stream()
        stream.push(x[:1, :1]), stream.push(x[:1, 1:30]), stream.flush()
print(json.dumps([after_warmup, units.counts()]))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(place.FOLDER, str(tmp_path / "compiled"))
    monkeypatch.delenv(place.SWITCH, raising=False)
    return tmp_path / "compiled"


def put(folder, name, for_this_process=True):
    files.write(folder, Unit(name, name, (), bytes(10)), key.key_of(name) if for_this_process else bytes(32))


def test_list_tells_what_is_used_here(folder, capsys):
    put(folder, "one")
    put(folder, "another", for_this_process=False)
    assert main(["cache", "list"]) == 0
    title, _, _, another, one = capsys.readouterr().out.splitlines()
    assert title == f"{folder}: 2 units, 20 bytes"
    assert another.split() == ["another", "10", "not", "used", "here"]
    assert one.split() == ["one", "10"]


def test_clear_removes_all_units_and_nothing_else(folder, capsys):
    put(folder, "one")
    (folder / "mine").write_text("")
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"{folder}: 1 units removed\n"
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_without_a_folder_nothing_is_listed_or_removed(folder, capsys):
    assert main(["cache", "list"]) == main(["cache", "clear"]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 0 units, 0 bytes\n")
    assert not folder.exists()


def test_fill_says_what_it_wrote(folder, capsys, monkeypatch):
    monkeypatch.setattr(cache, "warmup", lambda *names, **others: put(folder, "one"))
    assert main(["cache", "fill"]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: ")


@pytest.mark.parametrize("why", ["off", "linked"])
def test_fill_says_why_it_cannot(folder, capsys, monkeypatch, tmp_path, why):
    if why == "off":
        monkeypatch.setenv(place.SWITCH, "off")
    else:
        folder.symlink_to(tmp_path)
    reason = {"off": "NB_SEPCONV_CACHE is off", "linked": "it is not a folder"}[why]
    assert main(["cache", "fill"]) == 2
    assert capsys.readouterr().err == f"nb-sepconv: nothing can be kept on disk: {reason}\n"


@pytest.mark.parametrize("argument", ["dtypes", "data_formats", "activations"])
def test_warmup_refuses_other_names(argument):
    with pytest.raises(ValueError, match=rf"`{argument}` must be names among .+, or all\. Received: 'another'"):
        warming.warmup(**{argument: "another"})


def test_warmup_takes_one_name_or_several(monkeypatch):
    asked, steps = [], []
    monkeypatch.setattr(warming.engines, "engine", lambda: Recorder(asked))
    monkeypatch.setattr(warming.optimizers, "compile_ahead", steps.append)
    warming.warmup()
    warming.warmup(["float16", "float64"], gradients=True, data_formats="all", activations=("relu",))
    assert asked == [
        ("float32", False, False, []),
        ("float16", True, True, ["relu"]),
        ("float64", True, True, ["relu"]),
    ]
    assert steps == ["float16", "float64"]


class Recorder:
    FUSED_ACTIVATIONS = frozenset(["relu", "tanh"])

    def __init__(self, asked):
        self._asked = asked

    def compile_ahead(self, *arguments):
        self._asked.append(arguments)


@pytest.mark.slow
def test_no_call_compiles_after_the_widest_warmup_and_all_units_load_in_another_process(tmp_path):
    """The second process has its own address layout, and finds all units on disk."""
    environment = {**os.environ, place.FOLDER: str(tmp_path / "compiled"), "PYTHONPATH": str(ROOT)}
    for turn in range(2):
        command = [sys.executable, "-c", CALLS]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=1800)
        after_warmup, at_the_end = json.loads(done.stdout.splitlines()[-1])
        assert at_the_end == after_warmup
        assert after_warmup["compiled" if turn else "loaded"] == 0
        assert after_warmup["loaded" if turn else "written"] == after_warmup["loaded" if turn else "compiled"] > 100


@pytest.mark.slow
def test_no_unit_holds_an_address(tmp_path):
    """Two processes, whose memory lies elsewhere, write the same files."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        environment = {**os.environ, place.FOLDER: str(folder), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        subprocess.run([sys.executable, "-m", "nb_sepconv", "cache", "fill"], env=environment, check=True, timeout=1800)
    first, second = ({path.name: path.read_bytes() for path in files.units(folder)} for folder in folders)
    assert len(first) > 100
    assert first == second
