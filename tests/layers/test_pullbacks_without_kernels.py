"""Gradients of batch normalization, dropout, flattening and pooling: by central differences, and TensorFlow's."""

import numpy as np
import pytest

import nb_sepconv as tf

X = np.random.default_rng(1).standard_normal((3, 9, 4))
FIRST = {"data_format": "channels_first"}


def built(layer, x, **keywords):
    random = np.random.default_rng(2)
    layer(x, **keywords)
    for weight in layer.weights:
        weight.assign(random.uniform(0.5, 2, weight.shape))
    return layer


def loss_of(layer, x, d_outputs, keywords):
    outputs = layer(x, **keywords)
    penalty = layer.activity_regularizer(outputs) / len(x) if layer.activity_regularizer else 0
    return np.sum(outputs * d_outputs) + penalty


def assert_gradients(layer, x, step=1e-6, **keywords):
    built(layer, x, **keywords)
    random = np.random.default_rng(3)
    outputs, pullback = layer.value_and_pullback(x, **keywords)
    np.testing.assert_array_equal(outputs, layer(x, **keywords))
    d_outputs = random.standard_normal(outputs.shape)
    d_inputs, gradients = pullback(d_outputs, regularization=True)
    assert (d_inputs.shape, d_inputs.dtype) == (x.shape, x.dtype)
    move = random.standard_normal(x.shape) * step
    ends = [loss_of(layer, x + sign * move, d_outputs, keywords) for sign in (1, -1)]
    assert (ends[0] - ends[1]) / 2 == pytest.approx(np.sum(d_inputs * move), rel=1e-6, abs=1e-12)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        start, move = variable.value(), random.standard_normal(variable.shape) * step
        ends = []
        for sign in (1, -1):
            variable.assign(start + sign * move)
            ends.append(loss_of(layer, x, d_outputs, keywords))
        variable.assign(start)
        assert gradient.shape == variable.shape
        assert (ends[0] - ends[1]) / 2 == pytest.approx(np.sum(gradient * move), rel=1e-6, abs=1e-12)
    nothing, without_inputs = pullback(d_outputs, regularization=True, inputs=False)
    assert nothing is None
    for one, other in zip(without_inputs, gradients, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("axis", [-1, 1, [1, 2]])
def test_batch_normalization(axis, training):
    for keywords in ({}, {"center": False}, {"scale": False}, {"activity_regularizer": tf.keras.regularizers.L2(0.3)}):
        assert_gradients(tf.layers.BatchNormalization(axis, **keywords), X, training=training)
    assert_gradients(tf.layers.BatchNormalization(-1), X[:, 0], training=training)


def test_batch_normalization_of_images_has_the_least_epsilon_of_the_fused_kernel():
    layer = built(tf.layers.BatchNormalization(epsilon=0.0), np.ones((2, 3, 3, 1), np.float32))
    layer.moving_variance.assign([0.0])
    layer.gamma.assign([1.0])
    outputs, pullback = layer.value_and_pullback(np.ones((2, 3, 3, 1), np.float32))
    np.testing.assert_allclose(pullback(np.ones_like(outputs))[0], 1 / np.sqrt(1.001e-5), rtol=1e-6)


def test_batch_normalization_as_tensorflow():
    """Recorded from TensorFlow 2.21's tape: random inputs of ``RandomState(0)``, epsilon 0.01."""
    random = np.random.RandomState(0)
    x, d_outputs = (random.standard_normal((2, 4, 3)).astype(np.float32) for _ in range(2))
    layer = tf.layers.BatchNormalization(epsilon=0.01)
    layer(x)
    layer.gamma.assign([0.5, 2, -1])
    layer.beta.assign([1, 2, 3])
    outputs, pullback = layer.value_and_pullback(x, training=True)
    d_x, (d_gamma, d_beta) = pullback(d_outputs)
    assert np.asarray(outputs).shape == x.shape
    wanted = [[1.11966, -3.85103, -0.15494], [-1.08697, 4.82466, -1.30693], [0.1876, -0.05197, 0.67131]]
    np.testing.assert_allclose(d_x[0, :3], wanted, atol=2e-5)
    np.testing.assert_allclose(d_x[1, 3], [-0.01987, -2.88235, -0.72564], atol=2e-5)
    np.testing.assert_allclose(d_gamma, [5.69656, -2.94172, -0.33134], atol=2e-5)
    np.testing.assert_allclose(d_beta, [-0.95963, 0.96047, -0.75583], atol=2e-5)


def test_training_leaves_its_updates():
    tf.get_collection_ref(tf.GraphKeys.UPDATE_OPS).clear()
    layer = tf.layers.BatchNormalization(momentum=0.5)
    layer.value_and_pullback(X, training=True)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == len(layer.updates) == 2
    updates[0]()
    np.testing.assert_allclose(layer.moving_mean.value(), X.mean((0, 1)) / 2)


@pytest.mark.parametrize("kind", [tf.layers.MaxPooling1D, tf.layers.AveragePooling1D])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling(kind, padding):
    for size, strides in ((1, 1), (2, 2), (3, 1), (3, 2), (2, 3), (9, 1)):
        assert_gradients(kind(size, strides, padding), X)
        assert_gradients(kind(size, strides, padding, **FIRST), X.swapaxes(1, 2))


@pytest.mark.parametrize(
    ("size", "strides", "padding", "wanted"),
    [
        (2, 2, "valid", [[0, 2], [1, 0], [3, 4], [0, 0], [0, 0], [5, 6], [0, 0]]),
        (3, 1, "same", [[0, 6], [9, 6], [7, 8], [0, 0], [0, 0], [33, 36], [0, 0]]),
        (3, 2, "same", [[0, 2], [4, 4], [0, 0], [0, 0], [0, 0], [12, 14], [0, 0]]),
        (2, 1, "valid", [[0, 2], [4, 4], [5, 6], [7, 8], [0, 0], [20, 22], [0, 0]]),
    ],
)
def test_the_first_of_equal_steps_gets_the_gradient_as_in_tensorflow(size, strides, padding, wanted):
    """Recorded from TensorFlow 2.21's tape."""
    x = np.float32([[[1, 5], [3, 5], [3, 2], [0, 2], [0, 2], [3, 7], [3, 7]]])
    outputs, pullback = tf.layers.MaxPooling1D(size, strides, padding).value_and_pullback(x)
    d_outputs = np.arange(1, outputs.size + 1, dtype=np.float32).reshape(outputs.shape)
    d_x, gradients = pullback(d_outputs)
    assert (d_x[0].tolist(), gradients) == (wanted, [])


@pytest.mark.parametrize("value", [-np.inf, np.nan])
def test_padding_never_gets_a_gradient(value):
    outputs, pullback = tf.layers.MaxPooling1D(3, 1, "same").value_and_pullback(np.full((1, 2, 1), value, np.float32))
    assert pullback(np.float32([[[1], [2]]]))[0].tolist() == [[[3], [0]]]
    assert outputs.shape == (1, 2, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gradients_have_the_type_of_the_inputs(dtype):
    x = X.astype(dtype)
    for layer in (
        tf.layers.BatchNormalization(),
        tf.layers.Dropout(),
        tf.layers.Flatten(),
        tf.layers.MaxPooling1D(2, 2),
        tf.layers.AveragePooling1D(2, 2),
    ):
        outputs, pullback = layer.value_and_pullback(x)
        d_x, gradients = pullback(np.ones_like(outputs))
        assert d_x.dtype == x.dtype
        assert [each.dtype for each in gradients] == [each.dtype for each in layer.trainable_variables]


@pytest.mark.parametrize("noise_shape", [None, [3, 1, 4]])
@pytest.mark.parametrize("rate", [0.0, 0.4, 1.0])
def test_dropout(rate, noise_shape):
    layer = tf.layers.Dropout(rate, noise_shape, seed=5)
    outputs, pullback = layer.value_and_pullback(np.ones_like(X), training=True)
    np.testing.assert_array_equal(outputs, layer(np.ones_like(X), training=True))
    d_x, gradients = pullback(X)
    np.testing.assert_array_equal(d_x, np.where(outputs != 0, X * outputs, 0))
    assert gradients == []
    still, pullback = layer.value_and_pullback(X)
    np.testing.assert_array_equal(still, X)
    np.testing.assert_array_equal(pullback(X)[0], X)


def test_dropout_without_a_seed_drops_the_gradient_where_it_dropped_the_outputs():
    layer = tf.layers.Dropout(0.5)
    for _ in range(3):
        outputs, pullback = layer.value_and_pullback(np.ones_like(X), training=True)
        np.testing.assert_array_equal(pullback(np.ones_like(X))[0], outputs)


def test_flatten():
    assert_gradients(tf.layers.Flatten(), X)
    assert_gradients(tf.layers.Flatten(**FIRST), X)


@pytest.mark.parametrize("kind", [tf.layers.BatchNormalization, tf.layers.Dropout, tf.layers.Flatten])
def test_a_class_with_its_own_call_is_refused(kind):
    own = type("Own", (kind,), {"call": lambda self, inputs, training=False: inputs})
    with pytest.raises(TypeError, match=r"`value_and_pullback` knows the gradient .* Received: a Own"):
        own().value_and_pullback(X)


def test_gradients_of_another_shape_are_refused():
    _, pullback = tf.layers.Flatten().value_and_pullback(X)
    with pytest.raises(ValueError, match=r"`d_outputs`.*Received"):
        pullback(np.ones((3, 4)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [tf.layers.MaxPooling1D, tf.layers.AveragePooling1D])
def test_a_pooling_layer_that_was_built_takes_the_type_of_its_first_inputs(kind, dtype):
    layer = kind(3, 3)
    layer.build((None, 9, 4))
    assert layer(X.astype(dtype)).dtype == dtype
    assert layer.dtype == dtype
    with pytest.raises(TypeError, match=f"must have the type {dtype}"):
        layer(X.astype("float16"))


def test_the_pullbacks_of_a_product_plan_their_gradients_once():
    layer = tf.layers.Conv1D(5, 3, padding="same", activation="relu")
    for _ in range(3):
        outputs, pullback = layer.value_and_pullback(X)
        pullback(np.ones_like(outputs))
    (planned,) = layer._pullbacks._gradients.values()
    assert len(planned._planned._calls) == 1
