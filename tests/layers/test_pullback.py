"""``value_and_pullback`` of both faces: gradients of the layer's outputs and losses, by central differences."""

import numpy as np
import pytest

import nb_sepconv
import nb_sepconv as tf
from nb_sepconv import keras, ops
from nb_sepconv.convolution import host_gradients

STEP = 1e-6


def tf1_layer(**keywords):
    return tf.layers.SeparableConv1D(5, 3, **keywords)


def keras_layer(**keywords):
    return keras.layers.SeparableConv1D(5, 3, dtype="float64", **keywords)


LAYERS = pytest.mark.parametrize("new_layer", [tf1_layer, keras_layer])
CONFIGURATIONS = [
    {},
    {"activation": "tanh", "padding": "same", "strides": 2},
    {"activation": "swish", "data_format": "channels_first"},
    {"activation": "gelu", "depth_multiplier": 2, "use_bias": False},
    {"activation": "softmax", "dilation_rate": 2, "padding": "causal"},
]
REGULARIZED = {
    "activation": "elu",
    "depthwise_regularizer": tf.keras.regularizers.L1(0.3),
    "pointwise_regularizer": "l2",
    "bias_regularizer": tf.keras.regularizers.L1L2(0.1, 0.2),
    "activity_regularizer": tf.keras.regularizers.L2(0.7),
}


def loss_of(layer, x, d_outputs, regularization):
    """What the gradients are those of; the activity's penalty is the last call's."""
    outputs = layer(x)
    penalties = [layer.activity_regularizer(outputs) / len(x)] if layer.activity_regularizer else []
    regularized = ((layer.depthwise_regularizer, layer.depthwise_kernel),)
    regularized += (layer.pointwise_regularizer, layer.pointwise_kernel), (layer.bias_regularizer, layer.bias)
    penalties += [regularizer(weight) for regularizer, weight in regularized if regularizer]
    return np.sum(outputs * d_outputs) + (sum(penalties) if regularization else 0)


def assert_gradients(layer, x, regularization):
    rng = np.random.default_rng(1)
    layer(x)
    for variable in layer.trainable_variables:
        variable.assign(rng.standard_normal(variable.shape))
    outputs, pullback = layer.value_and_pullback(x)
    np.testing.assert_array_equal(outputs, layer(x))
    d_outputs = rng.standard_normal(outputs.shape)
    d_inputs, gradients = pullback(d_outputs, regularization=regularization)
    move = rng.standard_normal(x.shape) * STEP
    above, below = (loss_of(layer, x + sign * move, d_outputs, regularization) for sign in (1, -1))
    assert (above - below) / 2 == pytest.approx(np.sum(d_inputs * move), rel=1e-6, abs=1e-13)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        start, move = variable.value(), rng.standard_normal(variable.shape) * STEP
        ends = []
        for sign in (1, -1):
            variable.assign(start + sign * move)
            ends.append(loss_of(layer, x, d_outputs, regularization))
        variable.assign(start)
        assert gradient.shape == variable.shape
        assert gradient.dtype == variable.dtype
        assert (ends[0] - ends[1]) / 2 == pytest.approx(np.sum(gradient * move), rel=1e-6, abs=1e-13)


@LAYERS
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
def test_gradients_of_the_outputs(new_layer, configuration):
    assert_gradients(new_layer(**configuration), np.random.default_rng(2).standard_normal((2, 9, 4)), False)


@LAYERS
@pytest.mark.parametrize("regularization", [False, True])
def test_regularization_when_asked(new_layer, regularization):
    assert_gradients(new_layer(**REGULARIZED), np.random.default_rng(3).standard_normal((3, 9, 4)), regularization)


def test_a_shared_variable_is_regularized_by_the_layer_that_made_it():
    x = np.random.default_rng(4).standard_normal((2, 9, 4))
    first, second = (
        tf.layers.SeparableConv1D(5, 3, depthwise_regularizer="l2", _scope="one", _reuse=tf.AUTO_REUSE)
        for _ in range(2)
    )
    first(x), second(x)
    assert first.depthwise_kernel is second.depthwise_kernel
    for layer, penalized in ((first, True), (second, False)):
        outputs, pullback = layer.value_and_pullback(x)
        plain, regularized = (pullback(np.ones_like(outputs), regularization=asked)[1][0] for asked in (False, True))
        assert len(layer.losses) == penalized
        assert (plain != regularized).any() == penalized


@LAYERS
def test_the_weights_may_change_before_the_pullback(new_layer):
    x = np.random.default_rng(5).standard_normal((2, 9, 4))
    layer = new_layer(activation="sigmoid", pointwise_regularizer="l2")
    outputs, pullback = layer.value_and_pullback(x)
    before = pullback(np.ones_like(outputs), regularization=True)
    for variable in layer.trainable_variables:
        variable.assign(variable.value() + 1)
    after = pullback(np.ones_like(outputs), regularization=True)
    np.testing.assert_array_equal(before[0], after[0])
    for one, other in zip(before[1], after[1], strict=True):
        np.testing.assert_array_equal(one, other)


@LAYERS
def test_pullbacks_follow_the_layer(new_layer):
    """What calls have in common is kept; all that may change between them is looked at again."""
    x = np.random.default_rng(10).standard_normal((2, 9, 4))
    layer = new_layer()
    outputs, pullback = layer.value_and_pullback(x)
    first, by_hand = pullback(outputs), layer.pointwise_kernel.numpy()
    by_hand *= 2
    doubled, _ = layer.value_and_pullback(x)[1](outputs)
    np.testing.assert_array_equal(doubled, 2 * first[0])
    np.testing.assert_array_equal(pullback(outputs)[0], first[0])
    with nb_sepconv.precision("bf16x3"):
        layer.value_and_pullback(x)[1](outputs)
    layer.activation = np.tanh
    with pytest.raises(TypeError, match="`activation` must be None"):
        layer.value_and_pullback(x)[1](outputs)
    layer.activation = tf.nn.relu
    outputs, pullback = layer.value_and_pullback(x)
    weights = [weight.value() for weight in layer.weights]
    wanted = ops.separable_conv1d_gradients(outputs, x, *weights, activation="relu")
    np.testing.assert_array_equal(pullback(outputs)[0], wanted[0])
    for part, length in ((x[:1], 9), (x[:, ::2], 5), (x[:, :6], 6)):
        outputs, pullback = layer.value_and_pullback(part)
        d_inputs, gradients = pullback(outputs[:, ::-1])
        wanted = ops.separable_conv1d_gradients(outputs[:, ::-1], part, *weights, activation="relu")
        assert d_inputs.shape == (len(part), length, 4)
        for one, other in zip((d_inputs, *gradients), wanted, strict=True):
            np.testing.assert_array_equal(one, other)
    layer.trainable = False
    assert layer.value_and_pullback(x)[1](layer(x))[1] == []
    layer.trainable = True
    assert len(layer.value_and_pullback(x)[1](layer(x))[1]) == 3


def test_a_weight_that_is_added_to_a_built_layer_is_trained():
    layer = tf.layers.SeparableConv1D(5, 3)
    outputs, pullback = layer.value_and_pullback(np.ones((2, 9, 4), np.float32))
    assert len(pullback(outputs)[1]) == 3
    tf.get_variable("separable_conv1d/gain", [2])
    layer.add_weight("gain", (2,))
    assert len(layer.value_and_pullback(np.ones((2, 9, 4), np.float32))[1](outputs)[1]) == 4


def test_a_keras_variable_that_is_frozen_by_itself_is_not_trained():
    layer = keras.layers.SeparableConv1D(5, 3)
    outputs, pullback = layer.value_and_pullback(np.ones((2, 9, 4), np.float32))
    assert len(pullback(outputs)[1]) == 3
    layer.bias.trainable = False
    assert len(layer.value_and_pullback(np.ones((2, 9, 4), np.float32))[1](outputs)[1]) == 2


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_gradients_are_those_of_the_variables_that_are_trained(frozen):
    x = np.random.default_rng(11).standard_normal((2, 9, 4))
    layer = keras_layer()
    outputs, pullback = layer.value_and_pullback(x)
    wanted = pullback(outputs)[1]
    layer.trainable_variables[frozen].trainable = False
    found = layer.value_and_pullback(x)[1](outputs)[1]
    del wanted[frozen]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@LAYERS
def test_a_layer_that_is_not_trained_has_gradients_of_its_inputs_alone(new_layer):
    x = np.random.default_rng(6).standard_normal((2, 9, 4))
    layer = new_layer(trainable=False)
    outputs, pullback = layer.value_and_pullback(x)
    d_inputs, gradients = pullback(np.ones_like(outputs))
    weights = [weight.value() for weight in layer.weights]
    np.testing.assert_array_equal(d_inputs, ops.separable_conv1d_gradients(np.ones_like(outputs), x, *weights)[0])
    assert gradients == []


@LAYERS
def test_the_gradient_of_the_inputs_can_be_left_out(new_layer, monkeypatch):
    x = np.random.default_rng(9).standard_normal((2, 9, 4))
    layer = new_layer(**REGULARIZED)
    outputs, pullback = layer.value_and_pullback(x)
    _, wanted = pullback(outputs, regularization=True)
    asked = []
    compute = host_gradients.PlannedGradients.__call__
    monkeypatch.setattr(
        host_gradients.PlannedGradients, "__call__", lambda *given: asked.append(given[5]) or compute(*given)
    )
    d_inputs, gradients = pullback(outputs, regularization=True, inputs=False)
    assert asked == [("depthwise_kernel", "pointwise_kernel", "bias")]
    assert d_inputs is None
    for gradient, expected in zip(gradients, wanted, strict=True):
        np.testing.assert_array_equal(gradient, expected)


def test_gradients_have_the_types_of_their_variables():
    layer = keras.layers.SeparableConv1D(5, 3, dtype="mixed_float16")
    outputs, pullback = layer.value_and_pullback(np.random.default_rng(7).standard_normal((2, 9, 4)))
    d_inputs, gradients = pullback(np.ones_like(outputs))
    assert outputs.dtype == d_inputs.dtype == np.float16
    assert [gradient.dtype for gradient in gradients] == [np.float32] * 3


def test_a_variable_that_the_layer_does_not_use_has_no_influence():
    class WithGain(tf.layers.SeparableConv1D):
        def build(self, input_shape):
            self.add_weight("gain", (2,), regularizer=tf.keras.regularizers.L2(0.5), initializer=tf.ones_initializer())
            super().build(input_shape)

    x = np.random.default_rng(8).standard_normal((2, 9, 4)).astype(np.float32)
    outputs, pullback = WithGain(5, 3).value_and_pullback(x)
    assert pullback(np.ones_like(outputs))[1][0].tolist() == [0, 0]
    assert pullback(np.ones_like(outputs), regularization=True)[1][0].tolist() == [1, 1]


@LAYERS
def test_an_empty_batch(new_layer):
    layer = new_layer(**REGULARIZED)
    x = np.zeros((0, 9, 4))
    outputs, pullback = layer.value_and_pullback(x)
    d_inputs, gradients = pullback(outputs)
    assert d_inputs.shape == x.shape
    assert not any(gradient.any() for gradient in gradients)


def test_refusals():
    x = np.zeros((2, 9, 4))
    outputs, pullback = tf.layers.SeparableConv1D(5, 3, activation=np.tanh).value_and_pullback(x)
    with pytest.raises(TypeError, match=r"`activation` must be None, a name.*Received: <ufunc 'tanh'>"):
        pullback(outputs)
    outputs, pullback = tf.layers.SeparableConv1D(5, 3, bias_regularizer=np.sum).value_and_pullback(x)
    assert pullback(outputs)[1][2].shape == (5,)
    with pytest.raises(TypeError, match=r"`regularizer` must be.*a method `gradient`"):
        pullback(outputs, regularization=True)
    for regularizer in (None, "l2"):
        outputs, pullback = tf.layers.SeparableConv1D(5, 3, activity_regularizer=regularizer).value_and_pullback(x)
        with pytest.raises(ValueError, match=r"`d_outputs` must have the shape.*\(2, 7, 5\)"):
            pullback(outputs[1:], regularization=True)

    class Scaled(tf.layers.SeparableConv1D):
        def call(self, inputs):
            return 2 * super().call(inputs)

    with pytest.raises(TypeError, match=r"library's own `call`.*Received: a Scaled"):
        Scaled(5, 3).value_and_pullback(x)
