"""Classes of the user's own on top of the Keras layers, and activations' derivatives."""

import json

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import keras
from nb_sepconv.keras import activation_gradients
from nb_sepconv.tensors import keras_json

X = np.random.default_rng(3).standard_normal((2, 9, 3)).astype(np.float32)
SeparableConv1D = keras.layers.SeparableConv1D


class Gated(SeparableConv1D):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.scale = self.add_weight(shape=(), initializer="ones", trainable=False, name="scale")

    def build(self, input_shape):
        super().build(input_shape)
        self.gate = self.add_weight(name="gate", shape=(self.filters,), initializer="ones")
        self.built = True

    def call(self, inputs, offset=0, training=None):
        return super().call(inputs) * self.gate * self.scale + offset + (10 if training else 0)


def test_a_subclass_builds_once_with_all_its_weights():
    """`self.built = True` was an AttributeError, and weights of `__init__` were lost."""
    layer = Gated(4, 3)
    y = layer(X)
    np.testing.assert_array_equal(layer(X), y)
    assert [w.name for w in layer.weights] == ["depthwise_kernel", "pointwise_kernel", "bias", "gate", "scale"]
    assert [w.name for w in layer.non_trainable_weights] == ["scale"]
    np.testing.assert_allclose(layer(X, offset=2.0, training=True), y + 12, rtol=1e-5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'offest'"):
        layer(X, offest=1)


def test_thawing_leaves_what_was_never_trained():
    layer = Gated(4, 3)
    layer(X)
    for value in (False, True):
        layer.trainable = value
    assert [w.name for w in layer.trainable_weights] == ["depthwise_kernel", "pointwise_kernel", "bias", "gate"]


def test_a_build_that_fails_leaves_the_weights_of_init():
    class Failing(Gated):
        def build(self, input_shape):
            super().build(input_shape)
            raise KeyError("no")

    layer = Failing(4, 3)
    with pytest.raises(KeyError):
        layer(X)
    assert ([w.name for w in layer.weights], layer.built) == (["scale"], False)


def test_a_second_build_is_refused():
    layer = SeparableConv1D(4, 3)
    layer.build((None, 9, 3))
    with pytest.raises(ValueError, match=r"separable_conv1d is already built.*Received: a second `build`"):
        layer.build((None, 9, 3))


def test_layers_inside_of_a_layer_belong_to_it():
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.convolutions = [SeparableConv1D(4, 3, activity_regularizer="l2"), SeparableConv1D(2, 3)]

        def call(self, inputs):
            for layer in self.convolutions:
                inputs = layer(inputs)
            return inputs

    block = Block()
    assert block(X).shape == (2, 5, 2)
    assert (len(block.weights), len(block.losses)) == (6, 1)
    block.trainable = False
    assert block.convolutions[0].trainable_weights == block.trainable_weights == []


def test_names_in_the_place_of_shapes_are_refused():
    with pytest.raises(ValueError, match=r"`name` must be passed by its name: .*Received: 'w'"):
        keras.layers.Layer().add_weight("w", (2,))


def test_a_policy_may_be_set_by_name():
    layer = SeparableConv1D(4, 3)
    layer.dtype_policy = "mixed_float16"
    assert (layer(X).dtype, layer.depthwise_kernel.dtype) == (np.float16, np.float32)
    assert SeparableConv1D(4, 3, dtype=float).dtype == "float32"


def test_a_class_of_tf1s_layer_may_take_arguments():
    class Twice(tf.layers.SeparableConv1D):
        def call(self, inputs, times, training=None):
            return super().call(inputs) * (times if training else 1)

    layer = Twice(4, 3)
    y = layer(X, 2)
    np.testing.assert_array_equal(layer(X, 3, training=True), 3 * y)
    with pytest.raises(TypeError, match="gain"):
        tf.layers.SeparableConv1D(4, 3)(X, gain=2)


@pytest.mark.parametrize("name", sorted(activation_gradients.RULES))
def test_derivatives_of_keras_activations(name):
    """Layers with these activations had no gradients."""
    function = keras.activations.get(name)
    x = np.random.default_rng(4).uniform(-4, 4, (3, 7, 6))
    d = np.random.default_rng(5).standard_normal(function(x).shape)
    direction, step = np.random.default_rng(6).standard_normal(x.shape), 1e-6
    slope = np.sum(d * (function(x + step * direction) - function(x - step * direction))) / (2 * step)
    from nb_sepconv.activations.pullbacks import pullback

    assert np.sum(pullback(function, x, d) * direction) == pytest.approx(slope, rel=1e-4, abs=1e-6)
    layer = SeparableConv1D(4, 3, activation=name)
    y, pull_back = layer.value_and_pullback(X)
    d_x, gradients = pull_back(np.ones_like(y))
    assert d_x.shape == X.shape
    assert [g.shape for g in gradients] == [w.shape for w in layer.weights]
    assert all(np.isfinite(g).all() for g in (d_x, *gradients))


def test_hard_sigmoid_of_a_configuration_of_tf_keras_is_tf_keras():
    config = {"filters": 4, "kernel_size": [3], "activation": "hard_sigmoid", "dtype": "float32", "groups": 1}
    layer = SeparableConv1D.from_config(config)
    again = SeparableConv1D.from_config(json.loads(json.dumps(layer.get_config())))
    ones = np.ones(1, np.float32)
    for each in (layer, again):
        assert each.activation(ones).tolist() == pytest.approx([0.7])
    keras_3 = SeparableConv1D(4, 3, activation="hard_sigmoid")
    assert SeparableConv1D.from_config(keras_3.get_config()).activation(ones).tolist() == pytest.approx([4 / 6])


def test_keras_json_is_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"floatx": "float64", "image_data_format": "channels_first"}')
    keras_json._read.cache_clear()
    layer = SeparableConv1D(4, 3)
    assert (layer.dtype, layer.data_format) == ("float64", "channels_first")
    assert tf.layers.SeparableConv1D(4, 3).data_format == "channels_last"
    (tmp_path / "keras.json").write_text('{"floatx": "float3"}')
    keras_json._read.cache_clear()
    with pytest.raises(ValueError, match=r"`floatx` in .*keras.json must be one of .*Received: 'float3'"):
        SeparableConv1D(4, 3)
    keras_json._read.cache_clear()
