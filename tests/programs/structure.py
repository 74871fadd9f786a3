"""Programs that lean on TF1's scopes, variables, collections and classes."""

import numpy as np

from tests.programs import inputs


@inputs(x=("float32", (2, 20, 4)))
def regularized_scopes(tf, x):
    """A scope's regularizer and initializer, and losses that collections gather."""
    penalty = lambda weight: 0.01 * tf.nn.l2_loss(weight)  # noqa: E731
    with tf.variable_scope("net", initializer=tf.random_normal_initializer(stddev=0.1), regularizer=penalty):
        x = tf.layers.separable_conv1d(x, 6, 3, name="conv", bias_regularizer=lambda b: tf.reduce_sum(tf.abs(b)))
        x = tf.layers.dense(x, 3, name="dense", kernel_regularizer=lambda w: 0.1 * tf.reduce_sum(tf.abs(w)))
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {"outputs": x, "penalty": tf.add_n(losses)}


@inputs(x=("float32", (2, 18, 3)))
def shared_layers(tf, x):
    """Classes called several times, and their weights used by hand."""
    layer = tf.layers.SeparableConv1D(3, 5, padding="same", activation=tf.nn.relu6, name="again")
    for _ in range(3):
        x = x + layer(x)
    tied = tf.matmul(tf.reshape(x, [-1, 3]), tf.squeeze(layer.pointwise_kernel, 0), transpose_b=True)
    return {"outputs": x, "tied": tf.reshape(tied, tf.shape(x)), "bias": layer.bias + 1.0}


@inputs(x=("float32", (3, 16, 4)))
def scope_of_weights(tf, x):
    """Weights by ``get_variable`` with every kind of initializer, then ``nn``'s functions on them."""
    with tf.variable_scope("by_hand", dtype=tf.float32):
        kernel = tf.get_variable("kernel", [3, 4, 5], initializer=tf.variance_scaling_initializer(2.0))
        bias = tf.get_variable("bias", shape=[5], initializer=tf.constant_initializer(0.1))
        mix = tf.get_variable("mix", [5, 5], initializer=tf.orthogonal_initializer())
    y = tf.nn.bias_add(tf.nn.conv1d(x, kernel, stride=1, padding="SAME"), bias)
    y = tf.tensordot(y, mix, axes=1)
    return {"outputs": tf.nn.crelu(y), "sum": tf.reduce_sum(kernel * kernel), "steps": tf.shape(y)[1]}


@inputs(x=("float32", (2, 14, 4)))
def nested_templates(tf, x):
    """A template in a template; each has variables once."""
    inner = tf.make_template("inner", lambda y: tf.layers.separable_conv1d(y, 4, 3, padding="same", name="conv"))
    outer = tf.make_template("outer", lambda y: inner(tf.nn.relu(inner(y))) + tf.layers.dense(y, 4, name="side"))
    return {"outputs": outer(outer(x))}


@inputs(x=("float32", (2, 12, 4)))
def custom_getter(tf, x):
    """A getter that hands out each variable times a factor."""

    def halved(getter, name, *args, **kwargs):
        return getter(name, *args, **kwargs) * 0.5

    with tf.variable_scope("halved", custom_getter=halved):
        scale = tf.get_variable("scale", [4], initializer=tf.ones_initializer())
    return {"outputs": tf.layers.separable_conv1d(x * scale, 3, 2, name="conv"), "scale": scale}


@inputs(x=("float32", (2, 12, 4)))
def scopes_opened_again(tf, x):
    """Variables of a scope found again by its object, by its name, and from inside of another."""
    with tf.variable_scope("a") as scope:
        one = tf.layers.separable_conv1d(x, 4, 3, padding="same", name="conv")
    with tf.variable_scope("b"), tf.variable_scope(scope, reuse=True):
        two = tf.layers.separable_conv1d(one, 4, 3, padding="same", name="conv")
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        three = tf.layers.separable_conv1d(two, 4, 3, padding="same", name="conv")
        three += tf.get_variable("offset", [4], initializer=tf.zeros_initializer())
    return {"one": one, "three": three}


@inputs(x=("float32", (2, 15, 6)))
def grouped_columns(tf, x):
    """Columns cut, treated apart and stacked again."""
    parts = tf.unstack(tf.reshape(x, [2, 15, 3, 2]), axis=2)
    done = [tf.layers.separable_conv1d(part, 2, 3, padding="same", name=f"part_{i}") for i, part in enumerate(parts)]
    joined = tf.reshape(tf.stack(done, axis=3), [2, 15, 6])
    shuffled = tf.gather(joined, [0, 3, 1, 4, 2, 5], axis=-1)
    kept = tf.boolean_mask(shuffled, [True, False], axis=0)
    return {"shuffled": shuffled, "kept": kept, "slice": tf.strided_slice(shuffled, [0, 1, 0], [2, 15, 6], [1, 3, 2])}


@inputs(x=("float32", (2, 10, 4)), choose=("int32", (2, 10), 0, 1))
def two_experts(tf, x, choose):
    """Two experts, and a gate that each step chooses by."""
    one = tf.layers.separable_conv1d(x, 4, 3, padding="same", name="one")
    two = tf.layers.separable_conv1d(x, 4, 5, padding="same", name="two", dilation_rate=2)
    hard = tf.where(tf.tile(tf.expand_dims(tf.greater(choose, 0), 2), [1, 1, 4]), one, two)
    gate = tf.layers.dense(x, 2, activation=tf.nn.softmax, name="gate")
    soft = tf.reduce_sum(tf.stack([one, two], axis=-1) * tf.expand_dims(gate, 2), axis=-1)
    return {"hard": hard, "soft": soft, "used": tf.reduce_mean(gate, axis=[0, 1])}


@inputs(x=("float32", (2, 11, 3)))
def constants_and_casts(tf, x):
    """Constants of many kinds, casts, and arithmetic by operators."""
    steps = tf.to_float(tf.range(11)) / 10.0
    ramp = tf.reshape(tf.linspace(0.0, 1.0, 11), [1, -1, 1])
    y = tf.layers.separable_conv1d(x * ramp - steps[None, :, None], 4, 2, name="conv", padding="same")
    y = tf.clip_by_value(y, -1.0, 1.0) ** 2 + tf.constant(np.float32([1, 2, 3, 4])) / 3
    whole = tf.cast(tf.floor(y * 10), tf.int32)
    return {"y": y, "odd": tf.equal(whole % 2, 1), "half": whole // 2, "small": tf.cast(y, tf.float16)}
