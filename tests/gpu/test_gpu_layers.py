"""Layers whose inputs lie on a GPU: their variables follow them there, and notice what is assigned."""

import copy
import pickle

import numpy as np
import pytest
import reference
from device_data import random, to_gpu, to_host

import nb_sepconv as tf
from nb_sepconv.kernels import engines


@pytest.fixture
def uploads(monkeypatch):
    """Counts the host's arrays that are copied to the GPU."""
    engine, seen = engines.gpu_engine(), []
    upload = engine.upload
    monkeypatch.setattr(engine, "upload", lambda array, stream: seen.append(array.shape) or upload(array, stream))
    return seen


def layer_and_inputs(seed=0, **keywords):
    layer = tf.layers.SeparableConv1D(5, 3, padding="same", **keywords)
    (x,) = random(np.random.default_rng(seed), (2, 6, 4))
    return layer, x, to_gpu(x)


def assert_convolved(got, layer, x):
    wanted = reference.separable_conv1d(x, layer.depthwise_kernel, layer.pointwise_kernel, layer.bias, padding="same")
    np.testing.assert_allclose(to_host(got), wanted, rtol=1e-5, atol=1e-6)


def test_layer_convolves_where_its_inputs_are(uploads):
    layer, x, on_gpu = layer_and_inputs()
    uploads.clear()
    y = layer(on_gpu)
    assert type(y) is type(on_gpu)
    assert_convolved(y, layer, x)
    assert len(uploads) == 3
    assert_convolved(layer(on_gpu), layer, x)
    assert len(uploads) == 3  # the variables stay


def test_layer_notices_what_is_assigned(uploads):
    layer, x, on_gpu = layer_and_inputs()
    uploads.clear()
    layer(on_gpu)
    layer.bias.assign(np.arange(5.0))
    assert_convolved(layer(on_gpu), layer, x)
    layer.pointwise_kernel.numpy()[...] *= 2
    assert_convolved(layer(on_gpu), layer, x)
    assert len(uploads) == 9


def test_layer_function_in_a_scope():
    x, _ = random(np.random.default_rng(1), (2, 6, 4), (1,))
    with tf.variable_scope("a"):
        y = tf.layers.separable_conv1d(to_gpu(x), 3, 2, activation=tf.nn.relu, name="sep")
    depthwise, pointwise, bias = tf.trainable_variables()
    assert bias.name == "a/sep/bias:0"
    wanted = np.maximum(reference.separable_conv1d(x, depthwise, pointwise, bias), 0)
    np.testing.assert_allclose(to_host(y), wanted, rtol=1e-5, atol=1e-6)


def test_keras_layer():
    (x,) = random(np.random.default_rng(2), (2, 6, 4))
    layer = tf.keras.layers.SeparableConv1D(3, 2)
    wanted = reference.separable_conv1d(x, *layer_weights(layer, x))
    np.testing.assert_allclose(to_host(layer(to_gpu(x))), wanted, rtol=1e-5, atol=1e-6)


def layer_weights(layer, x):
    layer.build(x.shape)
    return layer.get_weights()


def test_keras_layer_of_another_type_refuses_what_it_cannot_convert():
    layer = tf.keras.layers.SeparableConv1D(3, 2, dtype="float64")
    with pytest.raises(TypeError, match="`inputs` must have the type float64 of the weights"):
        layer(to_gpu(np.zeros((2, 6, 4), np.float32)))


def test_pullback():
    layer, x, on_gpu = layer_and_inputs(3, activation="tanh", depthwise_regularizer=tf.keras.regularizers.L2(0.1))
    y, pullback = layer.value_and_pullback(on_gpu)
    (g,) = random(np.random.default_rng(4), tuple(y.shape))
    d_x, gradients = pullback(to_gpu(g), regularization=True)
    weights = layer.get_weights()
    slope = 1 - np.tanh(reference.separable_conv1d(x, *weights, padding="same")) ** 2
    wanted_d_x, *wanted = reference.separable_conv1d_gradients(g * slope, x, *weights, padding="same")
    wanted[0] = wanted[0] + 0.2 * weights[0]
    assert type(d_x) is type(on_gpu)
    np.testing.assert_allclose(to_host(d_x), wanted_d_x, rtol=1e-4, atol=1e-5)
    for one, other in zip(gradients, wanted, strict=True):
        assert type(one) is np.ndarray
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_activity_regularizer_is_refused():
    layer, _, on_gpu = layer_and_inputs(5, activity_regularizer=tf.keras.regularizers.L2(0.1))
    with pytest.raises(TypeError, match="`activity_regularizer` is computed on the host alone"):
        layer(on_gpu)


def test_copies_and_pickles_of_a_layer_that_was_on_the_gpu():
    layer, x, on_gpu = layer_and_inputs(6)
    layer(on_gpu)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert_convolved(other(on_gpu), layer, x)
