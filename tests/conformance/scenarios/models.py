"""Whole models in TF1's words, with the convolution, the layers beside it and array functions."""

import numpy as np

from conformance.facts import graph_facts
from conformance.harness import Scenarios

scenario = Scenarios()


def started(tf, seed):
    """Within it, variables start from numbers that are the same in every library."""

    def initializer(shape, dtype=None, partition_info=None):
        random = np.random.default_rng([seed, *map(int, shape)])
        return tf.constant(random.standard_normal(list(map(int, shape))).astype(np.float32) * 0.3)

    return tf.variable_scope("model", initializer=initializer)


@scenario
def span_convolution_block(tf, run, x):
    """Self-attention of two heads beside convolutions whose kernels depend on the position."""
    heads, size, window, width = 2, 4, 3, 12
    with started(tf, 1):
        ids = tf.constant(np.arange(12).reshape(2, 6) * 5 % 17)
        table = tf.get_variable("words", [17, width])
        hidden = tf.nn.embedding_lookup(table, ids) + tf.get_variable("positions", [6, width])
        query = tf.layers.dense(hidden, heads * size, name="query")
        key = tf.layers.dense(hidden, heads * size, name="key")
        value = tf.layers.dense(hidden, heads * size, name="value")
        span = tf.layers.separable_conv1d(hidden, heads * size, window, padding="same", name="span")
        kernels = tf.layers.dense(tf.multiply(span, query), heads * window, name="kernels")
        kernels = tf.nn.softmax(tf.reshape(kernels, [2, 6, heads, window, 1]), axis=3)
        padded = tf.pad(tf.reshape(value, [2, 6, heads, size]), [[0, 0], [1, 1], [0, 0], [0, 0]])
        taps = tf.stack([padded[:, tap : tap + 6] for tap in range(window)], axis=3)
        local = tf.reduce_sum(taps * kernels, axis=3)

        def by_head(array):
            return tf.transpose(tf.reshape(array, [2, 6, heads, size]), [0, 2, 1, 3])

        scores = tf.matmul(by_head(query), by_head(key), transpose_b=True) / np.sqrt(size).astype(np.float32)
        mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), by_head(value)), [0, 2, 1, 3])
        both = tf.reshape(tf.concat([mixed, local], axis=2), [2, 6, 2 * heads * size])
        output = tf.layers.dense(both, width, name="output") + hidden
        mean, variance = tf.nn.moments(output, [-1], keep_dims=True)
        normal = (output - mean) * tf.rsqrt(variance + 1e-6)
        inner = tf.layers.dense(normal, 24, tf.nn.relu, name="inner")
        logits = tf.layers.dense(tf.layers.dense(inner, width, name="outer") + normal, 5, name="logits")
    return [run(logits), run(tf.argmax(logits, -1)), graph_facts(tf)]


@scenario
def keyword_spotter(tf, run, x):
    """A strided convolution of the spectrum, separable blocks with shortcuts, and a dense classifier."""
    with started(tf, 2):
        y = tf.layers.conv1d(tf.constant(x(3, 40, 10)), 16, 5, 2, "same", use_bias=False, name="stem")
        y = tf.nn.relu(tf.layers.batch_normalization(y, name="stem_norm", gamma_initializer=tf.ones_initializer()))
        for block in range(2):
            with tf.variable_scope(f"block_{block}"):
                shortcut = tf.layers.conv1d(y, 12, 1, padding="same", use_bias=False, name="shortcut")
                y = tf.layers.separable_conv1d(y, 12, 5, padding="same", activation=tf.nn.relu, name="first")
                y = tf.layers.separable_conv1d(y, 12, 5, padding="same", name="second")
                y = tf.layers.dropout(tf.nn.relu(y + shortcut), 0.2, training=False)
                y = tf.layers.max_pooling1d(y, 2, 2)
        y = tf.layers.dense(tf.reduce_mean(y, axis=1), 8, tf.nn.tanh, name="hidden")
        logits = tf.layers.dense(y, 4, name="words")
        labels = tf.one_hot([0, 3, 1], 4)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
    return [run(tf.nn.softmax(logits)), run(loss), graph_facts(tf)]


@scenario
def gated_causal_stack(tf, run, x):
    """Dilated gates with skip connections, by kernels that the caller keeps."""
    with started(tf, 3):
        y = tf.nn.conv1d(tf.constant(x(2, 20, 3)), tf.get_variable("input", [2, 3, 8]), 1, "SAME")
        skips = []
        for dilation in (1, 2, 4):
            with tf.variable_scope(f"dilated_{dilation}"):
                gates = tf.layers.conv1d(y, 16, 2, padding="causal", dilation_rate=dilation, name="gates")
                signal, gate = tf.split(gates, 2, axis=-1)
                gated = tf.tanh(signal) * tf.sigmoid(gate)
                skips.append(tf.nn.conv1d(gated, tf.get_variable("skip", [1, 8, 6]), stride=1, padding="SAME"))
                y = y + tf.nn.conv1d(gated, tf.get_variable("residual", [1, 8, 8]), stride=1, padding="SAME")
        total = tf.nn.relu(tf.add_n(skips))
        logits = tf.nn.conv1d(total, tf.get_variable("last", [1, 6, 5]), 1, "SAME")
        last = tf.squeeze(tf.slice(logits, [0, 19, 0], [-1, 1, -1]), 1)
    return [run(logits), run(last), graph_facts(tf)]


@scenario
def twins_with_shared_weights(tf, run, x):
    """One encoder for two inputs, in the format with channels first."""

    def encoded(series):
        with tf.variable_scope("encoder", reuse=tf.AUTO_REUSE):
            y = tf.layers.conv1d(series, 8, 3, data_format="channels_first", activation=tf.nn.elu, name="wide")
            y = tf.layers.separable_conv1d(y, 6, 3, data_format="channels_first", name="sep")
            return tf.nn.l2_normalize(tf.layers.dense(tf.layers.flatten(y), 5, name="code"), 1)

    with started(tf, 4):
        first, second = encoded(tf.constant(x(3, 4, 12))), encoded(tf.constant(x(3, 4, 12, seed=1)))
        distance = tf.sqrt(tf.reduce_sum(tf.squared_difference(first, second), axis=1))
    return [run(first), run(distance), graph_facts(tf)]


@scenario
def autoencoder_of_windows(tf, run, x):
    """Down by strides, up by repeated steps and convolutions, with a skip and a loss."""
    inputs = tf.constant(x(2, 16, 2))
    with started(tf, 5):
        down = tf.layers.conv1d(inputs, 6, 4, strides=2, padding="same", activation=tf.nn.relu, name="down_1")
        deep = tf.layers.conv1d(down, 8, 4, strides=2, padding="same", activation=tf.nn.relu, name="down_2")
        code = tf.layers.dense(tf.layers.flatten(deep), 4, name="code")
        y = tf.reshape(tf.layers.dense(code, 32, tf.nn.relu, name="decode"), [2, 4, 8])
        for depth, filters in ((2, 6), (1, 2)):
            shape = tf.shape(y)
            y = tf.reshape(tf.tile(tf.expand_dims(y, 2), [1, 1, 2, 1]), [shape[0], 2 * shape[1], y.shape[2]])
            y = tf.concat([y, down], axis=-1) if depth == 2 else y
            y = tf.layers.conv1d(y, filters, 3, padding="same", name=f"up_{depth}")
        loss = tf.losses.mean_squared_error(inputs, y)
    return [run(y), run(code), run(loss), graph_facts(tf)]


@scenario
def highway_of_letters(tf, run, x):
    """Letters by a convolution and its maximum, highway layers, and pooling by attention."""
    with started(tf, 6):
        letters = tf.one_hot(np.arange(60).reshape(2, 5, 6) * 7 % 11, 11)
        letters = tf.reshape(letters, [10, 6, 11])
        words = tf.reduce_max(tf.layers.conv1d(letters, 9, 3, activation=tf.nn.relu, name="letters"), axis=1)
        y = tf.reshape(words, [2, 5, 9])
        for depth in range(2):
            with tf.variable_scope(f"highway_{depth}"):
                gate = tf.layers.dense(y, 9, tf.sigmoid, name="gate", bias_initializer=tf.constant_initializer(-1.0))
                y = gate * tf.layers.dense(y, 9, activation=tf.nn.relu, name="change") + (1.0 - gate) * y
        weights = tf.nn.softmax(tf.layers.dense(y, 1, use_bias=False, name="weights"), axis=1)
        logits = tf.layers.dense(tf.reduce_sum(weights * y, axis=1), 3, name="logits")
    return [run(logits), graph_facts(tf)]
