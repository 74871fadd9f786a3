"""get_config and from_config."""

import numpy as np

from conformance.facts import graph_facts, layer_facts, named_shapes, random_kernels
from conformance.harness import Scenarios

scenario = Scenarios()
STRAY = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")


def config(layer):
    """The configuration without the keys of a plain convolution that Keras leaves there."""
    return {key: value for key, value in layer.get_config().items() if key not in STRAY}


def short(value):
    return [plain(value["class_name"]), value["config"]] if isinstance(value, dict) else value


def plain(class_name):
    """The same for a class's name and its alias, GlorotUniform and glorot_uniform."""
    return class_name.lower().replace("_", "")


@scenario
def defaults(tf):
    return {key: short(value) for key, value in config(tf.layers.SeparableConv1D(4, 3, name="sep")).items()}


@scenario
def everything_given(tf):
    layer = tf.layers.SeparableConv1D(
        7,
        (5,),
        strides=2,
        padding="SAME",
        data_format="channels_first",
        depth_multiplier=3,
        activation="relu",
        use_bias=False,
        trainable=False,
        dtype="float64",
        depthwise_regularizer="l1",
        pointwise_regularizer=tf.keras.regularizers.L2(0.5),
        depthwise_constraint="non_neg",
        name="sep",
    )
    return {key: short(value) for key, value in config(layer).items()}


@scenario
def initializers(tf):
    given = {
        "depthwise_initializer": tf.constant_initializer(2.5),
        "pointwise_initializer": tf.glorot_uniform_initializer(seed=3),
        "bias_initializer": tf.random_normal_initializer(0.5, 2.0, seed=1),
    }
    found = tf.layers.SeparableConv1D(4, 3, **given).get_config()
    return {key: short(found[key]) for key in given}


@scenario
def initializers_by_string(tf):
    found = tf.layers.SeparableConv1D(4, 3, depthwise_initializer="he_normal", bias_initializer="ones").get_config()
    return [found["depthwise_initializer"]["class_name"], found["bias_initializer"]["class_name"]]


@scenario
def activation_function_by_name(tf):
    return [
        tf.layers.SeparableConv1D(4, 3, activation=activation).get_config()["activation"]
        for activation in (tf.nn.relu, tf.nn.tanh, tf.nn.softmax, "swish", "linear", None)
    ]


@scenario
def dtype_after_use(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    before = layer.get_config()["dtype"]
    layer(x(1, 6, 3, dtype=np.float64))
    return [before, layer.get_config()["dtype"]]


@scenario
def automatic_name(tf):
    return [tf.layers.SeparableConv1D(4, 3).get_config()["name"] for _ in range(2)]


@scenario
def round_trip(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, 2, "same", depth_multiplier=2, activation="tanh", name="sep")
    twin = type(layer).from_config(layer.get_config())
    twin_config = {key: value for key, value in config(twin).items() if key != "bias_initializer"}
    twin(x(1, 6, 3))
    return [{key: short(value) for key, value in twin_config.items()}, layer_facts(twin), named_shapes(twin.variables)]


@scenario
def round_trip_through_lists(tf):
    layer = tf.layers.SeparableConv1D(4, 3, strides=2, name="sep")
    found = {key: list(value) if isinstance(value, tuple) else value for key, value in layer.get_config().items()}
    twin = tf.layers.SeparableConv1D.from_config(found)
    return [twin.kernel_size, twin.strides, twin.dilation_rate]


@scenario
def stray_keys_are_accepted(tf):
    layer = tf.layers.SeparableConv1D.from_config(
        {"filters": 4, "kernel_size": 3, "groups": 1, "kernel_regularizer": None, "kernel_constraint": None}
    )
    return [layer.filters, layer.kernel_size]


@scenario
def unknown_key_raises(tf):
    tf.layers.SeparableConv1D.from_config({"filters": 4, "kernel_size": 3, "no_such_argument": 1})


@scenario
def twin_has_weights_of_its_own(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    layer(x(1, 6, 3))
    twin = tf.layers.SeparableConv1D.from_config(layer.get_config())
    twin(x(1, 6, 3))
    twin.set_weights(random_kernels(3, 3, 1, 4))
    return [twin.scope_name, graph_facts(tf), twin.get_weights()]
