"""Record what Keras 3 and tf_keras write through TensorFlow's own savers, and sharded weights.

    python tests/record/keras3_weights.py    # tensorflow-cpu, keras 3, tf_keras

``<name>.expected.npz`` in tests/data/weights/trackable has the values by the names that the library gives them.
"""

import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = Path(__file__).parent.parent / "data" / "weights" / "trackable"


def model_of(framework, optimizer, fit=True):
    """A separable convolution and a dense layer, trained for two steps."""
    layers = framework.layers
    model = framework.Sequential(
        [
            layers.Input((8, 4)),
            layers.SeparableConv1D(5, 3, depth_multiplier=2, name="sep"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(2, name="head"),
        ],
        name="model",
    )
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(5)
    if fit:
        model.fit(rng.normal(size=(4, 8, 4)), rng.normal(size=(4, 2)), epochs=2, verbose=0)
    return model


def by_name(model, paths):
    """The values by layer and role, under the model's name in front where Keras gives paths."""
    prefix = f"{model.name}/" if paths else ""
    return {
        f"{prefix}{layer.name}/{weight.name.removesuffix(':0').rpartition('/')[2]}": np.asarray(weight)
        for layer in model.layers
        for weight in layer.weights
    }


def record(name, model, save, paths):
    """Save a model and its values."""
    save(model, str(FOLDER / name))
    for path in (FOLDER / name).rglob("*"):
        if path.is_file() and "variables" not in path.name:
            path.unlink()
    np.savez(FOLDER / f"{name}.expected.npz", **by_name(model, paths))


def schedule(framework):
    return framework.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)


OPTIMIZERS = {
    "adam_schedule": lambda framework: framework.optimizers.Adam(schedule(framework)),
    "sgd_schedule": lambda framework: framework.optimizers.SGD(schedule(framework), momentum=0.9),
    "rmsprop_average": lambda framework: framework.optimizers.RMSprop(momentum=0.5, centered=True, use_ema=True),
}
LOSS_SCALE = {
    "keras3": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(schedule(keras))),
    "tf_keras": lambda: tf_keras.mixed_precision.LossScaleOptimizer(tf_keras.optimizers.Adam(schedule(tf_keras))),
}


def checkpoint(model, path):
    """A checkpoint of the model and its optimizer, as a training loop writes it."""
    os.makedirs(path)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(f"{path}/variables")


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    fitted = model_of(keras, keras.optimizers.Adam())
    record("keras3_fitted", fitted, tf.saved_model.save, paths=True)
    record("keras3_export", fitted, lambda model, path: model.export(path, verbose=False), paths=True)
    for name in ("adam_schedule", "rmsprop_average"):
        record(f"keras3_{name}", model_of(keras, OPTIMIZERS[name](keras)), checkpoint, paths=True)
    record("keras3_loss_scale", model_of(keras, LOSS_SCALE["keras3"]()), checkpoint, paths=True)
    record("tf_keras_sgd_schedule", model_of(tf_keras, OPTIMIZERS["sgd_schedule"](tf_keras)), checkpoint, paths=False)
    record("tf_keras_loss_scale", model_of(tf_keras, LOSS_SCALE["tf_keras"]()), checkpoint, paths=False)
    legacy = model_of(tf_keras, tf_keras.optimizers.legacy.Adam(schedule(tf_keras)))
    record("tf_keras_legacy_schedule", legacy, checkpoint, paths=False)
    fitted.save_weights(FOLDER / "sharded.weights.json", max_shard_size=1e-6)
    np.savez(FOLDER / "sharded.expected.npz", **by_name(fitted, paths=False))


if __name__ == "__main__":
    main()
