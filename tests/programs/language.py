"""Programs that read text: classifiers, encoders, attention, matching, tagging."""

import math

from tests.programs import inputs


@inputs(letters=("int32", (3, 40), 0, 25))
def character_network(tf, letters):
    """Letters, convolutions of several sizes, the largest of each, a highway, a classifier."""
    table = tf.get_variable("table", [26, 8])
    x = tf.nn.embedding_lookup(table, letters)
    pooled = [
        tf.reduce_max(tf.layers.separable_conv1d(x, 6, size, activation=tf.tanh, name=f"size_{size}"), axis=1)
        for size in (2, 3, 5)
    ]
    x = tf.concat(pooled, axis=1)
    gate = tf.layers.dense(x, 18, activation=tf.sigmoid, bias_initializer=tf.constant_initializer(-2), name="gate")
    x = gate * tf.layers.dense(x, 18, activation=tf.nn.relu, name="transform") + (1.0 - gate) * x
    return {"logits": tf.layers.dense(x, 4, name="logits"), "gate": gate}


@inputs(words=("int32", (2, 15), 0, 29))
def light_attention(tf, words):
    """Queries, keys and values by separable convolutions, several heads, padding that is not attended to."""
    heads, size = 2, 6
    with tf.variable_scope("embed"):
        x = tf.nn.embedding_lookup(tf.get_variable("table", [30, 12]), words) * math.sqrt(12.0)
    present = tf.not_equal(words, 0)
    bias = tf.where(present, tf.zeros([2, 15]), tf.fill([2, 15], -1e9))
    bias = tf.reshape(bias, [2, 1, 1, 15])
    with tf.variable_scope("attention"):
        found = {}
        for name in ("query", "key", "value"):
            y = tf.layers.separable_conv1d(x, heads * size, 3, padding="same", name=name)
            found[name] = tf.transpose(tf.reshape(y, [2, 15, heads, size]), [0, 2, 1, 3])
        scores = tf.matmul(found["query"], found["key"], transpose_b=True) / math.sqrt(size) + bias
        weights = tf.nn.softmax(scores)
        y = tf.reshape(tf.transpose(tf.matmul(weights, found["value"]), [0, 2, 1, 3]), [2, 15, heads * size])
    return {"outputs": x + tf.layers.dense(y, 12, name="output"), "weights": weights}


@inputs(question=("int32", (3, 9), 0, 19), answer=("int32", (3, 14), 0, 19))
def passage_matching(tf, question, answer):
    """Both sides by one encoder, attention across, and a score by a bilinear form."""

    def encode(words, reuse):
        with tf.variable_scope("encoder", reuse=reuse):
            x = tf.nn.embedding_lookup(tf.get_variable("words", [20, 8]), words)
            return tf.layers.separable_conv1d(x, 10, 3, padding="same", activation=tf.nn.relu, name="conv")

    one, two = encode(question, None), encode(answer, True)
    scores = tf.einsum("nqd,nad->nqa", one, two)
    across = tf.matmul(tf.nn.softmax(scores, axis=2), two)
    back = tf.matmul(tf.nn.softmax(scores, axis=1), one, transpose_a=True)
    bilinear = tf.get_variable("bilinear", [10, 10])
    left, right = tf.reduce_sum(across, 1), tf.reduce_sum(back, 1)
    score = tf.reduce_sum(tf.matmul(left, bilinear) * right, axis=1)
    return {"score": score, "across": across, "best": tf.argmax(score)}


@inputs(words=("int32", (2, 10), 0, 14), tags=("int32", (2, 10), 0, 3))
def tagger_with_transitions(tf, words, tags):
    """Scores of words and of transitions, and the log-likelihood of the tags by a loop over time."""
    x = tf.nn.embedding_lookup(tf.get_variable("words", [15, 6]), words)
    x = tf.layers.separable_conv1d(x, 8, 3, padding="same", activation=tf.nn.elu, name="context")
    scores = tf.layers.dense(x, 4, name="scores")
    transitions = tf.get_variable("transitions", [4, 4])
    alpha = scores[:, 0]
    for step in range(1, 10):
        alpha = tf.reduce_logsumexp(tf.expand_dims(alpha, 2) + transitions, axis=1) + scores[:, step]
    partition = tf.reduce_logsumexp(alpha, axis=1)
    own = tf.reduce_sum(scores * tf.one_hot(tags, 4), axis=[1, 2])
    moves = tf.gather_nd(transitions, tf.stack([tags[:, :-1], tags[:, 1:]], axis=-1))
    return {"likelihood": own + tf.reduce_sum(moves, 1) - partition, "partition": partition}


@inputs(words=("int32", (2, 12), 0, 29), seen=("int32", (2, 3), 0, 11))
def masked_words(tf, words, seen):
    """Hidden words are guessed from their neighbours, with the embedding as the output's weights."""
    table = tf.get_variable("table", [30, 10])
    hidden = tf.reduce_max(tf.one_hot(seen, 12, dtype=tf.float32), axis=1)
    x = tf.nn.embedding_lookup(table, words) * tf.expand_dims(1.0 - hidden, 2)
    x = x + tf.expand_dims(tf.get_variable("place", [12, 10]), 0)
    for number in range(2):
        y = tf.layers.separable_conv1d(x, 10, 5, padding="same", activation=tf.nn.relu, name=f"mix_{number}")
        x = x + y
    rows = tf.reshape(seen + tf.expand_dims(tf.range(2) * 12, 1), [-1])
    chosen = tf.gather(tf.reshape(x, [-1, 10]), rows)
    logits = tf.nn.bias_add(tf.matmul(chosen, table, transpose_b=True), tf.get_variable("bias", [30]))
    labels = tf.gather(tf.reshape(words, [-1]), rows)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return {"loss": loss, "guess": tf.argmax(logits, axis=-1), "logits": logits}


@inputs(words=("int32", (4, 8), 0, 19), kind=("int32", [0, 1, 1, 2]))
def sentence_triplets(tf, words, kind):
    """Sentences as points on a sphere; pairs of one kind lie nearer than others by a margin."""
    x = tf.nn.embedding_lookup(tf.get_variable("words", [20, 8]), words)
    x = tf.layers.separable_conv1d(x, 12, 3, padding="same", activation=tf.nn.softsign, name="conv")
    x = tf.nn.l2_normalize(tf.reduce_mean(x, 1), -1)
    squares = tf.reduce_sum(tf.square(tf.expand_dims(x, 0) - tf.expand_dims(x, 1)), axis=-1)
    same = tf.equal(tf.expand_dims(kind, 0), tf.expand_dims(kind, 1))
    same = tf.logical_and(same, tf.logical_not(tf.cast(tf.eye(4), tf.bool)))
    near = tf.reduce_max(tf.where(same, squares, tf.zeros_like(squares)), 1)
    far = tf.reduce_min(tf.where(tf.logical_or(same, tf.cast(tf.eye(4), tf.bool)), squares + 10.0, squares), axis=1)
    return {"loss": tf.maximum(near - far + 0.2, 0.0), "squares": squares}


@inputs(tokens=("int32", (2, 16), 0, 9), segments=("int32", [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]))
def pooled_segments(tf, tokens, segments):
    """Features summed by segment, and how many steps each has."""
    x = tf.nn.embedding_lookup(tf.get_variable("tokens", [10, 5]), tokens)
    x = tf.layers.separable_conv1d(x, 6, 3, padding="same", depth_multiplier=2, name="conv")
    by_step = tf.transpose(x, [1, 0, 2])
    sums = tf.segment_sum(by_step, segments)
    counts = tf.segment_sum(tf.ones_like(segments), segments)
    means = sums / tf.reshape(tf.cast(counts, tf.float32), [-1, 1, 1])
    return {"means": tf.transpose(means, (1, 0, 2)), "counts": counts, "shape": tf.shape(means)}


@inputs(words=("int32", (2, 7), 0, 9))
def positions_by_sines(tf, words):
    """Places as sines, a causal mask, and layers that normalise first."""
    length, width = 7, 8
    place = tf.cast(tf.range(length), tf.float32)
    rates = tf.exp(tf.cast(tf.range(0, width, 2), tf.float32) * (-math.log(100.0) / width))
    angles = tf.expand_dims(place, 1) * tf.expand_dims(rates, 0)
    signal = tf.reshape(tf.concat([tf.sin(angles), tf.cos(angles)], axis=1), [1, length, width])
    x = tf.nn.embedding_lookup(tf.get_variable("words", [10, width]), words) + signal
    mask = tf.matrix_band_part(tf.ones([length, length]), -1, 0)
    scores = tf.matmul(x, x, transpose_b=True) - 1e9 * (1.0 - mask)
    x = tf.matmul(tf.nn.softmax(scores), x)
    y = tf.pad(x, [[0, 0], [2, 0], [0, 0]])
    return {"outputs": x + tf.layers.separable_conv1d(y, width, 3, activation=tf.nn.relu, name="ahead"), "mask": mask}
