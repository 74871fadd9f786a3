"""The Keras 3 face: recorded answers of Keras, and the life of a layer."""

import copy
import inspect
import json
import pickle
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import activations, keras
from tests.keras_cases import ACTIVATIONS, cases, configs, layer_of
from tests.value_cases import weights

DATA = Path(__file__).parent / "data"
RECORDED = np.load(DATA / "keras.npz")
CASES = cases(keras)
RELATIVE = {"float16": 2e-3, "float32": 3e-6, "float64": 1e-13}
SINGLE_CONSTANTS = ("gelu", "leaky_relu")  # TensorFlow keeps their constants in float32, also for float64
SeparableConv1D = keras.layers.SeparableConv1D


@pytest.fixture
def x():
    return weights(2, 11, 4).astype(np.float32)


# ---- recorded answers ----


def test_every_case_is_recorded():
    assert {name.replace("/", "|") for name in CASES} == set(RECORDED.files)


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_keras(name):
    want, got = RECORDED[name.replace("/", "|")], CASES[name]()
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    relative = 1e-6 if name.startswith(("losses", *SINGLE_CONSTANTS)) else RELATIVE[got.dtype.name]
    np.testing.assert_allclose(got, want, rtol=relative, atol=relative * max(1, np.abs(want).max() / 10))


def test_configs_agree_with_keras():
    recorded = json.loads((DATA / "keras_configs.json").read_text())
    for name, config in configs(keras).items():
        assert _without_axes(json.loads(json.dumps(config))) == _without_axes(recorded[name])


def _without_axes(config):
    """Keras writes the two axes of variance scaling even where they are None."""
    for value in config.values():
        if isinstance(value, dict) and value["class_name"].startswith("Glorot"):
            value["config"] = {"seed": value["config"]["seed"]}
    return config


@pytest.mark.parametrize("name", ["plain", "rich"])
def test_layers_come_back_from_keras_configs(name):
    recorded = json.loads((DATA / "keras_configs.json").read_text())[name]
    layer = SeparableConv1D.from_config(recorded)
    assert layer.get_config() == configs(keras)[name]


def test_stray_keys_of_tf_keras_are_dropped():
    config = {**SeparableConv1D(5, 3).get_config(), "groups": 1, "dtype": "float64", "batch_input_shape": (None, 11, 4)}
    config |= {"kernel_initializer": {}, "kernel_regularizer": None, "kernel_constraint": None}
    assert SeparableConv1D.from_config(config).dtype == "float64"


# ---- activations ----


@pytest.mark.parametrize("name", [*ACTIVATIONS, "threshold"])
def test_activations_by_name(name):
    function = keras.activations.get(name)
    assert function is getattr(keras.activations, name)
    assert keras.activations.serialize(function) == name
    assert keras.activations.get({"class_name": "function", "config": name}) is function
    assert pickle.loads(pickle.dumps(function)) is function


def test_other_names_of_activations():
    assert keras.activations.get("swish") is keras.activations.silu
    assert keras.activations.get("hard_swish") is keras.activations.hard_silu
    assert keras.activations.get(None) is keras.activations.linear
    assert keras.activations.get(abs) is abs
    assert keras.activations.serialize(abs) is abs


def test_activation_layers_by_config():
    config = {"module": "keras.layers", "class_name": "LeakyReLU", "config": {"negative_slope": 0.4}}
    function = keras.activations.get(config)
    assert function([-1.0]).tolist() == np.float32([-0.4]).tolist()
    assert keras.activations.serialize(function) == {**config, "registered_name": None}


FUSED = set(ACTIVATIONS) & {"relu", "leaky_relu", "elu", "gelu", "mish", "selu", "sigmoid", "softmax", "tanh", "linear"}


@pytest.mark.parametrize("name", sorted(FUSED))
def test_what_means_the_same_as_in_tf1_is_fused(name):
    assert activations.fused_name(keras.activations.get(name)) == name


def test_what_differs_from_tf1_is_not_fused():
    assert activations.fused_name(keras.activations.silu) == "swish"
    assert activations.fused_name(keras.activations.hard_sigmoid) is None
    assert keras.activations.hard_sigmoid([3.0]).tolist() == [1.0]
    assert activations.get("hard_sigmoid")([2.0]).tolist() == pytest.approx([0.9])


LIMITS = {  # at minus infinity and at infinity
    "celu": (-1, np.inf),
    "hard_shrink": (-np.inf, np.inf),
    "hard_sigmoid": (0, 1),
    "hard_silu": (0, np.inf),
    "hard_tanh": (-1, 1),
    "log_sigmoid": (-np.inf, 0),
    "soft_shrink": (-np.inf, np.inf),
    "sparse_plus": (0, np.inf),
    "sparse_sigmoid": (0, 1),
    "squareplus": (0, np.inf),
    "tanh_shrink": (-np.inf, np.inf),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_limits_nan_and_types(name, dtype):
    y = getattr(keras.activations, name)(np.array([-np.inf, np.inf, np.nan], dtype))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.astype(np.float64), [*LIMITS[name], np.nan])


def test_squareplus_keeps_its_small_values():
    assert keras.activations.squareplus(np.array([-1e8])).tolist() == pytest.approx([1e-8], rel=1e-12)


def test_sparsemax_is_a_projection_on_the_simplex():
    z = np.random.default_rng(2).normal(size=(6, 5, 7))
    for axis in (0, 1, -1):
        p = keras.activations.sparsemax(z, axis)
        np.testing.assert_allclose(p.sum(axis=axis), 1, rtol=1e-14)
        assert p.min() == 0
        gap = np.where(p > 0, z - p, np.nan)
        np.testing.assert_allclose(np.nanmax(gap, axis=axis), np.nanmin(gap, axis=axis), atol=1e-14)


def test_activations_check_their_axis():
    with pytest.raises(
        ValueError, match=r"`axis` of `sparsemax` must be an axis of an array of shape \(3,\)\. Received: 1"
    ):
        keras.activations.sparsemax(np.zeros(3), 1)
    with pytest.raises(ValueError, match=r"`axis` of `glu` must be an axis of an array of shape \(\)\. Received: -1"):
        keras.activations.glu(np.zeros(()))
    with pytest.raises(
        ValueError, match=r"`x` of `glu` must have an even length along `axis` -1\. Received: shape \(3,\)"
    ):
        keras.activations.glu(np.zeros(3))


@pytest.mark.parametrize("identifier", ["rleu", 3, {"class_name": "function", "config": "rleu"}, {}])
def test_what_is_no_activation(identifier):
    with pytest.raises(
        ValueError, match=r"Could not interpret activation function identifier\. `activation` must.*Received"
    ):
        keras.activations.get(identifier)


# ---- initializers, regularizers, constraints ----


def test_names_of_the_other_rooms():
    for room in (keras.initializers, keras.regularizers, keras.constraints):
        assert room.deserialize is room.get
        for name in room.__all__:
            assert getattr(room, name) is not None
    assert keras.initializers.get("OrthogonalInitializer").get_config() == {"gain": 1.0, "seed": None}
    assert type(keras.initializers.get("IdentityInitializer")) is keras.initializers.Identity
    assert keras.regularizers.get("l1l2").get_config() == {"l1": 0.0, "l2": 0.0}
    assert keras.regularizers.get("l2").get_config() == {"l2": 0.01}


def test_given_values_must_have_the_shape_of_the_weights():
    given = np.array([[1.5, 2.5]])
    initializer = keras.initializers.get(given)
    values = initializer((1, 2), dtype=np.float32)
    assert values.dtype == np.float32
    given[:] = values[:] = 0
    assert initializer((1, 2)).tolist() == [[1.5, 2.5]]
    with pytest.raises(
        ValueError, match=r"An array given as initializer must have the shape \(2, 1\).*Received: shape \(1, 2\)"
    ):
        initializer((2, 1))


def test_axes_of_variance_scaling():
    shape, size = (3, 50, 40), 6000
    named = keras.initializers.HeNormal(seed=1, input_axes=[0, 1], output_axes=[2])
    assert named.get_config() == {"seed": 1, "input_axes": [0, 1], "output_axes": [2]}
    assert named(shape).std() == pytest.approx(np.sqrt(2 / 150), rel=4 / np.sqrt(size))
    swapped = keras.initializers.VarianceScaling(seed=1, mode="fan_in", input_axes=[2], output_axes=[0, 1])
    assert swapped(shape).std() == pytest.approx(np.sqrt(1 / 40), rel=4 / np.sqrt(size))
    config = {"class_name": "GlorotUniform", "config": {"seed": 3, "input_axes": None, "output_axes": None}}
    assert keras.initializers.get(config).get_config() == {"seed": 3}
    with pytest.raises(
        ValueError, match=r"`input_axes` and `output_axes` go together\. Received: input_axes=\[0\], output"
    ):
        keras.initializers.GlorotNormal(input_axes=[0])


# ---- the layer ----


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
    assert repr(layer) == "<SeparableConv1D name=blocks, built=False>"
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
    rooms = ((tf.nn, "conv1d"), (tf.losses, "mean_squared_error"), (tf.initializers, "Glorot"))
    for module, name in ((keras, "Sequential"), (keras.layers, "Dense"), *rooms):
        with pytest.raises(AttributeError, match=rf"module '{module.__name__}' has no attribute '{name}'"):
            getattr(module, name)
