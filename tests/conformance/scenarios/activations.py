"""Activations: by name and by function, over ordinary, extreme and non-finite numbers, and inside the layer."""

import numpy as np

from conformance.facts import with_weights
from conformance.harness import Scenarios

scenario = Scenarios()

BY_STRING = [
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
BY_FUNCTION = [
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "softmax",
    "log_softmax",
    "swish",
    "silu",
]
ORDINARY = np.linspace(-6.5, 6.5, 24, dtype=np.float32).reshape(4, 6)
TINY = np.array([-1e-4, -1e-6, -0.0, 0.0, 1e-6, 1e-4], np.float32)
FALLING = np.array([-25.0, -18.0, -12.0], np.float32)
LARGE = np.array([-1e4, -90.0, 15.0, 25.0, 85.0, 1e4], np.float32)
NON_FINITE = np.array([np.nan, -np.inf, np.inf], np.float32)
INEXACT_NEAR_ZERO = ("elu", "selu")  # TensorFlow computes exp(x) - 1 there and loses four digits
ELEMENTWISE = [name for name in BY_FUNCTION if name not in ("softmax", "log_softmax")]


def in_layer(name):
    def program(tf, run, x):
        weights = with_weights(tf, 3, filters=6, activation=name, padding="same")
        return run(tf.layers.separable_conv1d(x(1, 5, 3), **weights))

    return program


def applied(name, values):
    def program(tf, run):
        return run(getattr(tf.nn, name)(values))

    return program


scenario.update({f"layer_{name}": in_layer(name) for name in BY_STRING})
scenario.update({f"function_{name}": applied(name, ORDINARY) for name in BY_FUNCTION})
scenario.update({f"tiny_{name}": applied(name, TINY) for name in ELEMENTWISE if name not in INEXACT_NEAR_ZERO})
scenario.update({f"falling_{name}": applied(name, FALLING) for name in ELEMENTWISE})
scenario.update({f"large_{name}": applied(name, LARGE) for name in ELEMENTWISE})
scenario.update({f"non_finite_{name}": applied(name, NON_FINITE) for name in ELEMENTWISE})
scenario.update({f"float64_{name}": applied(name, ORDINARY[:2].astype(np.float64)) for name in BY_FUNCTION})
scenario.update({f"float16_{name}": applied(name, ORDINARY[:2].astype(np.float16)) for name in BY_FUNCTION})


@scenario
def leaky_relu_slope(tf, run):
    return run(tf.nn.leaky_relu(ORDINARY, alpha=0.4))


@scenario
def softmax_over_other_axis(tf, run):
    return run([tf.nn.softmax(ORDINARY, axis=0), tf.nn.log_softmax(ORDINARY, axis=0)])


@scenario
def softmax_of_large_numbers(tf, run):
    return run([tf.nn.softmax(LARGE), tf.nn.log_softmax(LARGE)])


@scenario
def l2_loss(tf, run):
    return run(tf.nn.l2_loss(ORDINARY))


@scenario
def function_given_to_layer(tf, run, x):
    return run(tf.layers.separable_conv1d(x(1, 5, 3), **with_weights(tf, 3, activation=tf.nn.leaky_relu)))


@scenario
def users_function(tf, run, x):
    weights = with_weights(tf, 3, activation=lambda y: y * y - 1.0)
    return run(tf.layers.separable_conv1d(x(1, 5, 3), **weights))


@scenario
def users_function_around_ours(tf, run, x):
    weights = with_weights(tf, 3, activation=lambda y: tf.nn.relu(y) * 2.0)
    return run(tf.layers.separable_conv1d(x(1, 5, 3), **weights))


@scenario
def activation_without_argument_is_linear(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    return [layer.activation.__name__, bool(np.array_equal(layer.activation(x(2, 3)), x(2, 3)))]


@scenario
def activation_sees_bias(tf, run, x):
    weights = with_weights(tf, 3, activation="relu", bias_initializer=tf.constant_initializer(-100.0))
    return run(tf.layers.separable_conv1d(x(1, 5, 3), **weights))


@scenario
def softmax_in_layer_is_over_filters(tf, run, x):
    weights = with_weights(tf, 3, filters=6, activation=tf.nn.softmax)
    return run(tf.reduce_sum(tf.layers.separable_conv1d(x(2, 5, 3), **weights), axis=-1))
