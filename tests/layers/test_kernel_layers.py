"""``Dense`` and ``Conv1D`` of both faces: outputs, gradients, packed weights, configurations and refusals."""

import pickle

import numpy as np
import pytest
import reference

import nb_sepconv as tf
from nb_sepconv import keras, num_threads

GEOMETRIES = [
    {},
    {"strides": 2, "padding": "same"},
    {"padding": "causal", "dilation_rate": 3},
    {"data_format": "channels_first", "padding": "same"},
    {"data_format": "channels_first", "dilation_rate": 2},
]


def series_of(channels, data_format="channels_last", **_):
    shape = (2, 11, channels) if data_format == "channels_last" else (2, channels, 11)
    return np.random.default_rng(channels).standard_normal(shape)


def with_random_weights(layer, x):
    random = np.random.default_rng(7)
    layer(x)
    for weight in layer.weights:
        weight.assign(random.standard_normal(weight.shape))
    return layer


def layers(**keywords):
    """Pairs (layer, inputs) of both faces and both kinds, in float64."""
    for geometry in GEOMETRIES:
        x = series_of(3, **geometry)
        yield tf.layers.Conv1D(4, 3, **geometry, **keywords), x
        yield keras.layers.Conv1D(4, 3, dtype="float64", **geometry, **keywords), x
    for x in (series_of(3), series_of(3)[:, 0], series_of(3)[:, None]):
        yield tf.layers.Dense(4, **keywords), x
        yield keras.layers.Dense(4, dtype="float64", **keywords), x


def loss_of(layer, x, d_outputs, regularization):
    outputs = layer(x)
    if not regularization:
        return np.sum(outputs * d_outputs)
    penalties = [layer.activity_regularizer(outputs) / len(x)] if layer.activity_regularizer else []
    for regularizer, weight in ((layer.kernel_regularizer, layer.kernel), (layer.bias_regularizer, layer.bias)):
        penalties += [regularizer(weight)] if regularizer else []
    return np.sum(outputs * d_outputs) + sum(penalties)


@pytest.mark.parametrize("activation", [None, "tanh", "swish", "softmax", "gelu", "softplus"])
def test_gradients_by_central_differences(activation):
    for layer, x in layers(activation=activation):
        assert_gradients(with_random_weights(layer, x), x, False)


def test_gradients_of_losses():
    l2, l1 = tf.keras.regularizers.L2(0.7), tf.keras.regularizers.L1(0.3)
    for layer, x in layers(activation="elu", kernel_regularizer=l1, bias_regularizer=l2, activity_regularizer=l2):
        assert_gradients(with_random_weights(layer, x), x, True)


def test_gradients_without_bias():
    for layer, x in layers(use_bias=False):
        assert_gradients(with_random_weights(layer, x), x, False)


def assert_gradients(layer, x, regularization, step=1e-6):
    random = np.random.default_rng(8)
    outputs, pullback = layer.value_and_pullback(x)
    np.testing.assert_array_equal(outputs, layer(x))
    d_outputs = random.standard_normal(outputs.shape)
    d_inputs, gradients = pullback(d_outputs, regularization=regularization)
    assert d_inputs.shape == x.shape
    move = random.standard_normal(x.shape) * step
    ends = [loss_of(layer, x + sign * move, d_outputs, regularization) for sign in (1, -1)]
    assert (ends[0] - ends[1]) / 2 == pytest.approx(np.sum(d_inputs * move), rel=1e-6, abs=1e-13)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        start, move = variable.value(), random.standard_normal(variable.shape) * step
        ends = []
        for sign in (1, -1):
            variable.assign(start + sign * move)
            ends.append(loss_of(layer, x, d_outputs, regularization))
        variable.assign(start)
        assert gradient.shape == variable.shape
        assert (ends[0] - ends[1]) / 2 == pytest.approx(np.sum(gradient * move), rel=1e-6, abs=1e-13)
    assert pullback(d_outputs, inputs=False)[0] is None


def test_variables_may_change_before_the_pullback():
    for layer, x in layers(activation="tanh"):
        with_random_weights(layer, x)
        outputs, pullback = layer.value_and_pullback(x)
        before = pullback(np.ones_like(outputs))
        for weight in layer.weights:
            weight.assign(np.zeros(weight.shape))
        after = pullback(np.ones_like(outputs))
        np.testing.assert_array_equal(before[0], after[0])
        for one, other in zip(before[1], after[1], strict=True):
            np.testing.assert_array_equal(one, other)


def test_frozen_variables_have_no_gradients():
    layer = tf.layers.Dense(3, trainable=False)
    _, pullback = layer.value_and_pullback(np.ones((2, 4), np.float32))
    d_inputs, gradients = pullback(np.ones((2, 3), np.float32))
    assert d_inputs.shape == (2, 4)
    assert gradients == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_gradients_have_the_same_bits_for_any_threads_and_their_inputs_for_any_batch(dtype):
    x = np.random.default_rng(9).standard_normal((6, 50, 40)).astype(dtype)
    layer = tf.layers.Conv1D(48, 3, padding="same", activation="relu")
    found = []
    for threads in (1, 2):
        with num_threads(threads):
            outputs, pullback = layer.value_and_pullback(x)
            found.append(pullback(np.ones_like(outputs)))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for one, other in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(one, other)
    part, pullback = layer.value_and_pullback(x[2:3])
    np.testing.assert_array_equal(pullback(np.ones_like(part))[0], found[0][0][2:3])


def test_a_network_of_them_learns():
    generator = np.random.default_rng(1)
    series = generator.standard_normal((32, 20, 3), dtype=np.float32)
    targets = series[:, 1:, :1].mean(axis=1) - series[:, :-1, 1:2].mean(axis=1)
    hidden, head = tf.layers.Conv1D(8, 3, activation="elu", name="hidden"), tf.layers.Dense(1, name="head")
    hidden.build((None, 20, 3))
    head.build((None, 18 * 8))

    def loss_and_gradients():
        values, pull_back_hidden = hidden.value_and_pullback(series)
        scores, pull_back_head = head.value_and_pullback(values.reshape(32, -1))
        d_values, head_gradients = pull_back_head(2 * (scores - targets) / targets.size)
        _, hidden_gradients = pull_back_hidden(d_values.reshape(values.shape), inputs=False)
        return np.mean((scores - targets) ** 2), hidden_gradients + head_gradients

    optimizer = tf.train.AdamOptimizer(0.01)
    losses = [optimizer.minimize(loss_and_gradients) for _ in range(60)]
    assert losses[-1] < 0.05 * losses[0]


def test_weights_are_packed_anew_when_they_change():
    x = np.random.default_rng(2).standard_normal((3, 4)).astype(np.float32)
    layer = tf.layers.Dense(5)
    first = layer(x)
    layer.kernel.assign(layer.kernel * 2)
    np.testing.assert_array_equal(layer(x), first * 2)
    layer.set_weights([np.zeros((4, 5)), np.full(5, 3.0)])
    np.testing.assert_array_equal(layer(x), np.full((3, 5), 3, np.float32))
    layer.activation = tf.activations.get("tanh")
    np.testing.assert_allclose(layer(x), np.full((3, 5), np.tanh(3)), rtol=1e-6)


def test_outputs_by_definition_in_both_faces():
    for layer, x in layers():
        with_random_weights(layer, x)
        kernel, bias = layer.get_weights()
        if isinstance(layer, (tf.layers.Dense, keras.layers.Dense)):
            expected = np.einsum("...d,df->...f", x, kernel) + bias
        else:
            first = layer.data_format == "channels_first"
            geometry = {"strides": layer.strides[0], "padding": layer.padding, "dilation_rate": layer.dilation_rate[0]}
            expected = reference.conv1d(x.swapaxes(1, 2) if first else x, kernel, bias, **geometry)
            expected = expected.swapaxes(1, 2) if first else expected
        np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-12)


def test_rows_of_any_strides():
    x = np.random.default_rng(4).standard_normal((4, 9, 6)).astype(np.float32)
    layer = tf.layers.Dense(5)
    whole = layer(x)
    np.testing.assert_array_equal(layer(x[:, -1]), whole[:, -1])
    np.testing.assert_array_equal(layer(x[::2, 1::3]), whole[::2, 1::3])
    np.testing.assert_array_equal(layer(np.asfortranarray(x)), whole)
    np.testing.assert_array_equal(layer(x[:, :, None, :])[:, :, 0], whole)
    assert layer(np.zeros((0, 6), np.float32)).shape == (0, 5)
    assert layer(np.zeros((2, 0, 6), np.float32)).shape == (2, 0, 5)


def test_precision_is_asked_of_the_product():
    x = np.random.default_rng(5).standard_normal((2, 64, 128)).astype(np.float32)
    layer = tf.layers.Conv1D(128, 2)
    exact = layer(x)
    layer.precision = "bf16"
    assert np.abs(layer(x) - exact).max() < 0.05
    layer.precision = None
    np.testing.assert_array_equal(layer(x), exact)
    with pytest.raises(ValueError, match="`precision` must be one of"):
        layer.precision = "half"


@pytest.mark.parametrize("face", [tf.layers, keras.layers])
def test_configurations_make_the_layer_again(face):
    kinds = face.Dense(3, "relu", kernel_regularizer="l2"), face.Conv1D(3, 2, dilation_rate=2, use_bias=False)
    for layer in kinds:
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
        assert again.get_config()["name"] == layer.name


def test_keras_configurations_hold_what_keras_writes():
    dense, conv1d = keras.layers.Dense(3, name="d"), keras.layers.Conv1D(3, 2, name="c")
    assert {**dense.get_config(), "quantization_config": None}.keys() == {
        *("name", "trainable", "dtype", "units", "activation", "use_bias", "kernel_initializer", "bias_initializer"),
        *("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint", "quantization_config"),
    }
    assert conv1d.get_config().keys() == {
        *("name", "trainable", "dtype", "filters", "kernel_size", "strides", "padding", "data_format", "groups"),
        *("dilation_rate", "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer"),
        *("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"),
    }
    assert keras.layers.Dense.from_config({**dense.get_config(), "quantization_config": None}).units == 3


def test_layers_are_pickled():
    for layer, x in layers(activation="relu"):
        outputs = layer(x)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer))(x), outputs)


def test_a_layer_tells_its_shapes():
    layer = tf.layers.Dense(3, name="d")
    assert repr(layer) == "<Dense name='d', dtype=None, built=False>"
    layer(np.zeros((2, 4), np.float32))
    assert repr(layer) == "<Dense name='d', dtype=float32, built=True, kernel=(4, 3), bias=(3,)>"


def test_keras_layers_cast_their_inputs():
    assert keras.layers.Dense(3)(np.ones((2, 4))).dtype == np.float32
    assert keras.layers.Conv1D(3, 2, dtype="mixed_float16")(np.ones((2, 4, 3))).dtype == np.float16


def test_a_subclass_with_its_own_call_must_define_its_gradient():
    class Doubled(tf.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    with pytest.raises(TypeError, match=r"must define `value_and_pullback` too\. Received: a Doubled"):
        Doubled(3).value_and_pullback(np.ones((2, 4), np.float32))


@pytest.mark.parametrize("face", [tf.layers, keras.layers])
def test_refusals(face):
    for units, error in ((0, ValueError), (-2, ValueError), (None, TypeError), ("3", TypeError)):
        with pytest.raises(error, match="`units`"):
            face.Dense(units)
    with pytest.raises(ValueError, match=r"The `groups` argument must be 1.*Received: 2"):
        face.Conv1D(4, 3, groups=2)
    with pytest.raises(ValueError, match=r"expected min_ndim=2, found ndim=1"):
        face.Dense(3)(np.ones(4, np.float32))
    with pytest.raises(ValueError, match=r"The last dimension of the inputs to a Dense layer should be defined"):
        face.Dense(3).build((2, None))
    with pytest.raises(ValueError, match=r"axis -1 of input shape to have value 4, but received 5"):
        with_random_weights(face.Dense(3), np.ones((2, 4), np.float32))(np.ones((2, 5), np.float32))
    with pytest.raises(ValueError, match=r"The `filters` argument must be an integer before the layer is built"):
        face.Conv1D(None, 3).build((None, 9, 4))
    with pytest.raises(ValueError, match=r"The channel dimension of the inputs should be defined"):
        face.Conv1D(4, 3).build((None, 9, None))
    with pytest.raises(ValueError, match=r"too short|zero or negative"):
        face.Conv1D(4, 3)(np.ones((1, 2, 3), np.float32))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"stride": [1, 2]}, ValueError, "`stride` must be an integer, or hold one, or three"),
        ({"stride": [2, 1, 1]}, ValueError, "`stride` must be an integer"),
        ({"stride": 0}, ValueError, "`stride` must be > 0"),
        ({"dilations": 1.5}, TypeError, "`dilations` must hold integers"),
        ({"padding": "valid"}, ValueError, "`padding` must be 'VALID' or 'SAME'. Received: 'valid'"),
        ({"padding": None}, TypeError, "`padding` must be"),
        ({"data_format": "CNW"}, ValueError, "`data_format` must be 'NWC' or 'NCW'"),
        ({"input": [[[1.0]]]}, ValueError, "`input` and `value` are two names of one argument"),
        ({"filters": np.ones((2, 5, 3), np.float32)}, ValueError, r"`filters` must have the shape \(K, 4, F\)"),
        ({"filters": np.ones((2, 4, 3))}, TypeError, "float64"),
        ({"value": np.ones((9, 4), np.float32)}, ValueError, "`value` must have three axes or more"),
        ({"value": np.ones((2, 1, 4), np.float32)}, ValueError, "`inputs` is too short"),
    ],
)
def test_refusals_of_the_function(keywords, error, message):
    arguments = {"value": np.ones((2, 9, 4), np.float32), "filters": np.ones((2, 4, 3), np.float32), "padding": "VALID"}
    with pytest.raises(error, match=message):
        tf.nn.conv1d(**{**arguments, **keywords})


def test_the_function_takes_series_with_more_axes():
    x, kernel = np.random.default_rng(6).standard_normal((3, 2, 9, 4)), np.random.default_rng(7).random((2, 4, 5))
    got = tf.nn.conv1d(x, kernel, 2, "SAME")
    np.testing.assert_array_equal(got[1], tf.nn.conv1d(x[1], kernel, stride=2, padding="SAME"))
    last = tf.nn.conv1d(x.swapaxes(2, 3), kernel, [1, 1, 2], "SAME", data_format="NCW")
    np.testing.assert_array_equal(last, got.swapaxes(2, 3))


def test_later_calls_check_what_the_first_one_checks():
    """Later calls leave the scope out; they must refuse, convert and take names as the first one does."""
    for layer, x in ((tf.layers.Dense(3), np.ones((2, 4), np.float32)), (tf.layers.Conv1D(3, 2), np.ones((1, 5, 4)))):
        for _ in range(3):
            outputs = layer(x)
        with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 4, but received 5"):
            layer(np.ones((*x.shape[:-1], 5), x.dtype))
        with pytest.raises(ValueError, match=r"expected min_ndim"):
            layer(np.ones(4, x.dtype))
        np.testing.assert_array_equal(layer(tf.convert_to_tensor(x)), outputs)
        assert type(layer(tf.convert_to_tensor(x))) is tf.Tensor
        with tf.Graph().as_default():
            np.testing.assert_array_equal(layer(x), outputs)
        layer.activity_regularizer = tf.keras.regularizers.L2(1.0)
        layer(x)
        assert len(layer.losses) == 1
    assert tf.layers.Dense(3)(np.ones((2, 4), np.float32)).dtype == np.float32
    dense = tf.layers.Dense(3)
    for _ in range(3):
        assert dense(np.ones((2, 4), np.float32)).dtype == dense(np.ones((2, 4))).dtype == np.float32
