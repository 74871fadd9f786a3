"""Programs that listen: keyword spotters, acoustic models, separators, speaker encoders."""

import math

import numpy as np

from tests.programs import inputs


@inputs(features=("float32", (3, 49, 10)))
def keyword_spotter(tf, features):
    """A depthwise-separable keyword spotter."""
    x = tf.layers.conv1d(features, 16, 10, strides=2, padding="same", use_bias=False, name="first")
    x = tf.nn.relu(tf.layers.batch_normalization(x, name="first_norm"))
    for block in range(3):
        with tf.variable_scope(f"block_{block}"):
            x = tf.layers.separable_conv1d(x, 16, 3, padding="same", use_bias=False, name="separable")
            x = tf.nn.relu6(tf.layers.batch_normalization(x, momentum=0.96, name="norm"))
    x = tf.reduce_mean(x, axis=1)
    logits = tf.layers.dense(tf.layers.dropout(x, 0.4), 12, name="words")
    return {"logits": logits, "word": tf.argmax(logits, axis=1), "probabilities": tf.nn.softmax(logits)}


@inputs(spectrogram=("float32", (2, 40, 8)), lengths=("int32", [40, 23]))
def masked_acoustic_model(tf, spectrogram, lengths):
    """Blocks whose steps behind each utterance's end are set to zero before every convolution."""
    mask = tf.expand_dims(tf.sequence_mask(lengths, 40, dtype=tf.float32), -1)
    x = spectrogram
    for number, (filters, size) in enumerate(((12, 11), (16, 13), (20, 15))):
        x = x * mask
        x = tf.layers.separable_conv1d(x, filters, size, padding="same", name=f"conv_{number}")
        x = tf.nn.relu(x)
    logits = tf.layers.conv1d(x * mask, 9, 1, name="characters")
    log_probabilities = tf.nn.log_softmax(logits, axis=-1)
    total = tf.reduce_sum(log_probabilities * mask, axis=[1, 2])
    return {"total": total / tf.cast(lengths, tf.float32), "log_probabilities": log_probabilities * mask}


@inputs(wave=("float32", (2, 240, 1)))
def time_domain_separator(tf, wave):
    """An encoder, two repeats of dilated separable blocks with skips, masks by softmax, and an overlap-add decoder."""
    encoded = tf.layers.conv1d(wave, 16, 16, strides=8, use_bias=False, activation=tf.nn.relu, name="encoder")
    mean, variance = tf.nn.moments(encoded, [1, 2], keepdims=True)
    x = (encoded - mean) / tf.sqrt(variance + 1e-8)
    x = tf.layers.conv1d(x, 12, 1, name="bottleneck")
    skips = []
    for repeat in range(2):
        for layer in range(3):
            with tf.variable_scope(f"repeat_{repeat}/layer_{layer}"):
                y = tf.layers.conv1d(x, 20, 1, name="in")
                alpha = tf.get_variable("alpha", [20], initializer=tf.constant_initializer(0.25))
                y = tf.maximum(y, 0.0) + alpha * tf.minimum(y, 0.0)
                y = tf.layers.separable_conv1d(y, 12, 3, padding="same", dilation_rate=2**layer, name="separable")
                skips.append(tf.layers.conv1d(y, 12, 1, name="skip"))
                x = x + tf.layers.conv1d(y, 12, 1, name="residual")
    masks = tf.layers.conv1d(tf.add_n(skips), 2 * 16, 1, name="masks")
    masks = tf.nn.softmax(tf.reshape(masks, [2, -1, 2, 16]), axis=2)
    voices = tf.transpose(masks * tf.expand_dims(encoded, 2), [0, 2, 1, 3])
    frames = tf.layers.dense(voices, 16, use_bias=False, name="decoder")
    even, odd = tf.split(frames, 2, axis=-1)
    padded = tf.pad(even, [[0, 0], [0, 0], [0, 1], [0, 0]]) + tf.pad(odd, [[0, 0], [0, 0], [1, 0], [0, 0]])
    return {"voices": tf.reshape(padded, [2, 2, -1]), "masks": masks}


@inputs(frames=("float32", (3, 30, 8)))
def speaker_embedding(tf, frames):
    """Frame layers, mean and deviation over time, and an embedding of length 1."""
    x = frames
    for number, dilation in enumerate((1, 2, 3)):
        x = tf.layers.separable_conv1d(x, 14, 3, dilation_rate=dilation, activation=tf.nn.leaky_relu, name=f"f{number}")
    mean, variance = tf.nn.moments(x, axes=1)
    pooled = tf.concat([mean, tf.sqrt(variance + 1e-6)], axis=1)
    embedding = tf.nn.l2_normalize(tf.layers.dense(pooled, 10, name="embedding"), axis=1)
    return {"embedding": embedding, "likeness": tf.matmul(embedding, embedding, transpose_b=True)}


@inputs(frames=("float32", (2, 26, 6)))
def gated_convolutions(tf, frames):
    """Gated linear units, half of the filters gating the other half."""
    x = frames
    for number in range(3):
        y = tf.layers.separable_conv1d(x, 16, 4, padding="valid", name=f"glu_{number}")
        content, gate = tf.split(y, num_or_size_splits=2, axis=2)
        x = content * tf.sigmoid(gate)
    return {"letters": tf.layers.dense(x, 5, name="letters"), "energy": tf.reduce_sum(tf.square(x), axis=[1, 2])}


@inputs(frames=("float32", (2, 24, 9)))
def conformer_like_block(tf, frames):
    """Half a feed-forward layer, self-attention, a convolution module, and half a feed-forward layer again."""

    def norm(x, name):
        with tf.variable_scope(name):
            mean, variance = tf.nn.moments(x, [-1], keep_dims=True)
            scale = tf.get_variable("scale", [9], initializer=tf.ones_initializer())
            shift = tf.get_variable("shift", [9], initializer=tf.zeros_initializer())
            return (x - mean) * tf.rsqrt(variance + 1e-6) * scale + shift

    def feed(x, name):
        with tf.variable_scope(name):
            y = tf.layers.dense(norm(x, "norm"), 18, activation=tf.nn.swish, name="in")
            return x + 0.5 * tf.layers.dense(y, 9, name="out")

    x = feed(frames, "feed_1")
    with tf.variable_scope("attention"):
        y = norm(x, "norm")
        query, key, value = (tf.layers.dense(y, 9, name=name) for name in ("query", "key", "value"))
        weights = tf.nn.softmax(tf.einsum("btd,bsd->bts", query, key) / math.sqrt(9.0))
        x = x + tf.einsum("bts,bsd->btd", weights, value)
    with tf.variable_scope("convolution"):
        y = tf.layers.conv1d(norm(x, "norm"), 18, 1, name="pointwise")
        y = y[:, :, :9] * tf.nn.sigmoid(y[:, :, 9:])
        y = tf.layers.separable_conv1d(y, 9, 7, padding="same", use_bias=False, name="separable")
        y = tf.nn.swish(tf.layers.batch_normalization(y, name="batch_norm"))
        x = x + tf.layers.conv1d(y, 9, 1, name="out")
    return {"output": norm(feed(x, "feed_2"), "final"), "weights": weights}


@inputs(samples=("float32", (2, 64)))
def filter_bank(tf, samples):
    """Overlapping frames, a window, a cosine transform as a constant matrix, and a log of triangular sums."""
    frames = tf.stack([samples[:, start : start + 16] for start in range(0, 49, 8)], axis=1)
    window = tf.constant(np.hanning(16).astype(np.float32))
    time, bins = np.arange(16)[:, None], np.arange(9)[None]
    angle = 2 * math.pi * time * bins / 16
    real = tf.tensordot(frames * window, tf.constant(np.cos(angle), tf.float32), 1)
    imaginary = tf.tensordot(frames * window, tf.constant(np.sin(angle), tf.float32), axes=[[2], [0]])
    power = tf.square(real) + tf.square(imaginary)
    bank = tf.nn.relu(tf.get_variable("bank", [9, 5]))
    mel = tf.log(tf.matmul(tf.reshape(power, [-1, 9]), bank) + 1e-2)
    mel = tf.reshape(mel, [2, 7, 5])
    return {"mel": mel, "embedded": tf.layers.separable_conv1d(mel, 4, 3, padding="same", name="embed")}


@inputs(frames=("float32", (2, 20, 6)), target=("int32", (2, 20), 0, 3))
def voice_activity(tf, frames, target):
    """Frame-wise decisions smoothed over time, with a weighted loss."""
    x = tf.layers.separable_conv1d(frames, 8, 5, padding="same", activation=tf.nn.selu, name="features")
    logits = tf.layers.conv1d(x, 4, 3, padding="same", name="classes")
    smooth = tf.layers.average_pooling1d(logits, 3, 1, padding="same", name="smooth")
    weights = tf.gather(tf.constant([0.5, 1.0, 2.0, 4.0]), target)
    loss = tf.losses.sparse_softmax_cross_entropy(target, logits, weights=weights, scope="loss")
    changes = tf.not_equal(tf.argmax(smooth, 2)[:, 1:], tf.argmax(smooth, 2)[:, :-1])
    return {"loss": loss, "changes": tf.reduce_sum(tf.cast(changes, tf.int32), 1), "smooth": smooth}


@inputs(wave=("float32", (2, 50, 1)))
def wavenet_like(tf, wave):
    """Causal gated layers by padding on the left, with skips."""
    x = tf.layers.dense(wave, 8, name="embed")
    total = 0.0
    for layer in range(4):
        dilation = 2**layer
        padded = tf.pad(x, [[0, 0], [dilation, 0], [0, 0]])
        both = tf.layers.separable_conv1d(padded, 16, 2, dilation_rate=dilation, name=f"dilated_{layer}")
        both = tf.tanh(both[..., :8]) * tf.sigmoid(both[..., 8:])
        total += tf.layers.dense(both, 10, name=f"skip_{layer}")
        x += tf.layers.dense(both, 8, name=f"residual_{layer}")
    levels = tf.layers.dense(tf.nn.relu(total), 16, name="levels")
    return {"levels": levels, "sample": tf.argmax(levels, -1, output_type=tf.int32)}
