"""Layers that share variables: what must agree, and who owns what."""

import numpy as np

from conformance.facts import graph_facts, layer_facts
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, kernel_size=3, channels=4, filters=4, **arguments):
    return tf.layers.separable_conv1d(x(1, 9, channels), filters, kernel_size, **arguments)


@scenario
def reuse_with_other_kernel_size(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", kernel_size=5, reuse=True)


@scenario
def reuse_with_other_channels(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", channels=3, reuse=True)


@scenario
def reuse_with_other_filters(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", filters=6, reuse=True)


@scenario
def reuse_with_other_multiplier(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", depth_multiplier=2, reuse=tf.AUTO_REUSE)


@scenario
def reuse_with_other_dtype(tf, x):
    convolve(tf, x, name="a")
    tf.layers.separable_conv1d(x(1, 9, 4).astype(np.float64), 4, 3, name="a", reuse=True)


@scenario
def reuse_asking_for_a_bias_that_is_not_there(tf, x):
    convolve(tf, x, name="a", use_bias=False)
    convolve(tf, x, name="a", reuse=True)


@scenario
def reuse_without_the_bias(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", use_bias=False, reuse=True)
    return graph_facts(tf)


@scenario
def auto_reuse_adds_the_missing_bias(tf, x):
    convolve(tf, x, name="a", use_bias=False)
    convolve(tf, x, name="a", reuse=tf.AUTO_REUSE)
    return graph_facts(tf)


@scenario
def reuse_of_handmade_variables(tf, run, x):
    with tf.variable_scope("a"):
        tf.get_variable("depthwise_kernel", [3, 4, 1], initializer=tf.ones_initializer())
        tf.get_variable("pointwise_kernel", [1, 4, 4], initializer=tf.ones_initializer())
        tf.get_variable("bias", [4], initializer=tf.constant_initializer(2.0))
    return [run(convolve(tf, x, name="a", reuse=True)), graph_facts(tf)]


@scenario
def variables_of_a_layer_by_get_variable(tf, x):
    convolve(tf, x, name="a")
    with tf.variable_scope("a", reuse=True):
        kernel = tf.get_variable("depthwise_kernel", [3, 4, 1])
    return [kernel.name, kernel is tf.global_variables()[0]]


@scenario
def class_with_reuse(tf, x):
    first = tf.layers.SeparableConv1D(4, 3, name="sep")
    first(x(1, 9, 4))
    second = tf.layers.SeparableConv1D(4, 3, name="sep", _reuse=True)
    second(x(1, 9, 4))
    return [layer_facts(first), layer_facts(second), second.bias is first.bias, graph_facts(tf)]


@scenario
def class_with_auto_reuse(tf, x):
    layers = [tf.layers.SeparableConv1D(4, 3, _reuse=tf.AUTO_REUSE) for _ in range(2)]
    for layer in layers:
        layer(x(1, 9, 4))
    return [[layer_facts(layer) for layer in layers], graph_facts(tf)]


@scenario
def class_in_a_reusing_scope(tf, x):
    layers = []
    for reuse in (None, True):
        with tf.variable_scope("s", reuse=reuse):
            layers.append(tf.layers.SeparableConv1D(4, 3, name="sep"))
            layers[-1](x(1, 9, 4))
    return [[layer_facts(layer) for layer in layers], graph_facts(tf)]


@scenario
def siamese_network(tf, run, x):
    def tower(inputs):
        with tf.variable_scope("tower", reuse=tf.AUTO_REUSE):
            y = tf.layers.separable_conv1d(inputs, 3, 3, depthwise_initializer=tf.ones_initializer(), name="one")
            return tf.layers.separable_conv1d(y, 2, 3, pointwise_initializer=tf.ones_initializer(), name="two")

    left, right = tower(x(1, 9, 4)), tower(x(1, 9, 4))
    same = [bool(np.array_equal(*run([left, right])))]
    return [same, graph_facts(tf)]


@scenario
def train_and_test_towers(tf, x):
    def model(inputs, reuse):
        with tf.variable_scope("net", reuse=reuse) as scope:
            convolve(tf, x, name="a")
            with tf.variable_scope("sub"):
                convolve(tf, x)
            return scope.name

    return [model(x, False), model(x, True), graph_facts(tf)]
