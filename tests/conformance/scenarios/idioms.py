"""Scope idioms of TF1 programs: towers over devices, the root scope as an object, callables that fail half-way."""

import numpy as np

from conformance.facts import error_of, graph_facts, layer_facts, names, reuse_of
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, **arguments):
    return tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, **arguments)


def unnamed(tf, x):
    return error_of(convolve, tf, x)


@scenario
def towers_over_devices(tf, x):
    found = []
    for device in range(3):
        with tf.variable_scope(tf.get_variable_scope(), reuse=device > 0):
            convolve(tf, x, name="a")
            convolve(tf, x)
            found.append(tf.get_variable_scope().reuse)
    return [found, graph_facts(tf)]


@scenario
def towers_with_auto_reuse(tf, x):
    for _ in range(2):
        with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
            convolve(tf, x)
            convolve(tf, x)
    return graph_facts(tf)


@scenario
def towers_with_reuse_variables(tf, x):
    for _ in range(2):
        convolve(tf, x, name="a")
        tf.get_variable_scope().reuse_variables()
    return graph_facts(tf)


@scenario
def root_object_gives_its_counts_back(tf, x):
    with tf.variable_scope(tf.get_variable_scope()):
        convolve(tf, x)
    return [unnamed(tf, x), graph_facts(tf)]


@scenario
def root_object_keeps_counts_from_before(tf, x):
    convolve(tf, x)
    with tf.variable_scope(tf.get_variable_scope()):
        convolve(tf, x)
    return [unnamed(tf, x), graph_facts(tf)]


@scenario
def root_by_empty_string_keeps_counts(tf, x):
    convolve(tf, x)
    with tf.variable_scope(""):
        convolve(tf, x)
    convolve(tf, x)
    return names(tf.global_variables())


@scenario
def root_object_from_inside(tf, x):
    root = tf.get_variable_scope()
    with tf.variable_scope("a"), tf.variable_scope(root) as again:
        convolve(tf, x)
        inside = again.name
    with tf.variable_scope("a"):
        convolve(tf, x)
    return [inside, unnamed(tf, x), names(tf.global_variables())]


@scenario
def object_of_a_sister(tf, x):
    with tf.variable_scope("a"):
        with tf.variable_scope("b") as b:
            convolve(tf, x)
        with tf.variable_scope("c"):
            convolve(tf, x)
            with tf.variable_scope(b, reuse=True):
                convolve(tf, x)
            convolve(tf, x)
    return graph_facts(tf)


@scenario
def object_entered_twice_at_once(tf, x):
    with tf.variable_scope("a") as a:
        convolve(tf, x)
    with tf.variable_scope(a, reuse=tf.AUTO_REUSE) as outer, tf.variable_scope(outer) as inner:
        convolve(tf, x)
        convolve(tf, x)
        found = [inner.name, reuse_of(tf, inner)]
    return [found, graph_facts(tf)]


@scenario
def object_of_a_default_named_scope(tf, x):
    with tf.variable_scope(None, "block") as first:
        convolve(tf, x)
    with tf.variable_scope(None, "block"):
        convolve(tf, x)
    with tf.variable_scope(first, reuse=True):
        convolve(tf, x)
    with tf.variable_scope(None, "block") as third:
        return [first.name, third.name, graph_facts(tf)]


@scenario
def jumping_out_and_naming_on(tf, x):
    with tf.variable_scope("a") as a:
        pass
    with tf.variable_scope("b"), tf.variable_scope(a), tf.variable_scope("c") as c:
        convolve(tf, x)
    return [c.name, names(tf.global_variables())]


@scenario
def classes_in_an_auto_reusing_scope(tf, x):
    layers = []
    for _ in range(2):
        with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
            layers += [tf.layers.SeparableConv1D(4, 3, name="sep") for _ in range(2)]
            for layer in layers[-2:]:
                layer(x(1, 6, 3))
    return [[layer.scope_name for layer in layers], graph_facts(tf)]


@scenario
def function_named_as_a_class_was_numbered(tf, x):
    for _ in range(2):
        tf.layers.SeparableConv1D(4, 3, name="sep")(x(1, 6, 3))
    return [error_of(convolve, tf, x, name="sep_1"), error_of(convolve, tf, x, name="sep_2"), graph_facts(tf)]


@scenario
def class_after_a_function_took_the_number(tf, x):
    convolve(tf, x, name="sep_1")
    layers = [tf.layers.SeparableConv1D(4, 3, name="sep") for _ in range(2)]
    for layer in layers:
        layer(x(1, 6, 3))
    return [layer.scope_name for layer in layers]


@scenario
def function_inside_the_scope_of_another(tf, x):
    convolve(tf, x, name="a")
    with tf.variable_scope("a"):
        convolve(tf, x)
        convolve(tf, x, name="a")
    return names(tf.global_variables())


@scenario
def scope_of_a_layer_by_hand(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    layer(x(1, 6, 3))
    with tf.variable_scope(layer.scope_name, reuse=True):
        return tf.get_variable("bias", [4]) is layer.bias


@scenario
def encoder_and_decoder_classes(tf, x):
    class Block:
        def __init__(self, name):
            self.name, self.reuse = name, False

        def __call__(self, inputs):
            with tf.variable_scope(self.name, reuse=self.reuse):
                y = tf.layers.separable_conv1d(inputs, 3, 3, padding="same")
                y = tf.layers.separable_conv1d(y, 3, 3, padding="same", name="out")
            self.reuse = True
            return y

    encoder, decoder = Block("encoder"), Block("decoder")
    for _ in range(2):
        decoder(encoder(x(1, 6, 3)))
    return graph_facts(tf)


@scenario
def frozen_tower(tf, x):
    with tf.variable_scope("net"):
        convolve(tf, x, name="a")
    with tf.variable_scope("target"):
        convolve(tf, x, name="a", trainable=False)
    return [names(tf.trainable_variables("target")), names(tf.global_variables("target")), graph_facts(tf)]


@scenario
def frozen_then_reused_as_trainable(tf, x):
    convolve(tf, x, name="a", trainable=False)
    layer = tf.layers.SeparableConv1D(4, 3, name="a", _reuse=True)
    layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def trainable_then_reused_as_frozen(tf, x):
    convolve(tf, x, name="a")
    layer = tf.layers.SeparableConv1D(4, 3, name="a", _reuse=True, trainable=False)
    layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def variable_as_input(tf, run, x):
    inputs = tf.get_variable("inputs", initializer=x(1, 6, 3))
    ones = tf.ones_initializer()
    y = tf.layers.separable_conv1d(inputs, 2, 3, depthwise_initializer=ones, pointwise_initializer=ones)
    return [run(y), names(tf.trainable_variables())]


@scenario
def initializers_in_every_form(tf, run, x):
    forms = (
        "ones",
        tf.ones_initializer,
        {"class_name": "Ones", "config": {}},
        lambda shape, dtype=None, partition_info=None: np.full([int(d) for d in shape], 2, np.float32),
        lambda shape, dtype: np.full([int(d) for d in shape], 3, np.float32),
    )
    found = []
    for form in forms:
        layer = tf.layers.SeparableConv1D(2, 1, depthwise_initializer=form)
        layer(x(1, 4, 2))
        found.append(layer.depthwise_kernel + 0.0)
    return run(found)


@scenario
def constant_shorter_than_the_kernel(tf, run, x):
    layer = tf.layers.SeparableConv1D(2, 3, depthwise_initializer=tf.constant_initializer([1.0, 2.0]))
    layer(x(1, 4, 2))
    return run(layer.depthwise_kernel + 0.0)


@scenario
def constant_longer_than_the_kernel_raises(tf, x):
    tf.layers.separable_conv1d(x(1, 4, 2), 2, 1, depthwise_initializer=tf.constant_initializer([1.0, 2.0, 3.0]))


@scenario
def constraints_by_name(tf):
    layer = tf.layers.SeparableConv1D(4, 3, depthwise_constraint="non_neg", pointwise_constraint="max_norm")
    return [type(layer.depthwise_constraint).__name__, type(layer.pointwise_constraint).__name__]


@scenario
def failing_initializer_half_way(tf, x):
    def failing(shape, dtype=None, partition_info=None):
        raise KeyError("no kernel")

    error = error_of(convolve, tf, x, name="a", pointwise_initializer=failing)
    return [error, tf.get_variable_scope().name, names(tf.global_variables())]


@scenario
def numpy_integers_as_arguments(tf, x):
    y = tf.layers.separable_conv1d(x(1, 9, 3), np.int64(4), np.int32(3), strides=np.int64(2))
    return [int(d) for d in y.shape]


@scenario
def empty_batch(tf, run, x):
    return list(run(tf.layers.separable_conv1d(x(0, 9, 3), 4, 3)).shape)


@scenario
def channels_first_is_channels_last_transposed(tf, run, x):
    def both(**arguments):
        first = tf.layers.separable_conv1d(x(2, 3, 9), 4, 3, data_format="channels_first", **arguments)
        last = tf.layers.separable_conv1d(x(2, 3, 9).transpose(0, 2, 1), 4, 3, **arguments)
        first, last = run([first, last])
        return bool(np.allclose(first.transpose(0, 2, 1), last, atol=1e-5))

    return [
        both(name="a", reuse=tf.AUTO_REUSE, padding=padding, strides=strides, dilation_rate=dilation)
        for padding in ("valid", "same", "causal")
        for strides, dilation in ((1, 1), (2, 1), (1, 2))
    ]


@scenario
def reset_inside_a_graph_raises(tf):
    tf.reset_default_graph()
