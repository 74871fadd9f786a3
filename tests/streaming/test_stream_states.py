"""The state of a stream: taken, kept in files, set in other processes, and refused where it does not fit."""

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import window_cases as cases
from window_cases import same_bits

import nb_sepconv as tf
from nb_sepconv.streaming import Stream

TESTS = Path(__file__).parents[1]

WRITER = """
import os, signal, sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from test_stream_states import model, samples
stream, x = model().stream(2), samples()
for step in range(0, 40):
    outputs = stream.push(x[:, step : step + 1])
    with open(sys.argv[1] + "/outputs", "ab") as file:
        file.write(outputs.tobytes())
    np.savez(sys.argv[1] + "/new.npz", **stream.state)
    os.replace(sys.argv[1] + "/new.npz", sys.argv[1] + "/state.npz")
    if step == 22:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def model(data_format="channels_last"):
    """A stack with weights that are the same in every process."""
    layers = [
        tf.layers.SeparableConv1D(5, 4, padding="causal", dilation_rate=2, data_format=data_format),
        tf.layers.MaxPooling1D(2, 2, padding="valid", data_format=data_format),
        tf.layers.SeparableConv1D(3, 3, padding="same", data_format=data_format),
    ]
    stack = tf.Stack(*layers)
    with tf.Graph().as_default():
        stack(samples(data_format))
    rng = np.random.default_rng(0)
    for layer in layers:
        layer.set_weights([rng.standard_normal(weight.shape).astype(np.float32) for weight in layer.get_weights()])
    return stack


def samples(data_format="channels_last"):
    x = np.random.default_rng(1).standard_normal((2, 40, 3)).astype(np.float32)
    return x if data_format == "channels_last" else np.ascontiguousarray(x.swapaxes(1, 2))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_a_stream_goes_on_in_another_process_after_a_kill(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(TESTS / "streaming")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == -signal.SIGKILL, done.stderr
    before = np.frombuffer((tmp_path / "outputs").read_bytes(), np.float32).reshape(-1, 2, 1, 3)
    x, stack = samples(), model()
    stream = stack.stream(2)
    stream.state = np.load(tmp_path / "state.npz")
    rest = [stream.push(x[:, 23:30]), stream.push(x[:, 30:]), stream.flush()]
    whole = np.concatenate([*before, *rest], axis=1)
    assert same_bits(whole, stack(x))


@pytest.mark.parametrize("data_format", cases.FORMATS)
@pytest.mark.parametrize("way", ["pickle", "npz", "lists"])
def test_a_state_is_arrays_that_any_file_can_hold(tmp_path, way, data_format):
    x, stack = samples(data_format), model(data_format)
    axis = 1 if data_format == "channels_last" else 2
    stream = stack.stream(2)
    first = stream.push(cases.sliced(x, axis, 0, 17))
    state = stream.state
    assert state["seen"].tolist() == [17, 17, 8]
    assert [state[f"kept_{number}"].shape[axis] for number in range(3)] == [6, 1, 2]
    other = stack.stream(2)
    if way == "pickle":
        other.state = pickle.loads(pickle.dumps(state))
    elif way == "npz":
        np.savez(tmp_path / "state.npz", **state)
        other.state = np.load(tmp_path / "state.npz")
    else:
        told = json.loads(json.dumps({name: array.tolist() for name, array in state.items()}))
        other.state = {name: np.array(told[name], array.dtype) for name, array in state.items()}
    rest = [other.push(cases.sliced(x, axis, 17, 40)), other.flush()]
    assert same_bits(np.concatenate([first, *rest], axis), stack(x))


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_a_state_of_each_type_comes_back_from_a_file(tmp_path, dtype):
    kernel = np.random.default_rng(2).standard_normal((3, 2, 1)).astype(cases.dtype_of(dtype))
    x = np.random.default_rng(3).standard_normal((1, 9, 2)).astype(kernel.dtype)
    stream, other = Stream(kernel), Stream(kernel)
    stream.push(x[:, :5])
    np.savez(tmp_path / "state.npz", **stream.state)
    other.state = np.load(tmp_path / "state.npz")
    assert same_bits(other.push(x[:, 5:]), stream.push(x[:, 5:]))


def test_a_state_does_not_change_with_its_stream():
    stream = Stream(np.ones((3, 2, 1), np.float32))
    stream.push(np.ones((1, 4, 2), np.float32))
    state = stream.state
    before = pickle.dumps(state)
    stream.push(np.full((1, 40, 2), 7, np.float32))
    assert pickle.dumps(state) == before
    state["kept_0"][...] = np.nan
    assert np.isfinite(stream.push(np.ones((1, 4, 2), np.float32))).all()


def test_a_stream_of_unknown_channels_has_a_state_too():
    stack = tf.Stack(tf.nn.relu, tf.layers.MaxPooling1D(3, 1))
    stream, other = stack.stream(), stack.stream()
    start = stream.state
    assert start.keys() == {"seen"}
    first = stream.push(np.ones((1, 4, 5), np.float32))
    other.state = stream.state
    assert same_bits(other.push(np.ones((1, 1, 5), np.float32)), stream.push(np.ones((1, 1, 5), np.float32)))
    stream.state = start
    assert same_bits(stream.push(np.ones((1, 4, 5), np.float32)), first)


def test_setting_a_state_ends_the_end():
    stream, x = Stream(np.ones((3, 2, 1), np.float32)), np.ones((1, 4, 2), np.float32)
    stream.push(x)
    state = stream.state
    stream.flush()
    with pytest.raises(RuntimeError, match=r"`state` is for a series that goes on, and the stream was flushed: call"):
        stream.state  # noqa: B018
    stream.state = state
    assert stream.push(x).shape == (1, 4, 2)


def refusals():
    kept = np.zeros((1, 2, 2), np.float32)
    yield {"seen": [4]}, r'`state` must hold "kept_0", as the state of a stream does. Received: '
    yield {"kept_0": kept}, r'`state` must hold "seen"'
    yield None, r'`state` must hold "seen", as the state of a stream does. Received: None'
    yield {"seen": [4, 4], "kept_0": kept}, r'`state\["seen"\]` must be 1 integers >= 0, one for each layer. Received'
    yield {"seen": [-1], "kept_0": kept}, r'`state\["seen"\]` must be 1 integers >= 0'
    yield {"seen": [4.0], "kept_0": kept}, r'`state\["seen"\]` must be 1 integers >= 0'
    yield {"seen": [40], "kept_0": kept}, r'`state\["seen"\]` must be at most the `length` 20. Received'
    for wrong in (kept[:, :1], kept[:, :, :1], kept.astype(np.float64), np.zeros((2, 2, 2), np.float32)):
        yield (
            {"seen": [4], "kept_0": wrong},
            r'`state\["kept_0"\]` must have the shape \(1, 2, 2\) and the type float32. Received: shape ',
        )


@pytest.mark.parametrize(("state", "message"), list(refusals()))
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state, message):
    kernel, x = np.ones((3, 2, 1), np.float32), np.random.default_rng(4).random((1, 10, 2), np.float32)
    stream, undisturbed = Stream(kernel, length=20), Stream(kernel, length=20)
    for each in (stream, undisturbed):
        each.push(x)
    with pytest.raises(ValueError, match=message):
        stream.state = state
    assert same_bits(stream.push(x), undisturbed.push(x))


def test_a_state_of_other_layers_is_refused():
    first, other = model(), tf.Stack(*model().layers[::2])
    stream = first.stream(2)
    stream.push(samples()[:, :9])
    with pytest.raises(ValueError, match=r'`state\["seen"\]` must be 2 integers >= 0'):
        other.stream(2).state = stream.state
    wrong = {**stream.state, "seen": [9, 9, 9]}
    with pytest.raises(
        ValueError, match=r"must be of these layers: layer 1 gives 4 steps after 9. Received: 9 of layer 2"
    ):
        stream.state = wrong


def test_a_stream_says_that_its_state_is_what_pickles():
    with pytest.raises(TypeError, match=r"A stream does not pickle: pickle its `state`, and set that on a stream of"):
        pickle.dumps(Stream(np.ones((3, 2, 1), np.float32)))
