import copy
import json
import math
import pickle
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import initializers
from nb_sepconv.initializers import keras as keras_classes
from tests.seeded_initializers import SEEDED

FLOATS = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
KERAS_NAMES = (
    *("constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal"),
    *("lecun_uniform", "ones", "orthogonal", "random_normal", "random_uniform", "truncated_normal"),
    *("variance_scaling", "zeros"),
)
ONE_OF_EACH = {
    **{name: make(seed=4) for name, make in SEEDED.items()},
    "constant": initializers.constant([[1.5, 2.5], [3.5, 4.5]]),
    "keras Constant": keras_classes.Constant(2.5),
    "identity": initializers.identity(1.5),
    "keras Identity": keras_classes.Identity(1.5),
    "ones": initializers.ones(np.float64),
    "zeros": initializers.zeros("float64"),
}


# ---- values ----


@pytest.mark.parametrize(
    ("shape", "want"),
    [((), (1, 1)), ((7,), (7, 7)), ((3, 5), (3, 5)), ((9, 32, 2), (288, 18)), ((2, 3, 4, 5), (24, 30))],
)
def test_fans(shape, want):
    assert initializers.random.fans(shape) == want


@pytest.mark.parametrize("shape", [(9, 32, 2), (1, 64, 48), (40,), (30, 50)])
def test_scaled_initializers_keep_their_limits_and_variances(shape):
    fan_in, fan_out = initializers.random.fans(shape)
    limits = {
        "glorot_uniform": math.sqrt(6 / (fan_in + fan_out)),
        "he_uniform": math.sqrt(6 / fan_in),
        "lecun_uniform": math.sqrt(3 / fan_in),
        "uniform_unit_scaling": math.sqrt(3 / max(1, math.prod(shape[:-1]))),
    }
    for name, limit in limits.items():
        values = SEEDED[name](seed=1)((*shape[:-2], *shape[-2:]))
        assert np.abs(values).max() <= np.float32(limit)
        assert np.abs(values).max() > 0.85 * limit
    deviations = {
        "glorot_normal": math.sqrt(2 / (fan_in + fan_out)),
        "he_normal": math.sqrt(2 / fan_in),
        "lecun_normal": math.sqrt(1 / fan_in),
    }
    for name, deviation in deviations.items():
        values = SEEDED[name](seed=1)(shape)
        assert values.std() == pytest.approx(deviation, rel=4 / math.sqrt(values.size))
        assert np.abs(values).max() <= 2.0001 * deviation / 0.87962566103423978


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["normal", "Truncated_Normal", "untruncated_normal", "UNIFORM"])
def test_variance_scaling(mode, distribution):
    fan = {"fan_in": 90, "fan_out": 240, "fan_avg": 165}[mode]
    values = initializers.variance_scaling(1.7, mode, distribution, seed=2)((3, 30, 80))
    assert values.std() == pytest.approx(math.sqrt(1.7 / fan), rel=0.03)
    assert values.mean() == pytest.approx(0, abs=0.05 * float(values.std()))


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (2, 3, 4), (1, 2, 9), (4, 0), (0, 4)])
@pytest.mark.parametrize("make", [initializers.orthogonal, keras_classes.Orthogonal])
def test_orthogonal_has_orthonormal_rows_or_columns(shape, make):
    values = make(1.5, seed=2)(shape, dtype=np.float64)
    assert values.shape == shape
    flat = values.reshape(math.prod(shape[:-1]), shape[-1]) / 1.5
    product = flat.T @ flat if flat.shape[0] >= flat.shape[1] else flat @ flat.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-14)


def test_random_uniform_and_normal_take_their_arguments_in_tf1_order():
    uniform = initializers.random_uniform(2.0, 5.0, 3, np.float64)((1000,))
    assert uniform.dtype == np.float64
    assert 2 <= uniform.min() < 2.05 < 4.95 < uniform.max() < 5
    normal = initializers.random_normal(3.0, 0.5, 3, "float64")((10_000,))
    assert normal.mean() == pytest.approx(3, abs=0.02)
    assert normal.std() == pytest.approx(0.5, abs=0.02)
    truncated = initializers.truncated_normal(3.0, 0.5, 3)((10_000,))
    assert 2 <= truncated.min() < 2.05
    assert 3.95 < truncated.max() <= 4


def test_the_defaults_of_tf1_and_keras_differ():
    assert initializers.random_uniform(seed=1)((999,)).min() >= 0
    assert initializers.random_uniform(seed=1)((999,)).max() > 0.9
    assert -0.05 <= initializers.get("random_uniform")((999,)).min() < 0
    assert initializers.random_normal(seed=1)((999,)).std() == pytest.approx(1, abs=0.1)
    assert initializers.get("normal")((999,)).std() == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_random_integers(dtype):
    values = initializers.random_uniform(-3, 4, seed=1, dtype=dtype)((4000,))
    assert values.dtype == dtype
    assert set(values.tolist()) == set(range(-3, 4))
    assert np.bincount(values + 3).min() > 450


@pytest.mark.parametrize(("minval", "maxval"), [(0.0, None), (3, 3), (4, 3)])
def test_random_integers_need_their_range(minval, maxval):
    with pytest.raises(ValueError, match=r"`maxval` must be given and greater than `minval`.*Received: minval="):
        initializers.random_uniform(minval, maxval, dtype=np.int32)((3,))


def test_constant_values():
    assert initializers.constant(2.5)((2, 2)).tolist() == [[2.5, 2.5], [2.5, 2.5]]
    assert initializers.constant([1, 2, 3])((2, 3)).tolist() == [[1, 2, 3], [3, 3, 3]]
    assert initializers.constant(np.arange(6).reshape(2, 3))((3, 2)).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert initializers.constant([[1, 2], [3, 4]])((2, 2), dtype="int64").tolist() == [[1, 2], [3, 4]]
    assert initializers.constant(7)((0, 2)).shape == (0, 2)
    assert initializers.constant([])((0, 2)).shape == (0, 2)
    assert initializers.constant([5])(()).tolist() == 5
    assert initializers.constant(ml_dtypes.bfloat16(1.5))((2,)).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("class_name", ["__numpy__", "__tensor__"])
def test_constant_arrays_in_configs_of_keras(class_name):
    array = {"class_name": class_name, "config": {"value": [1.5, 2.5], "dtype": "float64"}}
    for config in ({"value": array}, {"value": array, "dtype": "float32"}):
        initializer = initializers.get({"class_name": "Constant", "config": config})
        assert initializer((2,)).tolist() == [1.5, 2.5]
        assert initializer.get_config()["value"] == [1.5, 2.5]


def test_a_constant_is_a_new_array_each_time():
    value = np.array([1.5, 2.5], np.float32)
    initializer = initializers.constant(value)
    initializer((2,))[:] = 9
    assert initializer((2,)).tolist() == [1.5, 2.5]
    assert value.tolist() == [1.5, 2.5]


@pytest.mark.parametrize(("value", "shape"), [([1, 2, 3], (2, 1)), ([1, 2], ()), (np.ones((2, 2)), (3,))])
def test_constant_with_too_many_values(value, shape):
    with pytest.raises(
        ValueError, match=r"Too many elements provided by `value`\. The shape .* takes at most .*Received"
    ):
        initializers.constant(value)(shape)


def test_constant_without_values():
    with pytest.raises(ValueError, match=r"Too few elements provided by `value`.*Received: 0"):
        initializers.constant([])((2,))


@pytest.mark.parametrize("value", [None, {"a": 1}, object(), "text"])
def test_constant_of_something_else(value):
    with pytest.raises(TypeError, match=r"`value` must be a number, a list or an array of numbers\. Received: "):
        initializers.constant(value)


@pytest.mark.parametrize(
    ("value", "dtype"), [(1.5, np.int32), ([1.5], np.int32), (1j, np.float32), (["a"], np.float32)]
)
def test_constant_that_does_not_fit_the_type(value, dtype):
    with pytest.raises(TypeError, match=r"`value` must hold numbers that fit .*Received: "):
        initializers.constant(value)((1,), dtype)


def test_constant_arrays_may_be_cut_to_integers():
    assert initializers.constant(np.array([1.5, -2.5]))((2,), np.int32).tolist() == [1, -2]


def test_ragged_constant():
    with pytest.raises(ValueError, match=r"`value` must not be ragged\. Received: "):
        initializers.constant([[1, 2], [3]])((3,))


@pytest.mark.parametrize("where", ["made", "called"])
def test_constant_verifies_its_shape_when_asked(where):
    value = np.arange(6.0).reshape(2, 3)
    initializer = initializers.constant(value, verify_shape=where == "made")
    options = {} if where == "made" else {"verify_shape": True}
    np.testing.assert_array_equal(initializer((2, 3), **options), value)
    with pytest.raises(TypeError, match=r"`value` must have the shape \(3, 2\)\. Received: shape \(2, 3\)"):
        initializer((3, 2), **options)


def test_the_constant_of_keras_broadcasts():
    assert keras_classes.Constant([1.5, 2.5])((2, 2)).tolist() == [[1.5, 2.5], [1.5, 2.5]]
    with pytest.raises(ValueError, match=r"`value` must broadcast to the shape \(3,\)\. Received: shape \(2,\)"):
        keras_classes.Constant([1.5, 2.5])((3,))


def test_identity():
    np.testing.assert_array_equal(initializers.identity(2.5)((2, 3)), 2.5 * np.eye(2, 3, dtype=np.float32))
    with pytest.raises(ValueError, match=r"`shape` must be two-dimensional\. Received: \(2, 3, 2\)"):
        initializers.identity()((2, 3, 2))


# ---- what all share ----


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("dtype", FLOATS)
def test_calls_give_writable_arrays_of_shape_and_type(name, dtype):
    values = ONE_OF_EACH[name]((2, 2), dtype=dtype)
    assert type(values) is np.ndarray
    assert values.shape == (2, 2)
    assert values.dtype == dtype
    assert values.flags.c_contiguous
    assert values.flags.owndata or values.base.flags.owndata
    values[0, 0] = 3
    assert values[0, 0] == 3


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_type_is_the_calls_else_the_initializers(name):
    initializer = ONE_OF_EACH[name]
    assert initializer((2, 2)).dtype == initializer.dtype
    assert initializer([np.int64(2), 2], "float16", None).dtype == np.float16


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_partitions_are_refused(name):
    with pytest.raises(ValueError, match=r"`partition_info` must be None.*Received: "):
        ONE_OF_EACH[name]((2, 2), np.float32, "part")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_impossible_shapes_are_refused(name):
    with pytest.raises(ValueError, match=r"`shape` must .*Received: \(2, -1\)"):
        ONE_OF_EACH[name]((2, -1))
    with pytest.raises(ValueError, match=r"`shape` must .*Received: \(2, None\)"):
        ONE_OF_EACH[name]((2, None))
    with pytest.raises(TypeError, match=r"`shape` must .*Received: "):
        ONE_OF_EACH[name]((2, 1.5))


@pytest.mark.parametrize("name", SEEDED)
def test_random_values_need_a_float_type(name):
    if "uniform" in name.lower() and "random" in name.lower():
        return
    with pytest.raises(ValueError, match=r"`dtype` is expected to be floating point.*Received: int32"):
        SEEDED[name](seed=1)((2, 2), dtype=np.int32)


@pytest.mark.parametrize("make", [initializers.random_normal, initializers.variance_scaling, initializers.identity])
def test_the_own_type_must_be_a_float(make):
    with pytest.raises(ValueError, match=r"`dtype` is expected to be floating point.*Received: int32"):
        make(dtype=np.int32)


@pytest.mark.parametrize("make", [initializers.orthogonal, keras_classes.Orthogonal])
def test_orthogonal_needs_two_axes(make):
    with pytest.raises(ValueError, match=r"`shape` must be at least two-dimensional\. Received: \(2,\)"):
        make()((2,))


@pytest.mark.parametrize("make", [initializers.variance_scaling, keras_classes.VarianceScaling])
def test_variance_scaling_checks_its_arguments(make):
    for scale in (0, -1.5, math.nan):
        with pytest.raises(ValueError, match=r"`scale` must be a positive float\. Received: "):
            make(scale)
    with pytest.raises(ValueError, match=r"`mode` must be one of .*fan_avg.*Received: 'fan'"):
        make(1.0, "fan")
    with pytest.raises(ValueError, match=r"`distribution` must be one of .*untruncated_normal.*Received: 'cauchy'"):
        make(1.0, "fan_in", "Cauchy")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_configs_make_the_same_initializer_again(name):
    initializer = ONE_OF_EACH[name]
    config = json.loads(json.dumps(initializers.serialize(initializer)))
    assert config["module"] == "keras.initializers"
    assert config["registered_name"] is None
    again = [
        initializers.get(config),
        initializers.get({"class_name": config["class_name"], "config": config["config"]}),
        type(initializer).from_config(initializer.get_config()),
        copy.deepcopy(initializer),
        pickle.loads(pickle.dumps(initializer)),
    ]
    for made in again:
        assert type(made) is type(initializer)
        assert made.get_config() == initializer.get_config()
        np.testing.assert_array_equal(made((2, 2)), initializer((2, 2)))


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_names_mean_the_classes_of_keras(name):
    class_name = "".join(word.capitalize() for word in name.split("_"))
    for identifier in (name, class_name, {"class_name": class_name, "config": {}}):
        assert type(initializers.get(identifier)) is getattr(keras_classes, class_name)
    assert "dtype" not in initializers.get(name).get_config()


def test_short_names():
    short = {"normal": "RandomNormal", "uniform": "RandomUniform", "one": "Ones", "zero": "Zeros"}
    assert {name: type(initializers.get(name)).__name__ for name in short} == short


def test_get_leaves_callables_alone_and_calls_classes():
    def mine(shape, dtype=None):
        return np.full(shape, 0.5, dtype)

    assert initializers.get(mine) is mine
    assert initializers.serialize(mine) is mine
    assert initializers.get(None) is None
    assert initializers.serialize(None) is None
    assert type(initializers.get(initializers.Ones)) is initializers.Ones


def test_subclasses_of_users_stand_for_themselves():
    class Mine(initializers.Initializer):
        def __call__(self, shape, dtype=None, partition_info=None):
            return np.full(shape, 0.5, dtype)

    mine = Mine()
    assert initializers.serialize(mine) is mine
    with pytest.raises(NotImplementedError, match="Initializer must define `_values` or `__call__`"):
        initializers.Initializer()((2,))


@pytest.mark.parametrize("identifier", ["glorot", {"class_name": "Glorot", "config": {}}])
def test_unknown_names(identifier):
    with pytest.raises(ValueError, match=r"Unknown initializer: 'Glorot'.*glorot_uniform.*Received: '(?i:glorot)'"):
        initializers.get("Glorot" if isinstance(identifier, str) else identifier)


@pytest.mark.parametrize("config", [{}, {"class_name": "Zeros"}, {"config": {}}, {"class_name": 3, "config": {}}])
def test_incomplete_configs(config):
    with pytest.raises(ValueError, match=r"Improper config format\. `initializer` as a dict must hold .*Received: "):
        initializers.get(config)


@pytest.mark.parametrize("identifier", [3, 1.5, [1, 2], np.zeros(2)])
def test_what_is_no_initializer(identifier):
    with pytest.raises(
        ValueError, match=r"(?s)Could not interpret initializer identifier\. `initializer` must be .*Received: "
    ):
        initializers.get(identifier)


def test_importing_initializers_stays_light():
    """Neither scipy nor ml_dtypes nor numba come along."""
    code = (
        "import sys, nb_sepconv.initializers, nb_sepconv.nn; print({'scipy', 'ml_dtypes', 'numba'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
