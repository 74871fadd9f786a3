"""Programs that read recordings: EEG, ECG, motion, earthquakes, genomes, machines."""

import numpy as np

from tests.programs import inputs


@inputs(eeg=("float32", (2, 6, 64)))
def eeg_channels_first(tf, eeg):
    """A network on recordings with the channels first."""
    x = tf.layers.separable_conv1d(
        eeg, 8, 16, padding="same", data_format="channels_first", use_bias=False, name="time"
    )
    x = tf.layers.batch_normalization(x, axis=1, name="norm")
    x = tf.nn.elu(x)
    x = tf.layers.average_pooling1d(x, 4, 4, data_format="channels_first", name="pool")
    x = tf.layers.separable_conv1d(
        x, 8, 8, padding="same", data_format="channels_first", depth_multiplier=2, name="separable"
    )
    x = tf.layers.flatten(tf.nn.elu(x), name="flat")
    return {"features": x, "logits": tf.layers.dense(x, 4, name="classes")}


@inputs(ecg=("float32", (3, 90, 1)))
def heartbeat_residuals(tf, ecg):
    """Residual blocks with pooling in their shortcuts."""
    x = tf.layers.separable_conv1d(ecg, 8, 9, padding="same", name="stem")
    for block in range(3):
        with tf.variable_scope(f"block_{block}"):
            shortcut = tf.layers.max_pooling1d(x, 2, 2, padding="same")
            y = tf.nn.relu(tf.layers.batch_normalization(x, name="norm_1"))
            y = tf.layers.separable_conv1d(y, 8, 5, padding="same", name="conv_1")
            y = tf.nn.relu(tf.layers.batch_normalization(y, name="norm_2"))
            y = tf.layers.separable_conv1d(y, 8, 5, strides=2, padding="same", name="conv_2")
            x = shortcut + y
    logits = tf.layers.dense(tf.reduce_max(x, axis=1), 5, name="rhythm")
    return {"logits": logits, "sure": tf.reduce_max(tf.nn.softmax(logits), 1) > 0.5}


@inputs(motion=("float32", (4, 40, 6)))
def motion_two_streams(tf, motion):
    """Acceleration and rotation by the same weights, joined later."""

    def stream(x):
        with tf.variable_scope("stream", reuse=tf.AUTO_REUSE):
            x = tf.layers.separable_conv1d(x, 10, 5, activation=tf.nn.relu, name="conv_1")
            x = tf.layers.max_pooling1d(x, 2, 2, name="pool")
            return tf.layers.separable_conv1d(x, 10, 3, activation=tf.nn.relu, name="conv_2")

    acceleration, rotation = tf.split(motion, [3, 3], axis=-1)
    one, two = stream(acceleration), stream(rotation)
    joined = tf.concat([one, two, tf.abs(one - two), one * two], axis=-1)
    pooled = tf.concat([tf.reduce_mean(joined, 1), tf.reduce_max(joined, 1)], 1)
    return {
        "activity": tf.layers.dense(pooled, 6, name="activity"),
        "likeness": tf.losses.cosine_distance(
            tf.nn.l2_normalize(one, 2), tf.nn.l2_normalize(two, 2), axis=2, reduction="none"
        ),
    }


@inputs(waves=("float32", (2, 48, 3)))
def earthquake_picker(tf, waves):
    """An encoder and a decoder that repeats steps, with skips, and three curves of probabilities."""
    with tf.variable_scope("picker"):
        x, skips = waves, []
        for level, filters in enumerate((6, 8, 12)):
            x = tf.layers.separable_conv1d(x, filters, 7, padding="same", activation=tf.nn.relu, name=f"down_{level}")
            skips.append(x)
            x = tf.layers.max_pooling1d(x, 2, 2, name=f"pool_{level}")
        x = tf.layers.separable_conv1d(x, 16, 7, padding="same", activation=tf.nn.relu, name="bottom")
        for level, filters in reversed(list(enumerate((6, 8, 12)))):
            x = tf.reshape(tf.tile(tf.expand_dims(x, 2), [1, 1, 2, 1]), [2, -1, x.shape[-1]])
            x = tf.concat([x, skips[level]], axis=-1)
            x = tf.layers.separable_conv1d(x, filters, 7, padding="same", activation=tf.nn.relu, name=f"up_{level}")
        curves = tf.nn.softmax(tf.layers.conv1d(x, 3, 1, name="curves"))
    return {"curves": curves, "picks": tf.argmax(curves, axis=1)}


@inputs(letters=("int32", (3, 50), 0, 4))
def genome_reader(tf, letters):
    """One-hot letters (an unknown one is all zeros), both strands by the same filters."""
    strand = tf.one_hot(letters - 1, 4, dtype=tf.float32)
    other = tf.reverse(strand, axis=[1, 2])
    layer = tf.layers.SeparableConv1D(12, 9, depth_multiplier=3, activation="relu", name="motifs")
    both = tf.maximum(layer(strand), tf.reverse(layer(other), axis=[1]))
    x = tf.layers.max_pooling1d(both, 4, 4, name="pool")
    x = tf.layers.dense(tf.layers.flatten(x), 10, tf.nn.relu, name="hidden")
    return {"motifs": both, "binding": tf.layers.dense(x, 3, tf.nn.sigmoid, name="binding")}


@inputs(vibration=("float64", (2, 60, 2)))
def machine_autoencoder(tf, vibration):
    """A bottleneck in double precision; the reconstruction's error tells what is odd."""
    x = tf.layers.separable_conv1d(vibration, 6, 5, strides=2, padding="same", activation=tf.tanh, name="encode_1")
    x = tf.layers.separable_conv1d(x, 3, 5, strides=3, padding="same", activation=tf.tanh, name="encode_2")
    code = tf.layers.dense(tf.layers.flatten(x), 4, name="code")
    x = tf.reshape(tf.layers.dense(code, 30, name="grow"), [-1, 10, 3])
    x = tf.reshape(tf.layers.dense(x, 12, activation=tf.tanh, name="decode_1"), [2, 60, 2])
    error = tf.reduce_mean(tf.squared_difference(x, vibration), axis=[1, 2])
    return {"code": code, "error": error, "worst": tf.reduce_max(tf.abs(x - vibration), axis=1)}


@inputs(series=("float32", (2, 32, 3)))
def squeeze_and_excite(tf, series):
    """Channels weighted by what the whole series says of them."""
    x = tf.layers.separable_conv1d(series, 12, 5, padding="same", use_bias=False, name="conv")
    x = tf.nn.relu(tf.layers.batch_normalization(x, scale=False, name="norm"))
    squeezed = tf.reduce_mean(x, axis=1, keepdims=True)
    excited = tf.layers.dense(squeezed, 3, activation=tf.nn.relu, use_bias=False, name="squeeze")
    excited = tf.layers.dense(excited, 12, activation=tf.nn.sigmoid, use_bias=False, name="excite")
    return {"weights": tf.squeeze(excited, [1]), "outputs": x * excited}


@inputs(series=("float32", (2, 36, 4)))
def inception_block(tf, series):
    """Kernels of several sizes side by side, and a pooled branch."""
    reduced = tf.layers.conv1d(series, 6, 1, use_bias=False, name="bottleneck")
    branches = [
        tf.layers.separable_conv1d(reduced, 5, size, padding="same", use_bias=False, name=f"size_{size}")
        for size in (3, 9, 19)
    ]
    pooled = tf.layers.max_pooling1d(series, 3, 1, padding="same", name="pool")
    branches.append(tf.layers.conv1d(pooled, 5, 1, use_bias=False, name="pooled"))
    x = tf.nn.relu(tf.layers.batch_normalization(tf.concat(branches, axis=2), name="norm"))
    return {"outputs": x, "mean": tf.reduce_mean(x, 1)}


@inputs(series=("float32", (3, 30, 2)), future=("float32", (3, 5, 2)))
def forecaster(tf, series, future):
    """Direct forecasts of several steps, scaled by each series' own size, and three losses of them."""
    scale = 1.0 + tf.reduce_mean(tf.abs(series), axis=1, keepdims=True)
    x = series / scale
    for number in range(3):
        with tf.variable_scope(f"layer_{number}"):
            y = tf.layers.separable_conv1d(tf.pad(x, [[0, 0], [2, 0], [0, 0]]), 8, 3, name="conv")
            x = tf.nn.relu(y) if number == 0 else x + tf.nn.relu(y)
    last = x[:, -1]
    steps = tf.stack([tf.layers.dense(last, 2, name=f"step_{step}") for step in range(5)], axis=1) * scale
    return {
        "forecast": steps,
        "squared": tf.losses.mean_squared_error(future, steps),
        "absolute": tf.losses.absolute_difference(future, steps, weights=[[[1.0, 0.5]]]),
        "huber": tf.losses.huber_loss(future, steps, delta=0.5),
    }


@inputs(series=("float32", (2, 33, 5)))
def multi_resolution(tf, series):
    """The series at three rates, read by one template."""
    reader = tf.make_template("reader", lambda x: tf.layers.separable_conv1d(x, 6, 4, padding="same", name="conv"))
    found = []
    for rate in (1, 2, 4):
        slow = tf.layers.average_pooling1d(series, rate, rate, padding="same") if rate > 1 else series
        found.append(tf.reduce_max(reader(slow), axis=1))
    return {
        "joined": tf.concat(found, 1),
        "spread": tf.reduce_max(tf.stack(found), 0) - tf.reduce_min(tf.stack(found), 0),
    }


@inputs(series=("float32", (2, 25, 4)), missing=("int32", (2, 25), 0, 1))
def missing_steps(tf, series, missing):
    """Steps that were not measured are replaced by a learned value, and counted."""
    fill = tf.get_variable("fill", [4], initializer=tf.zeros_initializer())
    gone = tf.tile(tf.expand_dims(tf.equal(missing, 1), -1), [1, 1, 4])
    x = tf.where(gone, tf.zeros_like(series) + fill, series)
    x = tf.concat([x, tf.cast(tf.expand_dims(missing, -1), tf.float32)], axis=-1)
    x = tf.layers.separable_conv1d(x, 7, 5, padding="same", activation=tf.nn.softplus, name="conv")
    run = tf.cumsum(tf.cast(missing, tf.float32), axis=1, exclusive=True)
    return {"outputs": x, "run": run, "count": tf.reduce_sum(missing, 1)}


@inputs(series=("float32", (2, 40, 2)))
def wavelet_bank(tf, series):
    """Fixed filters as constants beside learned ones."""
    low = tf.constant(np.float32([[[0.5], [0.5]], [[0.5], [0.5]]]))
    smooth = tf.nn.conv1d(series, low, stride=2, padding="VALID")
    x = tf.layers.separable_conv1d(series, 3, 2, strides=2, name="learned")
    joined = tf.concat([smooth, x], 2)
    return {"joined": joined, "norms": tf.norm(joined, axis=1), "signs": tf.sign(joined)}
