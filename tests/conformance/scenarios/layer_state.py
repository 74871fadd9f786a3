"""The surface of a layer object: weights, trainable, dtype, count_params, copies."""

import copy

import numpy as np

from conformance.facts import (
    dims,
    dtype_name,
    error_of,
    graph_facts,
    layer_facts,
    named_shapes,
    names,
    random_kernels,
)
from conformance.harness import Scenarios

scenario = Scenarios()


def built(tf, x, **arguments):
    layer = tf.layers.SeparableConv1D(4, 3, **arguments)
    layer(x(1, 6, 3))
    return layer


def spec(layer):
    found = layer.input_spec
    axes = sorted([int(axis), int(size)] for axis, size in (found.axes or {}).items())
    return [found.min_ndim, found.ndim, axes]


@scenario
def before_building(tf):
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    return [layer.built, layer.dtype, list(layer.variables), list(layer.losses), layer.trainable, layer.name]


@scenario
def after_building(tf, x):
    layer = built(tf, x, depth_multiplier=2)
    return [layer.built, named_shapes(layer.weights), named_shapes(layer.variables), layer_facts(layer)]


@scenario
def attributes(tf):
    layer = tf.layers.SeparableConv1D(4, 3, 2, "SAME", depth_multiplier=2, use_bias=False)
    return {
        "filters": layer.filters,
        "kernel_size": layer.kernel_size,
        "strides": layer.strides,
        "padding": layer.padding,
        "data_format": layer.data_format,
        "dilation_rate": layer.dilation_rate,
        "depth_multiplier": layer.depth_multiplier,
        "use_bias": layer.use_bias,
        "depthwise_initializer": layer.depthwise_initializer,
        "depthwise_regularizer": layer.depthwise_regularizer,
        "activity_regularizer": layer.activity_regularizer,
        "bias_constraint": layer.bias_constraint,
    }


@scenario
def named_weights(tf, x):
    layer = built(tf, x)
    return names([layer.depthwise_kernel, layer.pointwise_kernel, layer.bias])


@scenario
def missing_bias_is_none(tf, x):
    return built(tf, x, use_bias=False).bias


@scenario
def input_spec_before_and_after(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    before = spec(layer)
    layer(x(1, 6, 3))
    return [before, spec(layer)]


@scenario
def input_spec_channels_first(tf):
    layer = tf.layers.SeparableConv1D(4, 3, data_format="channels_first")
    layer.build((None, 5, 9))
    return spec(layer)


@scenario
def input_spec_causal(tf, x):
    return spec(built(tf, x, padding="causal"))


@scenario
def count_params(tf, x):
    return [built(tf, x, depth_multiplier=2).count_params(), built(tf, x, use_bias=False).count_params()]


@scenario
def count_params_before_building_raises(tf):
    tf.layers.SeparableConv1D(4, 3, name="sep").count_params()


@scenario
def frozen(tf, x):
    return [layer_facts(built(tf, x, trainable=False)), graph_facts(tf)]


@scenario
def freezing_before_building(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer.trainable = False
    layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def freezing_after_building(tf, x):
    layer = built(tf, x)
    layer.trainable = False
    return [layer_facts(layer), [v.trainable for v in layer.variables], graph_facts(tf)]


@scenario
def thawing_after_building(tf, x):
    layer = built(tf, x, trainable=False)
    layer.trainable = True
    return [layer_facts(layer), [v.trainable for v in layer.variables], graph_facts(tf)]


@scenario
def freezing_and_thawing_keeps_order(tf, x):
    layer = built(tf, x)
    layer.trainable = False
    frozen_order = names(layer.weights)
    layer.trainable = True
    return [frozen_order, names(layer.weights)]


@scenario
def dtype_of_first_input(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(1, 6, 3, dtype=np.float64))
    return [np.dtype(layer.dtype).name, [dtype_name(v) for v in layer.variables]]


@scenario
def dtype_of_half_input(tf, x):
    y = tf.layers.separable_conv1d(x(1, 6, 3, dtype=np.float16), 4, 3)
    return [dtype_name(y), [dtype_name(v) for v in tf.global_variables()]]


@scenario
def dtype_after_build_by_hand(tf):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer.build((None, 6, 3))
    return [dtype_name(v) for v in layer.variables]


@scenario
def dtype_given(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, dtype=tf.float64)
    before = np.dtype(layer.dtype).name
    layer(x(1, 6, 3, dtype=np.float64))
    return [before, [dtype_name(v) for v in layer.variables]]


@scenario
def dtype_given_by_string(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, dtype="float64")
    y = layer(x(1, 6, 3, dtype=np.float64))
    return dtype_name(y)


@scenario
def double_layer_with_double_scope_initializer(tf, run, x):
    with tf.variable_scope("s", initializer=tf.constant_initializer(0.1)):
        return run(tf.layers.separable_conv1d(x(1, 5, 2, dtype=np.float64), 2, 3))


@scenario
def scope_dtype_is_ignored(tf, x):
    with tf.variable_scope("s", dtype=tf.float64):
        return [dtype_name(v) for v in built(tf, x).variables]


@scenario
def scope_constraint_is_ignored(tf, x):
    with tf.variable_scope("s", constraint=lambda value: value):
        return [v.constraint is None for v in built(tf, x).variables]


@scenario
def later_input_of_other_dtype_is_refused(tf, x):
    layer = built(tf, x)
    return error_of(layer, x(1, 6, 3, dtype=np.float64)) is not None


@scenario
def scope_initializer(tf, run, x):
    with tf.variable_scope("s", initializer=tf.constant_initializer(3.0)):
        layer = built(tf, x)
    return run(list(layer.variables))


@scenario
def scope_initializer_with_bias_initializer_none(tf, run, x):
    with tf.variable_scope("s", initializer=tf.constant_initializer(3.0)):
        layer = built(tf, x, bias_initializer=None, depthwise_initializer=tf.ones_initializer())
    return run(list(layer.variables))


@scenario
def default_weights_are_glorot(tf, run, x):
    tf.layers.separable_conv1d(x(1, 9, 40), 2000, 3, depth_multiplier=4, bias_initializer=None)
    depthwise, pointwise, bias = run(list(tf.global_variables()))
    limits = [(6 / (3 * (40 + 4))) ** 0.5, (6 / (160 + 2000)) ** 0.5, (6 / 4000) ** 0.5]
    largest = [float(np.abs(values).max()) for values in (depthwise, pointwise, bias)]
    return [bool(0.9 < top / limit < 1 + 1e-6) for top, limit in zip(largest, limits, strict=True)]


@scenario
def default_bias_is_zero(tf, run, x):
    return run(built(tf, x).bias + 0.0)


@scenario
def set_and_get_weights(tf, x):
    layer = built(tf, x)
    layer.set_weights(random_kernels(3, 3, 1, 4))
    return layer.get_weights()


@scenario
def set_too_few_weights_raises(tf, x):
    built(tf, x).set_weights(random_kernels(3, 3, 1, 4)[:2])


@scenario
def set_too_many_weights_raises(tf, x):
    built(tf, x, use_bias=False).set_weights(random_kernels(3, 3, 1, 4))


@scenario
def set_weights_of_wrong_shape_raises(tf, x):
    built(tf, x).set_weights(random_kernels(5, 3, 1, 4))


@scenario
def set_weights_before_building_raises(tf):
    tf.layers.SeparableConv1D(4, 3, name="sep").set_weights(random_kernels(3, 3, 1, 4))


@scenario
def get_weights_before_building(tf):
    return tf.layers.SeparableConv1D(4, 3).get_weights()


@scenario
def half_refused_weights_change_nothing(tf, x):
    layer = built(tf, x)
    good = random_kernels(3, 3, 1, 4)
    layer.set_weights(good)
    bad = [kernel + 1 for kernel in good[:2]] + [np.zeros(7, np.float32)]
    return [error_of(layer.set_weights, bad), layer.get_weights()]


@scenario
def add_weight(tf, x):
    layer = built(tf, x, name="sep")
    added = layer.add_weight("extra", [2], initializer=tf.ones_initializer(), trainable=False)
    return [added.name, dims(added.shape), layer_facts(layer), graph_facts(tf)]


@scenario
def add_variable_is_add_weight(tf, x):
    layer = built(tf, x, name="sep")
    added = layer.add_variable("extra", [2], regularizer=tf.reduce_sum)
    return [added.name, layer_facts(layer), graph_facts(tf)]


@scenario
def deep_copy_of_an_unbuilt_layer(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    twin = copy.deepcopy(layer)
    layer(x(1, 6, 3))
    twin(x(1, 6, 3))
    return [layer_facts(layer), layer_facts(twin), graph_facts(tf)]


@scenario
def building_twice(tf):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer.build((None, 6, 3))
    error = error_of(layer.build, (None, 6, 3))
    return [error, graph_facts(tf)]


@scenario
def no_mask(tf):
    return tf.layers.SeparableConv1D(4, 3).supports_masking
