"""Record files of weights from TensorFlow and Keras, with the values they hold.

    TF_USE_LEGACY_KERAS=1 python tests/record/weights.py    # tensorflow-cpu, tf_keras

Each ``<file>.expected.npz`` in tests/data/weights/further has the values by the names that the library gives them.
"""

import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = Path(__file__).parent.parent / "data" / "weights" / "further"
VARIABLE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
v1 = tf.compat.v1


def save_expected(name, values):
    np.savez(FOLDER / f"{name}.expected.npz", **{key: np.asarray(value) for key, value in values.items()})


def random_values(rng):
    """One array of every type that V1 and V2 checkpoints share."""
    return {
        "encoder/sep1/depthwise_kernel": rng.normal(size=(5, 4, 1)).astype("f4"),
        "encoder/sep1/pointwise_kernel": rng.normal(size=(1, 4, 6)).astype("f4"),
        "encoder/sep1/bias": rng.normal(size=6).astype("f4"),
        "double": rng.normal(size=(2, 3)),
        "half": rng.normal(size=5).astype("f2"),
        "global_step": np.int64(1200),
        "int8": np.int8([-3, 4]),
        "uint8": np.uint8([200, 3]),
        "flags": np.array([True, False, True]),
        "complex64": (rng.normal(size=3) + 1j * rng.normal(size=3)).astype("c8"),
        "int16": np.int16([-300, 5]),
        "int32": np.int32([-70000, 5]),
        "repeated": np.zeros((40, 50), "f4"),
        "complex128": rng.normal(size=2) + 1j,
        "empty": np.zeros((0, 3), "f4"),
        "größe": np.float32(1.5),
    }


def record_checkpoint(name, write_version, with_optimizer):
    """A TF1 checkpoint of plain, partitioned and text variables."""
    rng = np.random.default_rng(7)
    values = random_values(rng)
    if write_version == v1.train.SaverDef.V1:
        del values["größe"]
    with v1.Graph().as_default(), v1.Session() as session:
        for key, value in values.items():
            v1.get_variable(key, initializer=tf.constant(value)) if key.isascii() else None
        if "größe" in values:
            unicode_variable = v1.get_variable("size", initializer=tf.constant(values["größe"]))
        v1.get_variable("words", initializer=tf.constant([b"one", b"two two", b""]))
        columns = rng.normal(size=(7, 4)).astype("f4")

        def part(shape, dtype=None, partition_info=None):
            start = partition_info.var_offset
            return tf.constant(columns[start[0] : start[0] + shape[0], start[1] : start[1] + shape[1]])

        partitioner = v1.fixed_size_partitioner(3, axis=1)
        with v1.variable_scope("parts", partitioner=partitioner):
            v1.get_variable("w", shape=(7, 4), initializer=part)
        variables = {
            variable.op.name: variable for variable in v1.global_variables() if "part_" not in variable.op.name
        }
        if "größe" in values:
            variables["größe"] = variables.pop(unicode_variable.op.name)
        with v1.variable_scope("", reuse=True, partitioner=partitioner):
            variables["parts/w"] = v1.get_variable("parts/w", shape=(7, 4))
        slots = {}
        if with_optimizer:
            trained = variables["encoder/sep1/bias"]
            train = v1.train.AdamOptimizer().minimize(tf.reduce_sum(trained * trained), var_list=[trained])
            everything = {variable.op.name: variable for variable in v1.global_variables()}
            slots = {key: variable for key, variable in everything.items() if "Adam" in key or "power" in key}
        session.run(v1.global_variables_initializer())
        if with_optimizer:
            session.run(train)
            values["encoder/sep1/bias"] = session.run(trained)
        saver = v1.train.Saver({**variables, **slots}, write_version=write_version, save_relative_paths=True)
        (FOLDER / name).mkdir()
        saver.save(session, str(FOLDER / name / "model.ckpt"), global_step=3, write_meta_graph=False)
        values |= {key: session.run(variable) for key, variable in slots.items()}
    save_expected(name, values | {"words": np.array([b"one", b"two two", b""]), "parts/w": columns})


def build(framework):
    """A model with a nested one, normalization and a dense layer, trained for a step."""
    layers = framework.layers
    inner = framework.Sequential(
        [layers.Input((8, 6)), layers.SeparableConv1D(5, 2, depth_multiplier=2, name="inner_sep")], name="block"
    )
    model = framework.Sequential(
        [
            layers.Input((12, 4)),
            layers.SeparableConv1D(6, 5, name="first"),
            inner,
            layers.BatchNormalization(name="norm"),
            layers.SeparableConv1D(3, 2, use_bias=False, name="second"),
            layers.Flatten(),
            layers.Dense(2, name="head"),
        ],
        name="model",
    )
    model.compile(framework.optimizers.Adam(), "mse")
    rng = np.random.default_rng(3)
    model.fit(rng.normal(size=(4, 12, 4)), rng.normal(size=(4, 2)), verbose=0)
    return model


def by_layer(model):
    """The values as ``<layer>/<variable>``."""
    values = {}
    for layer in model.layers:
        inside = getattr(layer, "layers", None)
        values |= (
            by_layer(layer) if inside else {f"{layer.name}/{short_name(weight)}": weight for weight in layer.weights}
        )
    return {key: np.asarray(value) for key, value in values.items()}


def short_name(weight):
    return weight.name.split("/")[-1].removesuffix(":0")


def record_models():
    for label, framework in (("keras3", keras), ("tf_keras", tf_keras)):
        framework.utils.set_random_seed(5)
        model = build(framework)
        model.save(FOLDER / f"{label}.keras")
        model.save(FOLDER / f"{label}.h5")
        model.save_weights(FOLDER / f"{label}.weights.h5")
        save_expected(label, by_layer(model))
        if framework is tf_keras:
            checkpoint = tf.train.Checkpoint(model=model, trainer=model.optimizer)
            checkpoint.write(str(FOLDER / "tf_keras_objects" / "ckpt"))


def record_bfloat16():
    layer = keras.layers.SeparableConv1D(3, 2, dtype="bfloat16", name="brain")
    model = keras.Sequential([keras.layers.Input((6, 2)), layer])
    model.save_weights(FOLDER / "bfloat16.weights.h5")
    save_expected("bfloat16", {key: value.astype(np.float32) for key, value in by_layer(model).items()})


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    record_checkpoint("v1", v1.train.SaverDef.V1, with_optimizer=False)
    record_checkpoint("v2", v1.train.SaverDef.V2, with_optimizer=True)
    record_models()
    record_bfloat16()
