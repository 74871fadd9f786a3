"""Programs with the losses, updates and collections of training."""

from tests.programs import inputs


@inputs(x=("float32", (4, 20, 3)), kind=("int32", [0, 2, 1, 2]))
def training_classifier(tf, x, kind):
    """Batch normalization by the batch's statistics, with updates, and every loss in a collection."""
    x = tf.layers.separable_conv1d(x, 8, 5, use_bias=False, name="conv")
    x = tf.layers.batch_normalization(x, momentum=0.9, training=True, name="norm")
    logits = tf.layers.dense(tf.reduce_mean(tf.nn.relu(x), 1), 3, name="logits")
    cross = tf.losses.softmax_cross_entropy(tf.one_hot(kind, 3), logits, label_smoothing=0.05)
    hinge = tf.losses.hinge_loss(tf.one_hot(kind, 3), logits, weights=0.5)
    return {"cross": cross, "hinge": hinge, "total": tf.losses.get_total_loss()}


@inputs(x=("float32", (3, 24, 2)), noise=("float32", (3, 4)))
def variational_encoder(tf, x, noise):
    """A mean and a spread, a sample of them, and the divergence from a normal distribution."""
    y = tf.layers.separable_conv1d(x, 6, 5, strides=2, activation=tf.nn.elu, name="encode")
    y = tf.layers.flatten(y)
    mean = tf.layers.dense(y, 4, name="mean")
    log_variance = tf.layers.dense(y, 4, name="log_variance", kernel_initializer=tf.zeros_initializer())
    sample = mean + tf.exp(0.5 * log_variance) * noise
    divergence = -0.5 * tf.reduce_sum(1.0 + log_variance - tf.square(mean) - tf.exp(log_variance), axis=1)
    back = tf.reshape(tf.layers.dense(sample, 48, name="decode"), [3, 24, 2])
    bits = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid(x), logits=back)
    return {"bound": tf.reduce_mean(divergence + tf.reduce_sum(bits, [1, 2])), "sample": sample}


@inputs(x=("float32", (2, 16, 3)), y=("float32", (2, 16, 1)))
def mixture_density(tf, x, y):
    """Weights, means and widths of normal distributions, and the likelihood of what came."""
    features = tf.layers.separable_conv1d(x, 12, 3, padding="same", activation=tf.nn.tanh, name="features")
    weights, means, widths = tf.split(tf.layers.dense(features, 9, name="parameters"), 3, axis=2)
    widths = tf.nn.softplus(widths) + 0.01
    log_density = -0.5 * tf.square((y - means) / widths) - tf.log(widths) - 0.9189385
    likelihood = tf.reduce_logsumexp(tf.nn.log_softmax(weights) + log_density, axis=-1)
    return {"loss": -tf.reduce_mean(likelihood), "widths": widths}


@inputs(x=("float32", (3, 18, 4)), target=("float32", (3, 18, 2)))
def deep_supervision(tf, x, target):
    """A loss at each depth, weighted and added up by the collection."""
    for depth in range(3):
        with tf.variable_scope(f"depth_{depth}"):
            x = tf.layers.separable_conv1d(x, 6, 3, padding="same", activation=tf.nn.relu, name="conv")
            out = tf.layers.dense(x, 2, name="out")
            tf.losses.mean_squared_error(target, out, weights=0.5**depth, scope="loss")
    losses = tf.losses.get_losses()
    return {"losses": tf.stack(losses), "total": tf.losses.get_total_loss(add_regularization_losses=False)}


@inputs(x=("float32", (2, 30, 3)), right=("int32", (2, 30), 0, 1))
def focal_detector(tf, x, right):
    """A focal loss of rare events, by its formula, and what a threshold finds."""
    logits = tf.squeeze(tf.layers.separable_conv1d(x, 1, 7, padding="same", name="score"), axis=-1)
    probability = tf.nn.sigmoid(logits)
    labels = tf.cast(right, tf.float32)
    hit = tf.where(tf.equal(right, 1), probability, 1.0 - probability)
    loss = tf.reduce_mean(-tf.pow(1.0 - hit, 2.0) * tf.log(tf.maximum(hit, 1e-7)))
    found = tf.cast(probability > 0.5, tf.float32)
    precision = tf.div_no_nan(tf.reduce_sum(found * labels), tf.reduce_sum(found))
    sigmoid = tf.losses.sigmoid_cross_entropy(right, logits, reduction="weighted_sum")
    return {"loss": loss, "precision": precision, "sigmoid": sigmoid}


@inputs(x=("float32", (2, 12, 5)), teacher=("float32", (2, 12, 4)))
def distillation(tf, x, teacher):
    """A student's soft answers against a teacher's, at a temperature, and a constrained weight."""
    x = tf.layers.separable_conv1d(
        x, 8, 3, padding="same", activation="relu", name="student", depthwise_constraint=lambda w: tf.maximum(w, 0.0)
    )
    logits = tf.layers.dense(x, 4, name="logits", use_bias=False)
    soft = tf.nn.softmax(teacher / 2.0)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(soft), logits=logits / 2.0) * 4.0
    return {
        "loss": tf.reduce_mean(loss),
        "by_step": loss,
        "agreement": tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(logits, -1), tf.argmax(teacher, -1)))),
    }


@inputs(one=("float32", (3, 20, 2)), two=("float32", (3, 20, 2)), same=("float32", [[1], [0], [1]]))
def siamese(tf, one, two, same):
    """Two series by one network, and a contrastive loss."""

    def embed(x):
        with tf.variable_scope("embed", reuse=tf.AUTO_REUSE):
            x = tf.layers.separable_conv1d(x, 6, 5, activation=tf.nn.relu, name="conv")
            return tf.layers.dense(tf.reduce_max(x, 1), 4, name="point")

    distance = tf.norm(embed(one) - embed(two) + 1e-6, axis=1, keepdims=True)
    loss = same * tf.square(distance) + (1.0 - same) * tf.square(tf.maximum(1.0 - distance, 0.0))
    return {"distance": distance, "loss": tf.losses.compute_weighted_loss(loss)}
