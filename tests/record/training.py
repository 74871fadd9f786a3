"""Record TensorFlow's training runs and learning rates of tests/training_cases.py: python tests/record/training.py

Needs ``pip install tensorflow-cpu tf_keras``. Writes tests/data/training.npz.
"""

import os
import sys
import warnings
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data" / "training.npz"


def run(tf, make_optimizer, dtype):
    """Train; the losses (STEPS,), the names of all variables, and their elements after some steps (kept, elements)."""
    from training_cases import BATCH, CHANNELS, CLASSES, KEPT_STEPS, LENGTH, batches, new_layers

    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(dtype, (BATCH, LENGTH, CHANNELS))
        targets = tf.placeholder(dtype, (BATCH, CLASSES))
        outputs = inputs
        with tf.variable_scope("model"):
            for layer in new_layers(tf, dtype):
                outputs = layer(outputs)
        off = tf.reduce_mean(outputs, axis=1) - targets
        loss = tf.reduce_mean(tf.square(off)) + tf.losses.get_regularization_loss()
        step = tf.train.get_or_create_global_step()
        train = make_optimizer(tf.train, step).minimize(loss, global_step=step)
        session.run(tf.global_variables_initializer())
        losses, kept = [], []
        for number, (batch, wanted) in enumerate(batches(dtype), 1):
            losses.append(session.run([loss, train], {inputs: batch, targets: wanted})[0])
            if number in KEPT_STEPS:
                values = session.run(tf.global_variables())
                kept.append(np.concatenate([np.ravel(value).astype(dtype) for value in values]))
        return np.array(losses), [variable.name for variable in tf.global_variables()], np.array(kept)


def rates(tf, make_rate):
    """The learning rate at each step."""
    from training_cases import DECAY_STEPS

    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder(tf.int64, ())
        rate = make_rate(tf.train, step)
        return np.array([session.run(rate, {step: number}) for number in DECAY_STEPS])


def main():
    """Write everything."""
    os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3")
    sys.path.insert(0, str(TESTS))
    import tensorflow
    from training_cases import DECAYS, OPTIMIZERS

    tf = tensorflow.compat.v1
    tf.disable_eager_execution()
    warnings.simplefilter("ignore")
    recorded = {f"decay|{name}": rates(tf, make) for name, make in DECAYS.items()}
    for name, make in OPTIMIZERS.items():
        for dtype in ("float32", "float64"):
            key = f"{name}|{dtype}"
            recorded[f"{key}|losses"], names, recorded[f"{key}|kept"] = run(tf, make, dtype)
            recorded[f"{key}|names"] = np.array(" ".join(names))
    np.savez_compressed(DATA, **recorded)
    print(f"{len(recorded)} arrays in {DATA}, {DATA.stat().st_size} bytes")


if __name__ == "__main__":
    main()
