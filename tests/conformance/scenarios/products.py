"""The layers of one kernel: dense layers and convolutions of all channels."""

import numpy as np

from conformance.facts import dims, error_of, graph_facts, layer_facts, names
from conformance.harness import Scenarios

scenario = Scenarios()


def weighted(tf, *shape):
    """Arguments of a layer whose weights are the same in every library."""
    random = np.random.default_rng(shape)
    return {
        "kernel_initializer": tf.constant_initializer(random.standard_normal(shape).astype(np.float32)),
        "bias_initializer": tf.constant_initializer(random.standard_normal(shape[-1:]).astype(np.float32)),
    }


def dense(shape, dtype=np.float32, **keywords):
    def program(tf, run, x):
        inputs = tf.constant(x(*shape, dtype=dtype))
        return run(tf.layers.dense(inputs, 5, **weighted(tf, shape[-1], 5), **keywords))

    return program


for name, shape in {"matrix": (6, 4), "series": (2, 7, 4), "image": (2, 3, 2, 4), "one": (1, 1)}.items():
    scenario[f"dense_{name}"] = dense(shape)
for dtype in (np.float16, np.float64):
    scenario[f"dense_{np.dtype(dtype).name}"] = dense((3, 4), dtype)
for activation in ("relu", "softmax", "tanh", "sigmoid", "elu", "softplus", "selu"):
    scenario[f"dense_{activation}"] = dense((2, 3, 4), activation=activation)
scenario["dense_without_bias"] = dense((3, 4), use_bias=False)
scenario["dense_empty_batch"] = dense((0, 4))
scenario["dense_no_steps"] = dense((2, 0, 4))
scenario["dense_vector"] = dense((4,))


def refused_dense(*args, dtype=np.float32, **keywords):
    return lambda tf, x: error_of(tf.layers.dense, tf.constant(x(2, 4).astype(dtype)), *args, **keywords)


scenario["dense_negative_units"] = refused_dense(-1)
scenario["dense_units_none"] = refused_dense(None)
scenario["dense_float_units"] = refused_dense(2.7)
scenario["dense_integers"] = refused_dense(3, dtype=np.int32)
scenario["dense_unknown_keyword"] = refused_dense(3, units_=4)
scenario["dense_unknown_activation"] = refused_dense(3, "no such")


@scenario
def dense_names(tf, x):
    inputs = tf.constant(x(2, 4))
    tf.layers.dense(inputs, 3)
    tf.layers.dense(inputs, 3)
    with tf.variable_scope("outer"):
        tf.layers.dense(inputs, 3)
        tf.layers.dense(inputs, 3, name="named")
        tf.layers.dense(inputs, 3, use_bias=False, trainable=False)
    return graph_facts(tf)


@scenario
def dense_reuse(tf, run, x):
    inputs = tf.constant(x(2, 4))
    first = tf.layers.dense(inputs, 3, name="a", **weighted(tf, 4, 3))
    second = tf.layers.dense(inputs, 3, name="a", reuse=True)
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        third = tf.layers.dense(inputs, 3, name="a")
    return [run([first, second, third]), graph_facts(tf)]


@scenario
def dense_again_by_name(tf, x):
    tf.layers.dense(tf.constant(x(2, 4)), 3, name="a")
    tf.layers.dense(tf.constant(x(2, 4)), 3, name="a")


@scenario
def dense_reuse_of_other_width(tf, x):
    tf.layers.dense(tf.constant(x(2, 4)), 3, name="a")
    tf.layers.dense(tf.constant(x(2, 5)), 3, name="a", reuse=True)


@scenario
def dense_reuse_of_nothing(tf, x):
    tf.layers.dense(tf.constant(x(2, 4)), 3, name="a", reuse=True)


@scenario
def dense_object(tf, run, x):
    layer = tf.layers.Dense(3, tf.nn.relu, name="d", **weighted(tf, 4, 3))
    outputs = [run(layer(tf.constant(x(2, 4)))), run(layer(tf.constant(x(2, 5, 4))))]
    shapes = dims(layer.compute_output_shape((None, 7, 4))), [dims(w.shape) for w in layer.weights]
    return [*outputs, *shapes, layer_facts(layer), layer.units, layer.count_params(), graph_facts(tf)]


@scenario
def dense_object_of_other_types(tf, run, x):
    layer = tf.layers.Dense(3, **weighted(tf, 4, 3))
    layer(tf.constant(x(2, 4)))
    return run(layer(tf.constant(x(2, 4, dtype=np.float64))))


@scenario
def dense_losses(tf, run, x):
    l2 = lambda w: 0.5 * tf.reduce_sum(tf.square(w))  # noqa: E731
    inputs = tf.constant(x(2, 4))
    tf.layers.dense(
        inputs, 3, kernel_regularizer=l2, bias_regularizer=l2, activity_regularizer=l2, **weighted(tf, 4, 3)
    )
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return [[name.partition("Regularizer")[0] for name in names(losses)], run(losses)]


@scenario
def dense_constraints(tf, x):
    layer = tf.layers.Dense(3, kernel_constraint=tf.keras.constraints.MaxNorm(1.0))
    layer(tf.constant(x(2, 4)))
    return [layer.kernel.constraint is layer.kernel_constraint, layer.bias.constraint]


@scenario
def dense_in_a_template(tf, run, x):
    template = tf.make_template("shared", lambda inputs: tf.layers.dense(inputs, 3, **weighted(tf, 4, 3)))
    return [run(template(tf.constant(x(2, 4)))), run(template(tf.constant(x(3, 4)))), graph_facts(tf)]


@scenario
def dense_by_custom_getter(tf, run, x):
    def halved(getter, *args, **keywords):
        return getter(*args, **keywords) * 0.5

    with tf.variable_scope("s", custom_getter=halved):
        return run(tf.layers.dense(tf.constant(x(2, 4)), 3, **weighted(tf, 4, 3)))


@scenario
def dense_with_initializer_of_the_scope(tf, run, x):
    with tf.variable_scope("s", initializer=tf.constant_initializer(0.25)):
        return run(tf.layers.dense(tf.constant(x(2, 4)), 3))


@scenario
def dense_config(tf):
    return {
        key: value for key, value in tf.layers.Dense(3, "relu", name="d").get_config().items() if key[-4:] != "izer"
    }


def conv1d(shape=(2, 9, 3), taps=3, filters=4, dtype=np.float32, **keywords):
    def program(tf, run, x):
        channels = shape[-2 if keywords.get("data_format") == "channels_first" else -1]
        inputs = tf.constant(x(*shape, dtype=dtype))
        return run(tf.layers.conv1d(inputs, filters, taps, **weighted(tf, taps, channels, filters), **keywords))

    return program


for taps in (1, 2, 4):
    for strides, dilation_rate in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3)):
        for padding in ("valid", "same", "CAUSAL"):
            keywords = {"strides": strides, "dilation_rate": dilation_rate, "padding": padding}
            label = f"{taps}_{strides}_{dilation_rate}_{padding}"
            scenario[f"conv1d_{label}"] = conv1d((2, 11, 3), taps, **keywords)
            if padding != "CAUSAL":
                scenario[f"conv1d_first_{label}"] = conv1d((2, 3, 11), taps, data_format="channels_first", **keywords)
for activation in ("relu", "softmax", "elu"):
    scenario[f"conv1d_{activation}"] = conv1d(activation=activation)
for dtype in (np.float16, np.float64):
    scenario[f"conv1d_{np.dtype(dtype).name}"] = conv1d(dtype=dtype)
scenario["conv1d_without_bias"] = conv1d(use_bias=False)
scenario["conv1d_tuples"] = conv1d(strides=(2,), dilation_rate=(1,))
scenario["conv1d_one_channel"] = conv1d((2, 9, 1), filters=1)
scenario["conv1d_more_axes"] = conv1d((2, 3, 9, 4), padding="same")
scenario["conv1d_empty_batch"] = conv1d((0, 9, 3))
scenario["conv1d_too_short"] = conv1d((2, 2, 3))
scenario["conv1d_matrix"] = conv1d((2, 3))
scenario["conv1d_stride_and_dilation"] = conv1d(strides=2, dilation_rate=2)
scenario["conv1d_no_stride"] = conv1d(strides=0)
scenario["conv1d_unknown_padding"] = conv1d(padding="full")
scenario["conv1d_groups_as_function"] = conv1d(groups=2)


@scenario
def conv1d_names(tf, x):
    inputs = tf.constant(x(2, 9, 4))
    tf.layers.conv1d(inputs, 3, 2)
    tf.layers.conv1d(inputs, 3, 2)
    with tf.variable_scope("outer"):
        tf.layers.conv1d(inputs, 3, 2, use_bias=False)
        tf.layers.conv1d(inputs, 3, 2, name="named", trainable=False)
        tf.layers.separable_conv1d(inputs, 3, 2)
    return graph_facts(tf)


@scenario
def conv1d_reuse(tf, run, x):
    inputs = tf.constant(x(2, 9, 4))
    first = tf.layers.conv1d(inputs, 3, 2, name="a", **weighted(tf, 2, 4, 3))
    second = tf.layers.conv1d(inputs, 3, 2, name="a", reuse=True)
    return [run([first, second]), graph_facts(tf)]


@scenario
def conv1d_again_by_name(tf, x):
    tf.layers.conv1d(tf.constant(x(2, 9, 4)), 3, 2, name="a")
    tf.layers.conv1d(tf.constant(x(2, 9, 4)), 3, 2, name="a")


@scenario
def conv1d_object(tf, run, x):
    layer = tf.layers.Conv1D(3, 2, strides=2, padding="same", name="c", **weighted(tf, 2, 4, 3))
    outputs = [run(layer(tf.constant(x(2, 9, 4)))), run(layer(tf.constant(x(1, 6, 4))))]
    shapes = [dims(layer.compute_output_shape(shape)) for shape in ((None, 7, 4), (2, None, 4))]
    return [*outputs, *shapes, layer_facts(layer), [dims(w.shape) for w in layer.weights], graph_facts(tf)]


@scenario
def conv1d_object_of_other_type(tf, x):
    layer = tf.layers.Conv1D(3, 2)
    layer(tf.constant(x(2, 9, 4)))
    return error_of(layer, tf.constant(x(2, 9, 4, dtype=np.float64)))


@scenario
def conv1d_object_of_other_channels(tf, x):
    layer = tf.layers.Conv1D(3, 2)
    layer(tf.constant(x(2, 9, 4)))
    layer(tf.constant(x(2, 9, 5)))


@scenario
def conv1d_losses(tf, run, x):
    l2 = lambda w: 0.5 * tf.reduce_sum(tf.square(w))  # noqa: E731
    tf.layers.conv1d(
        tf.constant(x(2, 9, 4)), 3, 2, kernel_regularizer=l2, activity_regularizer=l2, **weighted(tf, 2, 4, 3)
    )
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return [[name.partition("Regularizer")[0] for name in names(losses)], run(losses)]


@scenario
def conv1d_config(tf):
    config = tf.layers.Conv1D(3, 2, dilation_rate=2, name="c").get_config()
    return {key: value for key, value in config.items() if key[-4:] != "izer"}


@scenario
def filters_from_a_variable(tf, run, x):
    kernel = tf.get_variable("kernel", initializer=x(2, 4, 3))
    inputs = tf.constant(x(2, 9, 4))
    options = {"padding": "SAME"}, {"padding": "VALID", "stride": 3}, {"padding": "VALID", "dilations": 2, "stride": 2}
    return [run(tf.nn.conv1d(inputs, kernel, **{"stride": 1, **keywords})) for keywords in options]
