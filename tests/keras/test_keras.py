"""The Keras 3 face: recorded answers of Keras, and what its rooms hold."""

import json
import pickle
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import activations, keras
from tests.keras_cases import ACTIVATIONS, cases, configs

DATA = Path(__file__).parents[1] / "data"
RECORDED = np.load(DATA / "keras.npz")
CASES = cases(keras)
RELATIVE = {"float16": 2e-3, "float32": 3e-6, "float64": 1e-13}
SINGLE_CONSTANTS = ("gelu", "leaky_relu")  # TensorFlow keeps their constants in float32, also for float64
SeparableConv1D = keras.layers.SeparableConv1D


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
