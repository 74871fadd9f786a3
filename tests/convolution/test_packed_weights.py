"""A layer keeps its weights packed between calls, and never uses old ones."""

import copy
import pickle

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import ops


@pytest.fixture
def inputs():
    return np.random.default_rng(1).standard_normal((2, 30, 5)).astype(np.float32)


@pytest.fixture
def layer(inputs):
    layer = tf.layers.SeparableConv1D(7, 3)
    layer(inputs)
    return layer


def expected(layer, inputs):
    return ops.separable_conv1d(inputs, *(np.array(weight) for weight in layer.weights))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_assignment_is_seen(layer, inputs, which):
    before = layer(inputs)
    weight = layer.weights[which]
    weight.assign(np.random.default_rng(2).standard_normal(weight.shape))
    np.testing.assert_array_equal(layer(inputs), expected(layer, inputs))
    assert not np.array_equal(layer(inputs), before)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_writing_through_numpy_is_seen_while_the_array_is_held_and_after(layer, inputs, which):
    handle = layer.weights[which].numpy()
    view = handle[..., ::2]
    for value in (2.0, 3.0):
        view[...] = value
        np.testing.assert_array_equal(layer(inputs), expected(layer, inputs))
    view[...] = 4.0
    del handle, view
    np.testing.assert_array_equal(layer(inputs), expected(layer, inputs))


def test_writing_through_a_view_of_array_is_seen(layer, inputs):
    view = np.array(layer.bias, copy=False)
    view[...] = 5.0
    np.testing.assert_array_equal(layer(inputs), expected(layer, inputs))


def test_versions_rest_while_nobody_holds_the_array(layer):
    bias = layer.bias
    bias.numpy()
    bias.version  # noqa: B018, the look after which nothing is known to be held
    assert bias.version == bias.version
    held = bias.numpy()
    assert bias.version != bias.version
    del held


def test_replacing_a_variable_is_seen(layer, inputs):
    layer(inputs)
    layer.bias = tf.Variable(np.arange(7, dtype=np.float32), name="other")
    weights = [np.array(weight) for weight in (layer.depthwise_kernel, layer.pointwise_kernel, layer.bias)]
    np.testing.assert_array_equal(layer(inputs), ops.separable_conv1d(inputs, *weights))


def test_changing_a_setting_is_seen(layer, inputs):
    layer(inputs)
    layer.padding = "same"
    assert layer(inputs).shape == (2, 30, 7)
    layer.activation = tf.nn.relu
    assert (layer(inputs) >= 0).all()


def test_shapes_types_and_layouts_of_inputs_may_change_from_call_to_call(layer, inputs):
    for given in (inputs, inputs[:1], inputs[:, ::2], inputs[::-1], np.asfortranarray(inputs)):
        np.testing.assert_array_equal(layer(given), expected(layer, given))


def test_copies_have_weights_of_their_own(layer, inputs):
    copied = copy.deepcopy(layer)
    thawed = pickle.loads(pickle.dumps(layer))
    before = layer(inputs)
    layer.bias.assign(np.full(7, 9.0))
    np.testing.assert_array_equal(copied(inputs), before)
    np.testing.assert_array_equal(thawed(inputs), before)
    assert not np.array_equal(layer(inputs), before)


def test_a_shallow_copy_with_another_variable_leaves_the_original_its_own(layer, inputs):
    """The two share what is packed, and each call must find its own variables there."""
    wanted = layer(inputs)
    other = copy.copy(layer)
    other.bias = tf.Variable(np.full(layer.bias.shape, 100, np.float32))
    np.testing.assert_array_equal(layer(inputs), wanted)
    assert np.abs(other(inputs) - wanted).min() > 50
    np.testing.assert_array_equal(layer(inputs), wanted)
