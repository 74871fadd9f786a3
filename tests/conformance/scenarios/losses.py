"""Regularizers and losses: which, how many, how much."""

from conformance.facts import error_of, graph_facts, layer_facts, with_weights
from conformance.harness import Scenarios

scenario = Scenarios()


def half_square(tf):
    return lambda value: 0.5 * tf.reduce_sum(value * value)


def regularized(tf, **arguments):
    loss = half_square(tf)
    weights = with_weights(tf, 3, **arguments)
    return tf.layers.SeparableConv1D(
        **weights, depthwise_regularizer=loss, pointwise_regularizer=loss, bias_regularizer=loss
    )


def collected(tf):
    return tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)


@scenario
def three_in_order(tf, run, x):
    layer = regularized(tf)
    layer(x(1, 6, 3))
    return [run(list(layer.losses)), run(collected(tf))]


@scenario
def second_call_adds_none(tf, x):
    layer = regularized(tf)
    layer(x(1, 6, 3))
    layer(x(2, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def before_the_first_call(tf):
    return [len(regularized(tf).losses), graph_facts(tf)]


@scenario
def none_for_a_missing_bias(tf, x):
    layer = regularized(tf, use_bias=False)
    layer(x(1, 6, 3))
    return layer_facts(layer)


@scenario
def not_added_on_reuse(tf, x):
    for reuse in (None, True):
        tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, name="a", reuse=reuse, depthwise_regularizer=tf.reduce_sum)
    return graph_facts(tf)


@scenario
def new_regularizer_on_reuse_is_not_added(tf, x):
    tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, name="a")
    tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, name="a", reuse=True, depthwise_regularizer=tf.reduce_sum)
    return graph_facts(tf)


@scenario
def reusing_object_has_no_losses(tf, x):
    first = regularized(tf, name="sep")
    first(x(1, 6, 3))
    second = regularized(tf, name="sep", _reuse=True)
    second(x(1, 6, 3))
    return [len(first.losses), len(second.losses), graph_facts(tf)]


@scenario
def frozen_layers_keep_theirs(tf, x):
    layer = regularized(tf, trainable=False)
    layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def freezing_later_keeps_them(tf, x):
    layer = regularized(tf)
    layer(x(1, 6, 3))
    layer.trainable = False
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def regularizer_that_returns_none(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, depthwise_regularizer=lambda value: None, bias_regularizer=tf.reduce_sum)
    layer(x(1, 6, 3))
    return [error_of(lambda: layer.losses), len(collected(tf))]


@scenario
def scope_regularizer_covers_all_three(tf, run, x):
    with tf.variable_scope("s", regularizer=half_square(tf)):
        layer = tf.layers.SeparableConv1D(**with_weights(tf, 3))
        layer(x(1, 6, 3))
    return [len(layer.losses), run(collected(tf))]


@scenario
def scope_and_layer_regularizer_both_count(tf, run, x):
    with tf.variable_scope("s", regularizer=half_square(tf)):
        layer = regularized(tf)
        layer(x(1, 6, 3))
    return [run(list(layer.losses)), run(collected(tf))]


@scenario
def scope_regularizer_not_added_on_reuse(tf, x):
    for reuse in (None, True):
        with tf.variable_scope("s", regularizer=half_square(tf), reuse=reuse):
            tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, name="a")
    return graph_facts(tf)


@scenario
def scope_regularizer_covers_frozen_variables(tf, x):
    with tf.variable_scope("s", regularizer=half_square(tf)):
        tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, trainable=False)
    return graph_facts(tf)


@scenario
def regularizer_of_get_variable_wins(tf, run):
    ones = tf.ones_initializer()
    with tf.variable_scope("s", regularizer=half_square(tf)):
        tf.get_variable("v", [3], initializer=ones)
        tf.get_variable("w", [3], initializer=ones, regularizer=tf.reduce_sum)
    return run(collected(tf))


@scenario
def regularizers_by_string(tf, run, x):
    layer = tf.layers.SeparableConv1D(
        **with_weights(tf, 3), depthwise_regularizer="l1", pointwise_regularizer="l2", bias_regularizer="l1_l2"
    )
    layer(x(1, 6, 3))
    return run(list(layer.losses))


@scenario
def regularizers_by_class(tf, run, x):
    keras = tf.keras.regularizers
    layer = tf.layers.SeparableConv1D(
        **with_weights(tf, 3),
        depthwise_regularizer=keras.L1(0.3),
        pointwise_regularizer=keras.L2(0.2),
        bias_regularizer=keras.L1L2(0.1, 0.4),
    )
    layer(x(1, 6, 3))
    return run(list(layer.losses))


@scenario
def regularizer_by_dict(tf, run, x):
    given = {"class_name": "L2", "config": {"l2": 0.5}}
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3), bias_regularizer=given)
    layer(x(1, 6, 3))
    return run(list(layer.losses))


@scenario
def l2_loss_as_regularizer(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3), pointwise_regularizer=tf.nn.l2_loss)
    layer(x(1, 6, 3))
    return run(list(layer.losses))


@scenario
def activity_over_batch_size(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3), activity_regularizer=half_square(tf))
    layer(x(2, 6, 3))
    return [run(list(layer.losses)), run(collected(tf))]


@scenario
def activity_once_per_call(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3), activity_regularizer=half_square(tf))
    layer(x(2, 6, 3))
    layer(x(3, 5, 3))
    return [run(list(layer.losses)), len(collected(tf))]


@scenario
def activity_sees_the_activation(tf, run, x):
    weights = with_weights(tf, 3, activation=tf.nn.relu, activity_regularizer=tf.reduce_sum)
    layer = tf.layers.SeparableConv1D(**weights)
    layer(x(2, 6, 3))
    return run(list(layer.losses))


@scenario
def activity_of_functions_with_reuse(tf, x):
    for reuse in (None, True):
        tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, name="a", reuse=reuse, activity_regularizer=tf.reduce_sum)
    return graph_facts(tf)


@scenario
def activity_and_weights_in_order(tf, run, x):
    layer = tf.layers.SeparableConv1D(
        **with_weights(tf, 3),
        activity_regularizer=lambda y: tf.reduce_sum(y * 0.0) + 7.0,
        bias_regularizer=lambda v: tf.reduce_sum(v * 0.0) + 5.0,
        depthwise_regularizer=lambda v: tf.reduce_sum(v * 0.0) + 3.0,
    )
    layer(x(2, 6, 3))
    return [run(list(layer.losses)), run(collected(tf))]


@scenario
def added_loss(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3))
    y = layer(x(2, 6, 3))
    layer.add_loss(tf.reduce_sum(y))
    return [run(list(layer.losses)), run(collected(tf))]


@scenario
def added_losses_in_a_list(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3), bias_regularizer=tf.reduce_sum)
    y = layer(x(2, 6, 3))
    layer.add_loss([tf.reduce_sum(y), tf.reduce_mean(y)])
    return [run(list(layer.losses)), len(collected(tf))]


@scenario
def added_loss_by_callable(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(2, 6, 3))
    layer.add_loss(lambda: tf.reduce_sum(layer.bias))
    return [len(layer.losses), len(collected(tf))]


@scenario
def updates_are_empty(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(2, 6, 3))
    return [list(layer.updates), len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))]


@scenario
def constraints_are_kept_not_applied(tf, run, x):
    def tenfold(value):
        return value * 10.0

    layer = tf.layers.SeparableConv1D(
        **with_weights(tf, 3), depthwise_constraint=tenfold, pointwise_constraint=tenfold, bias_constraint=tenfold
    )
    y = layer(x(1, 6, 3))
    kept = [layer.depthwise_constraint, layer.pointwise_constraint, layer.bias_constraint]
    on_variables = [variable.constraint for variable in layer.variables]
    return [[found is tenfold for found in kept + on_variables], run(y)]
