"""TensorFlow and Keras read what is written here, and what they write is read, in the same run.

NB_SEPCONV_TENSORFLOW_PYTHON names an interpreter that has tensorflow and tf_keras.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import weights

INTERPRETER = os.environ.get("NB_SEPCONV_TENSORFLOW_PYTHON")
RECORDER = Path(__file__).parents[1] / "record" / "weights.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INTERPRETER, reason="NB_SEPCONV_TENSORFLOW_PYTHON names no interpreter with TensorFlow"),
]

READ_CHECKPOINT = """
import sys, numpy as np, tensorflow as tf
reader = tf.train.load_checkpoint(sys.argv[1])
found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
found = {name: np.asarray(value) for name, value in found.items()}
found = {name: value.astype("f4") if value.dtype.name == "bfloat16" else value for name, value in found.items()}
np.savez(sys.argv[2], **{name.replace("/", "|"): value for name, value in found.items() if value.dtype != object})
assert [value.tolist() for value in found.values() if value.dtype == object] == [[b"one", b"", b"two" * 100]]
"""

RESTORE_WITH_SAVER = """
import sys, numpy as np, tensorflow.compat.v1 as tf
tf.disable_eager_execution()
tf.get_logger().setLevel("ERROR")
assert tf.train.latest_checkpoint(sys.argv[1]) == sys.argv[2], tf.train.latest_checkpoint(sys.argv[1])
x = tf.constant(np.load(sys.argv[3]))
y = tf.layers.separable_conv1d(x, 6, 5, depth_multiplier=2, padding="same", activation=tf.nn.relu, name="sep")
with tf.Session() as session:
    tf.train.Saver().restore(session, sys.argv[2])
    np.save(sys.argv[4], session.run(y))
"""

LOAD_IN_KERAS = """
import sys, numpy as np, keras
x = np.load(sys.argv[2])
model = keras.Sequential([
    keras.layers.Input(x.shape[1:]),
    keras.layers.SeparableConv1D(6, 5, depth_multiplier=2, padding="same", activation="relu"),
    keras.layers.SeparableConv1D(3, 2, use_bias=False),
])
model.load_weights(sys.argv[1])
np.save(sys.argv[3], model.predict(x, verbose=0))
"""


def run_there(program, *arguments, legacy=True):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": str(int(legacy)), "PYTHONPATH": ""}
    command = [INTERPRETER, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def random_inputs(tmp_path):
    x = np.random.default_rng(2).normal(size=(2, 30, 4)).astype("f4")
    np.save(tmp_path / "x.npy", x)
    return x


@pytest.fixture
def sep_variables():
    rng = np.random.default_rng(4)
    shapes = {"depthwise_kernel": (5, 4, 2), "pointwise_kernel": (1, 8, 6), "bias": (6,)}
    return {f"sep/{role}": rng.normal(size=shape).astype("f4") for role, shape in shapes.items()}


def test_tensorflow_reads_every_type(tmp_path):
    rng = np.random.default_rng(0)
    names = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
    wanted = {f"types/{name}": (rng.normal(size=(3, 2)) * 50).astype(name) for name in names}
    wanted |= {"flags": np.array([True, False]), "scalar": np.float32(3), "empty": np.zeros((0, 3), "f4")}
    wanted |= {"complex": rng.normal(size=2) + 1j, "größe": np.arange(3.0), "big": rng.normal(size=(512, 513))}
    wanted |= {f"many/{index:04d}/{'x' * 200}": np.float32(index) for index in range(1500)}
    brain = rng.normal(size=9).astype("f4").astype(weights.element_types.small_float("bfloat16"))
    strings = np.array([b"one", b"", b"two" * 100], object)
    for _ in range(2):
        weights.save(tmp_path / "m.ckpt", wanted | {"brain": brain, "strings": strings})
        run_there(READ_CHECKPOINT, tmp_path / "m.ckpt", tmp_path / "found.npz")
        with np.load(tmp_path / "found.npz") as found:
            assert {name.replace("|", "/") for name in found} == {*wanted, "brain"}
            np.testing.assert_array_equal(found["brain"], brain.astype("f4"))
            for name, value in wanted.items():
                stored = found[name.replace("/", "|")]
                assert stored.dtype == np.asarray(value).dtype
                np.testing.assert_array_equal(stored, value)


def test_tensorflow_restores_what_the_saver_saved(tmp_path, sep_variables):
    x = random_inputs(tmp_path)
    layer = tf.layers.SeparableConv1D(
        6, 5, depth_multiplier=2, padding="same", activation="relu", _scope="sep", name="sep"
    )
    layer.build(x.shape)
    layer.set_weights(list(sep_variables.values()))
    saver = tf.train.Saver(max_to_keep=2)
    for step in range(3):
        path = saver.save(None, tmp_path / "model.ckpt", global_step=step)
    run_there(RESTORE_WITH_SAVER, tmp_path, path, tmp_path / "x.npy", tmp_path / "y.npy")
    np.testing.assert_allclose(layer(x), np.load(tmp_path / "y.npy"), rtol=1e-5, atol=1e-5)


def test_keras_3_loads_what_is_saved(tmp_path, sep_variables):
    x = random_inputs(tmp_path)
    rng = np.random.default_rng(5)
    second = [rng.normal(size=(2, 6, 1)).astype("f4"), rng.normal(size=(1, 6, 3)).astype("f4")]
    names = ["second/depthwise_kernel", "second/pointwise_kernel"]
    weights.save(tmp_path / "a.weights.h5", sep_variables | dict(zip(names, second, strict=True)))
    run_there(LOAD_IN_KERAS, tmp_path / "a.weights.h5", tmp_path / "x.npy", tmp_path / "y.npy", legacy=False)
    hidden = tf.ops.separable_conv1d(x, *sep_variables.values(), padding="same", activation="relu")
    wanted = tf.ops.separable_conv1d(hidden, *second)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, rtol=1e-4, atol=1e-4)


def test_recorder_records_what_the_tests_hold(tmp_path):
    """The files in tests/data come from the recorder as it stands."""
    program = RECORDER.read_text(encoding="utf-8").replace("Path(__file__)", f"Path({str(tmp_path / 'a' / 'b')!r})")
    run_there(program)
    recorded = tmp_path / "data" / "weights" / "further"
    for form, wanted in [
        ("v1", "v1"),
        ("v2", "v2"),
        ("tf_keras.h5", "tf_keras"),
        ("tf_keras_objects/ckpt", "tf_keras"),
    ]:
        with weights.load(recorded / form) as file, np.load(recorded / f"{wanted}.expected.npz") as values:
            everything = {**file, **file.slots}
            assert {name for name in values if name != "words"} <= set(everything)
            for name in set(values) - {"words"}:
                np.testing.assert_array_equal(everything[name], values[name])
