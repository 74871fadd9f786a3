"""The layers beside the convolution: batch normalization, dropout, flatten and pooling."""

import numpy as np

from conformance.facts import dims, graph_facts, names
from conformance.harness import Scenarios

scenario = Scenarios()


def numbered(tf):
    """An initializer of different numbers, which shows exchanged channels."""
    return tf.constant_initializer(np.linspace(0.5, 2.0, 4))


def normalized(tf, inputs, **keywords):
    start = numbered(tf)
    return tf.layers.batch_normalization(
        inputs,
        beta_initializer=start,
        gamma_initializer=start,
        moving_mean_initializer=start,
        moving_variance_initializer=start,
        **keywords,
    )


def averages(tf, run):
    """The moving averages after the updates that were collected."""
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    averages = [v for v in tf.global_variables() if "moving" in v.name]
    if callable(updates[0]):
        return run([update() for update in updates][:0] + averages)
    with tf.control_dependencies(updates):
        values = [average.read_value() for average in averages]
    return run(values)


def inference(**keywords):
    def program(tf, run, x):
        return run(normalized(tf, x(3, 5, 4), **keywords))

    return program


def training(shape, dtype=np.float32, **keywords):
    def program(tf, run, x):
        outputs = normalized(tf, tf.constant(x(*shape, dtype=dtype)), training=True, **keywords)
        facts = [[len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), graph_facts(tf)], run(outputs)]
        return [*facts, *averages(tf, run)]

    return program


for name, keywords in {
    **{"plain": {}, "epsilon": {"epsilon": 0.1}, "no_scale": {"scale": False}, "no_center": {"center": False}},
    **{"neither": {"scale": False, "center": False}, "not_fused": {"fused": False}, "axis": {"axis": 2}},
    "axis_list": {"axis": [-1]},
}.items():
    scenario[f"inference_{name}"] = inference(**keywords)
for name, (shape, keywords) in {
    **{"plain": ((3, 5, 4), {}), "momentum": ((3, 5, 4), {"momentum": 0.5}), "matrix": ((6, 4), {})},
    **{"channels_first": ((3, 4, 5), {"axis": 1}), "no_scale": ((3, 5, 4), {"scale": False})},
    **{"image": ((2, 3, 2, 4), {}), "image_channels_first": ((2, 4, 3, 2), {"axis": 1})},
    **{"image_not_fused": ((2, 3, 2, 4), {"fused": False}), "one_example": ((1, 4), {})},
    **{"float64": ((3, 5, 4), {"dtype": np.float64}), "float16": ((3, 5, 4), {"dtype": np.float16})},
    **{"small_epsilon": ((3, 5, 4), {"epsilon": 1e-7}), "image_small_epsilon": ((2, 3, 2, 4), {"epsilon": 1e-7})},
}.items():
    scenario[f"training_{name}"] = training(shape, **keywords)


@scenario
def several_axes(tf, run, x):
    outputs = tf.layers.batch_normalization(x(3, 5, 4), axis=[1, 2], training=True)
    return [run(outputs), [dims(v.shape) for v in tf.global_variables()], *averages(tf, run)]


@scenario
def batch_normalization_names(tf, x):
    with tf.variable_scope("outer"):
        tf.layers.batch_normalization(x(2, 3, 4))
        tf.layers.batch_normalization(x(2, 3, 4), name="named", center=False)
        tf.layers.batch_normalization(x(2, 3, 4), trainable=False)
    return graph_facts(tf)


@scenario
def batch_normalization_types_of_variables(tf, x):
    tf.layers.batch_normalization(x(2, 3, dtype=np.float16))
    tf.layers.batch_normalization(x(2, 3, dtype=np.float64))
    return [np.dtype(getattr(v.dtype, "as_numpy_dtype", v.dtype)).name for v in tf.global_variables()]


@scenario
def batch_normalization_reuse(tf, run, x):
    first = tf.layers.batch_normalization(x(2, 3, 4), name="a", training=True)
    second = tf.layers.batch_normalization(x(2, 3, 4), name="a", reuse=True, training=True)
    return [run(first), run(second), graph_facts(tf), len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))]


@scenario
def batch_normalization_again_by_name(tf, x):
    tf.layers.batch_normalization(x(2, 3, 4), name="a")
    tf.layers.batch_normalization(x(2, 3, 4), name="a")


@scenario
def batch_normalization_frozen_in_training(tf, run, x):
    outputs = tf.layers.batch_normalization(x(2, 3, 4), trainable=False, training=True)
    return [run(outputs), len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), graph_facts(tf)]


@scenario
def batch_normalization_as_object(tf, run, x):
    layer = tf.layers.BatchNormalization(momentum=0.5, name="norm")
    outputs = [run(layer(x(2, 3, 4))), run(layer(x(2, 3, 4, seed=2), training=True)), run(layer(x(2, 3, 4), True))]
    return [*outputs, len(layer.updates), names(layer.weights), names(layer.trainable_weights), layer.scope_name]


@scenario
def batch_normalization_regularizers(tf, run, x):
    regularizer = lambda w: 0.5 * tf.reduce_sum(tf.square(w))  # noqa: E731
    normalized(tf, x(2, 3, 4), beta_regularizer=regularizer, gamma_regularizer=regularizer)
    return run(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))


@scenario
def batch_normalization_update_names(tf, x):
    tf.layers.batch_normalization(x(2, 3, 4), training=True)
    with tf.variable_scope("inner"):
        tf.layers.batch_normalization(x(2, 3, 4), training=True)
    inner = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope="inner")
    return [len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), len(inner)]


@scenario
def batch_normalization_axis_of_text(tf, x):
    tf.layers.batch_normalization(x(2, 3, 4), axis="last")


@scenario
def batch_normalization_axis_too_large(tf, x):
    tf.layers.batch_normalization(x(2, 3, 4), axis=3)


@scenario
def batch_normalization_other_channels(tf, x):
    layer = tf.layers.BatchNormalization()
    layer(x(2, 3, 4))
    layer(x(2, 3, 5))


def pooled(name, shape, *args, **keywords):
    def program(tf, run, x):
        return run(getattr(tf.layers, name)(tf.constant(x(*shape)), *args, **keywords))

    return program


for name in ("max_pooling1d", "average_pooling1d"):
    for pool_size in (1, 2, 3, 5):
        for strides in (1, 2, 3):
            for padding in ("valid", "same", "SAME"):
                scenario[f"{name}_{pool_size}_{strides}_{padding}"] = pooled(
                    name, (2, 5, 3), pool_size, strides, padding
                )
    scenario[f"{name}_tuples"] = pooled(name, (2, 7, 3), (2,), (2,))
    scenario[f"{name}_channels_first"] = pooled(name, (2, 3, 7), 3, 2, "same", data_format="channels_first")
    scenario[f"{name}_too_short"] = pooled(name, (2, 3, 3), 4, 1)
    scenario[f"{name}_causal"] = pooled(name, (2, 3, 3), 2, 1, "causal")
    scenario[f"{name}_no_stride"] = pooled(name, (2, 3, 3), 2, 0)
    scenario[f"{name}_pair"] = pooled(name, (2, 3, 3), (2, 2), 1)
    scenario[f"{name}_matrix"] = pooled(name, (2, 3), 2, 1)


@scenario
def pooling_objects(tf, run, x):
    pools = tf.layers.MaxPooling1D(2, 2), tf.layers.AveragePooling1D(3, 1, "same", name="mean")
    outputs = [run(pool(tf.constant(x(2, 6, 3)))) for pool in pools]
    shapes = [dims(pool.compute_output_shape((None, 7, 3))) for pool in pools]
    return [*outputs, shapes, [pool.name for pool in pools], [len(pool.weights) for pool in pools]]


def flattened(shape, **keywords):
    def program(tf, run, x):
        return run(tf.layers.flatten(tf.constant(x(*shape)), **keywords))

    return program


for shape in ((2, 3), (2, 3, 4), (2, 1, 2, 2), (3,), (2, 0, 3)):
    scenario[f"flatten_{len(shape)}_{min(shape)}"] = flattened(shape)
    scenario[f"flatten_channels_first_{len(shape)}_{min(shape)}"] = flattened(shape, data_format="channels_first")


@scenario
def flatten_integers(tf, run):
    return run(tf.layers.flatten(tf.constant([[[1, 2], [3, 4]]])))


@scenario
def dropout_outside_training(tf, run, x):
    return run(tf.layers.dropout(tf.constant(x(2, 3, 4)), 0.5))


@scenario
def dropout_in_training(tf, run, x):
    return run(tf.layers.dropout(tf.constant(x(20, 4)), 0.4, seed=3, training=True))


@scenario
def dropout_of_slices(tf, run, x):
    return run(tf.layers.dropout(tf.constant(x(4, 3, 4)), 0.4, noise_shape=[None, 1, 4], seed=3, training=True))


@scenario
def dropout_of_nothing(tf, run, x):
    return run(tf.layers.dropout(tf.constant(x(2, 3)), 0.0, training=True))


@scenario
def dropout_rate_above_one(tf, x):
    tf.layers.dropout(tf.constant(x(2, 3)), 1.5)


@scenario
def dropout_object(tf, run, x):
    layer = tf.layers.Dropout(0.25, seed=1)
    inputs = tf.constant(x(3, 4))
    return [run(layer(inputs)), run(layer(inputs, training=True)), layer.name, len(layer.weights), layer.rate]


@scenario
def names_after_layers_without_weights(tf, x):
    inputs = tf.constant(x(2, 8, 3))
    for _ in range(2):
        inputs = tf.layers.dropout(tf.layers.max_pooling1d(inputs, 2, 1))
    with tf.variable_scope(None, default_name="dropout"):
        tf.get_variable("after", [1])
    with tf.variable_scope(None, default_name="max_pooling1d"):
        tf.get_variable("after", [1])
    tf.layers.flatten(inputs, name="flat")
    with tf.variable_scope(None, default_name="flat"):
        tf.get_variable("after", [1])
    return graph_facts(tf)


@scenario
def reused_scope_with_layers_without_weights(tf, x):
    inputs = tf.constant(x(2, 8, 3))
    with tf.variable_scope("s"):
        tf.layers.dropout(inputs)
        tf.layers.separable_conv1d(inputs, 2, 1, name="conv")
    with tf.variable_scope("s", reuse=True):
        tf.layers.dropout(inputs)
        tf.layers.separable_conv1d(inputs, 2, 1, name="conv")
    return graph_facts(tf)


@scenario
def collected_losses(tf, run, x):
    with tf.variable_scope("tower"):
        tf.losses.mean_squared_error(tf.constant(x(2, 3)), tf.constant(x(2, 3, seed=1)))
    tf.losses.absolute_difference(tf.constant(x(2, 3)), tf.constant(x(2, 3, seed=1)), scope="named")
    tf.losses.huber_loss(tf.constant(x(2, 3)), tf.constant(x(2, 3, seed=1)), loss_collection=None)
    tf.losses.hinge_loss(tf.constant(x(2, 3)), tf.constant(x(2, 3, seed=1)), reduction=tf.losses.Reduction.SUM)
    losses = tf.losses.get_losses()
    return [
        names(losses),
        [run(loss) for loss in losses],
        run(tf.losses.get_total_loss()),
        names(tf.losses.get_losses("named")),
    ]
