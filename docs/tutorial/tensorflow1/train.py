"""The program of TensorFlow 1 that the tutorial moves over. It wrote the checkpoint and answers.npz beside it.

TF_USE_LEGACY_KERAS=1 python train.py    # tensorflow-cpu, tf_keras
"""

import numpy as np
import tensorflow.compat.v1 as tf

STEPS, BATCH = 128, 32
generator = np.random.default_rng(3)


def make_chirps(count):
    """Noisy tones (count, STEPS, 1) whose pitch rises (class 1) or falls (class 0), and their classes."""
    rises = generator.integers(2, size=count)
    time = np.arange(STEPS) / STEPS
    pitch = 6 + 14 * np.where(rises[:, None], time, 1 - time)
    phase = 2 * np.pi * (np.cumsum(pitch, axis=1) / STEPS + generator.random((count, 1)))
    chirps = np.sin(phase) + 0.3 * generator.standard_normal((count, STEPS))
    return chirps[:, :, None].astype(np.float32), rises


def model(x):
    """The scores of the two classes: (N, STEPS, 1) -> (N, 2)."""
    with tf.variable_scope("encoder"):
        x = tf.layers.separable_conv1d(x, 8, 15, depth_multiplier=4, activation=tf.nn.relu, name="sep1")
        x = tf.layers.separable_conv1d(x, 8, 15, strides=2, padding="same", activation=tf.nn.relu, name="sep2")
        x = tf.layers.separable_conv1d(x, 8, 15, dilation_rate=2, padding="same", activation=tf.nn.relu, name="sep3")
    x = tf.reduce_mean(x, axis=1, keepdims=True)
    with tf.variable_scope("head"):
        return tf.layers.separable_conv1d(x, 2, 1, name="scores")[:, 0]


def main():
    tf.disable_eager_execution()
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, STEPS, 1])
    labels = tf.placeholder(tf.int64, [None])
    scores = model(x)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, scores)
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=step)
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(400):
            batch, classes = make_chirps(BATCH)
            session.run(train, {x: batch, labels: classes})
        chirps, classes = make_chirps(12)
        answers = session.run(scores, {x: chirps})
        saver.save(session, "./model.ckpt", global_step=step, write_meta_graph=False)
    np.savez_compressed("answers.npz", chirps=chirps, classes=classes, scores=answers)
    print("accuracy", np.mean(answers.argmax(axis=1) == classes))


if __name__ == "__main__":
    main()
