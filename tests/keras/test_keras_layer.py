"""The life of a Keras layer."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import keras
from nb_sepconv.convolution.host import Convolution
from tests.keras_cases import layer_of
from tests.value_cases import weights

SeparableConv1D = keras.layers.SeparableConv1D


@pytest.fixture
def x():
    return weights(2, 11, 4).astype(np.float32)


def test_the_signature_is_that_of_keras():
    names = (
        *("self", "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier"),
        *("activation", "use_bias", "depthwise_initializer", "pointwise_initializer", "bias_initializer"),
        *("depthwise_regularizer", "pointwise_regularizer", "bias_regularizer", "activity_regularizer"),
        *("depthwise_constraint", "pointwise_constraint", "bias_constraint", "kwargs"),
    )
    assert tuple(inspect.signature(SeparableConv1D.__init__).parameters) == names
    assert keras.layers.SeparableConvolution1D is SeparableConv1D


@pytest.mark.parametrize("dilation_rate", [1, 2, 3])
@pytest.mark.parametrize("strides", [1, 2])
def test_causal_padding_reads_no_future(strides, dilation_rate, x):
    layer = layer_of(keras, padding="Causal", strides=strides, dilation_rate=dilation_rate)
    y = layer(x)
    padded = np.concatenate([np.zeros((2, 2 * dilation_rate, 4), np.float32), x], axis=1)
    want = layer_of(keras, strides=strides, dilation_rate=dilation_rate)(padded)
    np.testing.assert_allclose(y, want, rtol=1e-6, atol=1e-6)
    assert y.shape == layer.compute_output_shape(x.shape) == (2, -(-11 // strides), 8)


def test_the_life_of_a_layer(x):
    layer = SeparableConv1D(5, 3, name="blocks", bias_initializer="ones", depthwise_constraint="max_norm")
    assert (layer.built, layer.path, layer.weights, layer.get_build_config()) == (False, None, [], None)
    assert repr(layer) == "<SeparableConv1D name='blocks', filters=5, kernel_size=3, dtype=float32, built=False>"
    y = layer(x)
    assert (layer.built, layer.path, layer.get_build_config()) == (True, "blocks", {"input_shape": (2, 11, 4)})
    assert [(w.name, w.path, w.shape, w.dtype) for w in layer.weights] == [
        ("depthwise_kernel", "blocks/depthwise_kernel", (3, 4, 1), np.float32),
        ("pointwise_kernel", "blocks/pointwise_kernel", (1, 4, 5), np.float32),
        ("bias", "blocks/bias", (5,), np.float32),
    ]
    assert layer.weights[0].constraint is layer.depthwise_constraint
    assert layer.variables == layer.weights == layer.trainable_variables == layer.trainable_weights
    assert layer.weights[2].numpy().tolist() == [1] * 5
    assert repr(layer.bias) == "<KerasVariable 'blocks/bias' shape=(5,) dtype=float32>"
    assert layer.count_params() == 12 + 20 + 5
    layer.bias.assign(np.full(5, 3.0))
    np.testing.assert_allclose(layer(inputs=x, training=False), y + 2, rtol=1e-5)
    np.testing.assert_array_equal(layer(tf.Variable(x)), layer(x))


def test_weights_belong_to_no_graph(x):
    SeparableConv1D(5, 3)(x)
    assert tf.global_variables() == tf.trainable_variables() == []


def test_without_bias(x):
    layer = SeparableConv1D(5, 3, use_bias=False)
    layer(x)
    assert layer.bias is None
    assert [w.name for w in layer.weights] == ["depthwise_kernel", "pointwise_kernel"]


def test_names_are_counted_from_zero():
    assert [SeparableConv1D(5, 3).name for _ in range(3)] == [f"separable_conv1d{end}" for end in ("", "_1", "_2")]
    assert tf.layers.SeparableConv1D(5, 3).name == "separable_conv1d_1"
    with tf.Graph().as_default():
        assert SeparableConv1D(5, 3).name == "separable_conv1d"


def test_freezing_and_thawing(x):
    layer = SeparableConv1D(5, 3, depthwise_regularizer="l2")
    layer(x)
    assert len(layer.losses) == 1
    layer.trainable = False
    assert [w.trainable for w in layer.weights] == [False] * 3
    assert (layer.trainable_weights, layer.non_trainable_variables, layer.losses) == ([], layer.weights, [])
    layer.trainable = True
    assert layer.trainable_weights == layer.weights
    frozen = SeparableConv1D(5, 3, trainable=False)
    frozen(x)
    assert frozen.trainable_variables == []


def test_losses(x):
    layer = SeparableConv1D(5, 3, activity_regularizer="l2", pointwise_regularizer=keras.regularizers.L1(0.5))
    for _ in range(2):
        y = layer(x)
    want = [0.01 * (y.astype(np.float64) ** 2).sum() / 2, 0.5 * np.abs(layer.pointwise_kernel.numpy()).sum()]
    assert [float(loss) for loss in layer.losses] == pytest.approx(want, rel=1e-5)
    layer.add_loss(2.5)
    layer.add_loss([3.5])
    assert len(layer.losses) == 4
    assert layer(x[:0]).shape == (0, 9, 5)
    assert float(layer.losses[0]) == 0
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == []


@pytest.mark.parametrize(
    ("dtype", "variables", "computes"),
    [
        (None, "float32", "float32"),
        ("float64", "float64", "float64"),
        (np.float16, "float16", "float16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("mixed_float16", "float32", "float16"),
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}, "float32", "bfloat16"),
    ],
)
def test_type_policies(dtype, variables, computes, x):
    layer = SeparableConv1D(5, 3, dtype=dtype)
    y = layer(x.astype(np.float64))
    assert layer.dtype == layer.variable_dtype == variables
    assert {w.dtype.name for w in layer.weights} == {variables}
    assert layer.compute_dtype == y.dtype.name == computes
    again = SeparableConv1D.from_config(layer.get_config())
    assert again.dtype_policy == layer.dtype_policy
    assert SeparableConv1D(5, 3, dtype=layer.dtype_policy).dtype_policy is layer.dtype_policy


def test_autocast_can_be_off(x):
    layer = SeparableConv1D(5, 3, autocast=False)
    assert layer(x).dtype == np.float32
    with pytest.raises(TypeError, match=r"`inputs` must have the type float32 of the weights.*Received: .*float64"):
        layer(x.astype(np.float64))


def test_weights_go_in_and_out(x):
    layer, other = SeparableConv1D(5, 3), SeparableConv1D(5, 3)
    y = layer(x)
    other.build_from_config(layer.get_build_config())
    store = {}
    layer.save_own_variables(store)
    assert sorted(store) == ["0", "1", "2"]
    other.load_own_variables(store)
    np.testing.assert_array_equal(other(x), y)
    other.set_weights([3 * w for w in layer.get_weights()])
    np.testing.assert_array_equal(other.depthwise_kernel, 3 * layer.depthwise_kernel.numpy())
    layer.get_weights()[0][:] = 0
    np.testing.assert_array_equal(layer(x), y)


def test_copies_are_independent(x):
    layer = SeparableConv1D(5, 3, depthwise_regularizer="l2")
    y = layer(x)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(other(x), y)
        other.bias.assign(np.ones(5))
        other.depthwise_kernel.assign(0 * other.depthwise_kernel.numpy())
        np.testing.assert_array_equal(layer(x), y)
        assert float(other.losses[0]) == 0 < float(layer.losses[0])


def test_seeds_make_layers_reproducible(x):
    def output():
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            return SeparableConv1D(5, 3)(x)

    np.testing.assert_array_equal(output(), output())


def test_a_failed_build_leaves_nothing_behind(x):
    def broken(shape, dtype=None):
        raise RuntimeError("no values today")

    layer = SeparableConv1D(5, 3, pointwise_initializer=broken)
    with pytest.raises(RuntimeError, match="no values today"):
        layer(x)
    assert (layer.built, layer.weights, layer.depthwise_kernel) == (False, [], None)
    layer.pointwise_initializer = keras.initializers.Ones()
    layer(x)
    assert len(layer.weights) == 3


def test_none_initializers_are_those_of_keras(x):
    layer = SeparableConv1D(5, 3, depthwise_initializer=None, bias_initializer=None)
    layer(x)
    assert np.abs(layer.bias.numpy()).max() > 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"filters": 0}, ValueError, r"`filters`\. Expected a strictly positive value\. Received filters=0"),
        ({"filters": 3.7}, TypeError, r"`filters` argument must be an integer\. Received: 3\.7"),
        (
            {"kernel_size": (1, 2)},
            ValueError,
            r"`kernel_size` argument must be a tuple of 1 integers\. Received: \(1, 2\)",
        ),
        ({"kernel_size": 0}, ValueError, r"`kernel_size` argument must be .*Received: 0 including \{0\}.*`> 0`"),
        ({"strides": 0}, ValueError, r"`strides` argument must be .*Received: 0 including \{0\}.*`> 0`"),
        ({"dilation_rate": -1}, ValueError, r"`dilation_rate` argument must be .*Received: -1 including"),
        ({"padding": "full"}, ValueError, r"`padding` argument must be one of .*Received: 'full'"),
        ({"padding": 2}, ValueError, r"`padding` argument must be one of .*Received: 2"),
        ({"data_format": "x"}, ValueError, r"`data_format` argument must be one of .*Received: 'x'"),
        ({"depth_multiplier": 0}, ValueError, r"`depth_multiplier`\. Expected a strictly positive value"),
        ({"depth_multiplier": None}, TypeError, r"`depth_multiplier` argument must be an integer\. Received: None"),
        ({"activation": "rleu"}, ValueError, r"Could not interpret activation function identifier.*Received: 'rleu'"),
        ({"depthwise_initializer": 3}, ValueError, r"Could not interpret initializer identifier.*Received: 3"),
        ({"bias_regularizer": "l3"}, ValueError, r"Unknown regularizer: 'l3'.*Received: 'l3'"),
        ({"activity_regularizer": 3}, ValueError, r"Could not interpret regularizer identifier.*Received: 3"),
        ({"pointwise_constraint": "max"}, ValueError, r"Unknown constraint: 'max'.*Received: 'max'"),
        ({"trainable": 1}, ValueError, r"Expected `trainable` to be a boolean\. Received: trainable=1"),
        (
            {"name": "a/b"},
            ValueError,
            r"`name` must be a string and cannot contain character `/`\. Received: name='a/b'",
        ),
        ({"name": 3}, ValueError, r"`name` must be a string .*Received: name=3"),
        ({"dtype": "int32"}, ValueError, r"`dtype` must be one of float16, .*mixed_float16.*Received: 'int32'"),
        ({"dtype": 3.5}, ValueError, r"`dtype` must be one of .*Received: 3\.5"),
        ({"groups": 1}, ValueError, r"Unrecognized keyword arguments passed to SeparableConv1D: \{'groups': 1\}"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        SeparableConv1D(**{"filters": 5, "kernel_size": 3, **options})


def test_arguments_for_models_are_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="`input_shape` is for models and ignored by a layer"):
        SeparableConv1D(5, 3, input_shape=(11, 4))


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (np.zeros((9, 4), np.float32), ValueError, r"Input 0 .*expected min_ndim=3, found ndim=2"),
        (np.zeros((1, 2, 9, 4), np.float32), ValueError, r"Input 0 .*expected ndim=3, found ndim=4"),
        (np.zeros((2, 2, 4), np.float32), ValueError, r"Computed output size would be zero or negative.*\(2, 2, 4\)"),
        (np.zeros((2, 9, 4), int), TypeError, r"`inputs` of the layer .*float32.*Received: an array of type int64"),
        ([np.zeros((2, 9, 4))], ValueError, r"(?s)expects 1 input\(s\), an array of numbers.*type list"),
    ],
)
def test_bad_inputs(inputs, error, message):
    layer = SeparableConv1D(5, 3)
    with pytest.raises(error, match=message):
        layer(inputs)
    assert not layer.built


def test_other_channels_are_refused_later(x):
    layer = SeparableConv1D(5, 3)
    layer(x)
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 4, but received"):
        layer(x[..., :3])
    with pytest.raises(ValueError, match=r"The channel dimension of the inputs should be defined\."):
        SeparableConv1D(5, 3).build((None, 11, None))
    with pytest.raises(
        ValueError, match=r"`filters` argument must be an integer before the layer is built\. Received: None"
    ):
        SeparableConv1D(None, 3)(x)


def test_bad_weights(x):
    layer = SeparableConv1D(5, 3)
    with pytest.raises(ValueError, match=r"`count_params` on layer 'separable_conv1d', but the layer isn't built\."):
        layer.count_params()
    layer(x)
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"weight list of length 1, but the layer was expecting 3 weights"):
        layer.set_weights(before[:1])
    with pytest.raises(ValueError, match=r"Layer weight shape \(5,\) not compatible with provided weight shape \(4,\)"):
        layer.set_weights([*(0 * w for w in before[:2]), np.zeros(4)])
    np.testing.assert_array_equal(layer.depthwise_kernel, before[0])


def test_the_shape_of_the_output_is_known_before_the_input():
    layer = SeparableConv1D(5, 3, strides=2, padding="same", data_format="channels_first")
    assert layer.compute_output_shape((None, 4, 11)) == (None, 5, 6)
    assert layer.compute_output_shape((2, 4, None)) == (2, 5, None)
    assert not layer.built


def test_a_layer_without_a_call():
    with pytest.raises(NotImplementedError, match="Layer must define `call`"):
        keras.layers.Layer()(np.zeros(3, np.float32))


def test_names_that_keras_has_and_we_have_not():
    rooms = ((tf.nn, "conv2d"), (tf.losses, "sparse_loss"), (tf.initializers, "Glorot"))
    for module, name in ((keras, "Model"), (keras.layers, "LSTM"), *rooms):
        with pytest.raises(AttributeError, match=rf"module '{module.__name__}' has no attribute '{name}'"):
            getattr(module, name)


def test_weights_stay_packed_under_a_mixed_policy(monkeypatch):
    """They were cast and packed at every call."""
    layer = keras.layers.SeparableConv1D(4, 3, dtype="mixed_float16")
    x = np.random.default_rng(0).standard_normal((2, 9, 3)).astype(np.float32)
    first, packed, pack = layer(x), [], Convolution.pack
    monkeypatch.setattr(Convolution, "pack", lambda self, weights: packed.append(1) or pack(self, weights))
    for _ in range(3):
        np.testing.assert_array_equal(layer(x), first)
    assert len(packed) == 1
    layer.bias.assign(np.ones(4, np.float32))
    np.testing.assert_allclose(layer(x), first + 1, atol=1e-2)
    layer.dtype_policy = "float32"
    assert layer(x).dtype == np.float32


def test_settings_that_are_changed_are_seen():
    layer, x = keras.layers.SeparableConv1D(4, 3), np.ones((2, 9, 3), np.float32)
    for _ in range(3):
        assert layer(x).shape == (2, 7, 4)
    layer.padding = "same"
    assert layer(x).shape == (2, 9, 4)
    layer.activity_regularizer = abs_sum
    layer(x)
    layer(x)
    assert len(layer.losses) == 1
    with pytest.raises(ValueError, match="axis -1"):
        layer(x[..., :2])


def abs_sum(outputs):
    return np.abs(outputs).sum()
