"""Variables, scopes, graphs, collections and templates."""

from typing import Any

import numpy as np

import nb_sepconv as tf


def shared(getter: Any, name: str, **settings: Any) -> Any:
    """A custom getter."""
    return getter(name, **settings)


with tf.Graph().as_default() as graph:
    tf.set_random_seed(7)
    with (
        tf.variable_scope("tower", reuse=tf.AUTO_REUSE, custom_getter=shared) as scope,
        tf.name_scope("inner") as inner,
    ):
        gain = tf.get_variable("gain", [3], initializer=tf.ones_initializer())
        bias = tf.get_variable("bias", initializer=[0.0, 1.0], regularizer=tf.no_regularizer)
    print(scope.name, scope.reuse, scope.original_name_scope, scope.dtype.name, inner)
    print(gain.name, gain.op.name, gain.shape, gain.get_shape().as_list(), gain.dtype, gain in tf.trainable_variables())

    step = tf.Variable(0, trainable=False, name="step", dtype=tf.int64)
    step.assign_add(np.int64(1))
    total = np.sum(gain * 2.0 + 1.0) + float(step) - gain[0]
    print(total, -gain, gain**2, gain > 0, gain.value().mean(), gain.eval().max())

    tf.add_to_collection(tf.GraphKeys.LOSSES, 0.5)
    print(tf.get_collection(tf.GraphKeys.LOSSES), tf.losses.get_regularization_loss(), graph.get_all_collection_keys())

    def times_gain(x: float) -> Any:
        return x * tf.get_variable("g", [], initializer=tf.zeros_initializer())

    scaled = tf.make_template("scaled", times_gain)
    print(scaled(3.0), [variable.name for variable in scaled.trainable_variables])
    with tf.variable_scope(scope, reuse=True):
        print(tf.get_variable("gain", [3]) is gain, tf.get_variable_scope().name)
tf.reset_default_graph()
