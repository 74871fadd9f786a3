import copy
import json
import pickle

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import constraints

EPSILON = 1e-7
RELATIVE = {np.float16: 2e-3, ml_dtypes.bfloat16: 8e-3, np.float32: 1e-6, np.float64: 1e-14}


def norms(w, axis):
    return np.sqrt((w**2).sum(axis=axis, keepdims=True))


def max_norm(w, axis):
    return w * np.minimum(norms(w, axis), 0.9) / (EPSILON + norms(w, axis))


def min_max_norm(w, axis):
    wanted = 0.7 * np.minimum(np.maximum(norms(w, axis), 0.5), 0.9) + 0.3 * norms(w, axis)
    return w * wanted / (EPSILON + norms(w, axis))


def unit_norm(w, axis):
    return w / (EPSILON + norms(w, axis))


CLOSED_FORMS = {
    "max_norm": (lambda axis: constraints.MaxNorm(0.9, axis), max_norm),
    "min_max_norm": (lambda axis: constraints.MinMaxNorm(0.5, 0.9, 0.7, axis), min_max_norm),
    "unit_norm": (constraints.UnitNorm, unit_norm),
}
ONE_OF_EACH = [
    *(constraints.MaxNorm(0.9, [0, 1]), constraints.MinMaxNorm(0.5, 0.9, 0.7, 1)),
    *(constraints.UnitNorm(2), constraints.NonNeg()),
]


@pytest.fixture
def weights():
    return np.random.default_rng(5).normal(scale=0.5, size=(3, 4, 2))


@pytest.mark.parametrize("name", CLOSED_FORMS)
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), [0, 1, 2]])
@pytest.mark.parametrize("dtype", RELATIVE)
def test_projections_equal_their_closed_forms(name, axis, dtype, weights):
    make, closed_form = CLOSED_FORMS[name]
    narrow = weights.astype(dtype)
    got = make(axis)(narrow)
    assert got.dtype == dtype
    want = closed_form(narrow.astype(np.float64), tuple(axis) if isinstance(axis, list) else axis)
    np.testing.assert_allclose(got.astype(np.float64), want, rtol=RELATIVE[dtype])


@pytest.mark.parametrize("dtype", RELATIVE)
def test_non_neg(dtype, weights):
    narrow = weights.astype(dtype)
    got = constraints.NonNeg()(narrow)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype(np.float64), np.where(narrow > 0, narrow.astype(np.float64), 0))
    special = constraints.NonNeg()(np.array([-np.inf, np.inf, np.nan], dtype)).astype(np.float64)
    np.testing.assert_array_equal(special, [0, np.inf, np.nan])


@pytest.mark.parametrize("constraint", ONE_OF_EACH)
def test_projecting_twice_moves_nothing_more(constraint, weights):
    once = constraint(weights)
    if isinstance(constraint, constraints.MinMaxNorm):
        once = constraints.MinMaxNorm(0.5, 0.9, 1.0, 1)(weights)
    np.testing.assert_allclose(constraint(once), once, rtol=1e-6)


@pytest.mark.parametrize("constraint", ONE_OF_EACH)
def test_weights_are_left_alone(constraint, weights):
    before = weights.copy()
    weights.flags.writeable = False
    constraint(weights[::-1, ::2])
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("constraint", ONE_OF_EACH)
def test_zero_weights_stay_zero(constraint):
    np.testing.assert_array_equal(constraint(np.zeros((3, 4, 2))), 0)


def test_squares_that_overflow_give_zeros_without_a_warning():
    assert constraints.MaxNorm(1.0)(np.full(3, 1e30, np.float32)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("constraint", ONE_OF_EACH)
@pytest.mark.parametrize("values", [np.ones((2, 2, 2), int), np.full((2, 2, 2), 1j), np.full((2, 2, 2), "a")])
def test_projections_take_floats(constraint, values):
    with pytest.raises(TypeError, match=r"`w` must be an array of float16, bfloat16, float32 or float64\. Received: "):
        constraint(values)


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (("MaxNorm", "max_norm", "maxnorm"), constraints.MaxNorm(2, 0)),
        (("MinMaxNorm", "min_max_norm"), constraints.MinMaxNorm(0.0, 1.0, 1.0, 0)),
        (("NonNeg", "non_neg", "nonneg"), constraints.NonNeg()),
        (("UnitNorm", "unit_norm", "unitnorm"), constraints.UnitNorm(0)),
    ],
)
def test_names(names, made):
    for name in names:
        got = constraints.get(name)
        assert type(got) is type(made)
        assert got.get_config() == made.get_config()
        assert getattr(constraints, name) is type(made)


@pytest.mark.parametrize("constraint", ONE_OF_EACH)
def test_configs_make_the_same_constraint_again(constraint, weights):
    config = json.loads(json.dumps(constraints.serialize(constraint)))
    assert config["module"] == "keras.constraints"
    for again in (
        constraints.get(config),
        constraints.get({"class_name": config["class_name"], "config": config["config"]}),
        type(constraint).from_config(constraint.get_config()),
        copy.deepcopy(constraint),
        pickle.loads(pickle.dumps(constraint)),
    ):
        assert type(again) is type(constraint)
        np.testing.assert_array_equal(again(weights), constraint(weights))


def test_callables_stand_for_themselves():
    def mine(weights):
        return 0.5 * weights

    assert constraints.get(mine) is mine
    assert constraints.serialize(mine) is mine
    assert constraints.get(None) is None
    assert constraints.serialize(None) is None
    assert type(constraints.get(constraints.NonNeg)) is constraints.NonNeg


def test_the_base_class_moves_nothing(weights):
    assert constraints.Constraint()(weights) is weights
    assert constraints.Constraint().get_config() == {}


def test_unknown_names():
    with pytest.raises(
        ValueError, match=r"Unknown constraint: 'max'.*`constraint` must be .*max_norm.*Received: 'max'"
    ):
        constraints.get("max")


def test_incomplete_configs():
    with pytest.raises(ValueError, match=r"Improper config format\. `constraint` as a dict must hold .*Received: "):
        constraints.get({"config": {}})


@pytest.mark.parametrize("identifier", [3, 0.01, [1], np.zeros(2)])
def test_what_is_no_constraint(identifier):
    with pytest.raises(ValueError, match=r"(?s)Could not interpret constraint identifier.*Received: "):
        constraints.get(identifier)
