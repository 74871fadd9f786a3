import copy
import json
import math
import pickle

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import regularizers

OURS = {
    "l1": (regularizers.L1(0.3), lambda w: 0.3 * np.abs(w).sum()),
    "l2": (regularizers.L2(0.2), lambda w: 0.2 * (w**2).sum()),
    "l1_l2": (regularizers.L1L2(0.3, 0.2), lambda w: 0.3 * np.abs(w).sum() + 0.2 * (w**2).sum()),
    "negative": (regularizers.L2(-1.5), lambda w: -1.5 * (w**2).sum()),
}
RELATIVE = {np.float16: 1e-3, ml_dtypes.bfloat16: 4e-3, np.float32: 1e-6, np.float64: 1e-14}


@pytest.fixture
def weights():
    return np.random.default_rng(5).normal(size=(3, 4, 2))


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("dtype", RELATIVE)
def test_penalties_equal_their_closed_forms(name, dtype, weights):
    regularizer, closed_form = OURS[name]
    narrow = weights.astype(dtype)
    penalty = regularizer(narrow)
    assert penalty.dtype == dtype
    assert penalty.shape == ()
    assert float(penalty) == pytest.approx(closed_form(narrow.astype(np.float64)), rel=RELATIVE[dtype])


def test_sixteen_bits_are_summed_in_float32():
    many = np.full(20_000, 0.1, np.float16)
    assert float(regularizers.L1(1.0)(many)) == pytest.approx(2000, rel=1e-3)


def test_overflow_is_infinity_without_a_warning():
    assert regularizers.L2(1.0)(np.full(9, 200, np.float16)) == np.inf


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_orthogonal_is_the_mean_cosine(mode):
    matrix = np.random.default_rng(6).normal(size=(4, 5))
    vectors = matrix if mode == "rows" else matrix.T
    cosines = [abs(a @ b) / math.sqrt((a @ a) * (b @ b)) for i, a in enumerate(vectors) for b in vectors[:i]]
    penalty = regularizers.OrthogonalRegularizer(0.7, mode)(matrix)
    assert float(penalty) == pytest.approx(0.7 * np.mean(cosines), rel=1e-14)


def test_orthogonal_vectors_cost_nothing_and_zero_vectors_are_no_nan():
    regularizer = regularizers.OrthogonalRegularizer(0.7)
    assert float(regularizer(np.diag([2.0, 3.0, 0.5]))) == 0
    assert float(regularizer(np.array([[0.0, 0.0], [1.0, 2.0]]))) == 0


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_orthogonal_needs_a_matrix(shape):
    with pytest.raises(ValueError, match=r"`inputs` to OrthogonalRegularizer must have rank 2\. Received: shape \("):
        regularizers.OrthogonalRegularizer()(np.ones(shape))


def test_orthogonal_knows_two_modes():
    with pytest.raises(ValueError, match=r'`mode` must be "rows" or "columns"\. Received: \'diagonal\''):
        regularizers.OrthogonalRegularizer(mode="diagonal")


@pytest.mark.parametrize("make", [regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.l1_l2])
@pytest.mark.parametrize("factor", [math.nan, math.inf, "0.1", True, 1j, [0.1]])
def test_factors_are_finite_numbers(make, factor):
    with pytest.raises(ValueError, match=r"`l[12]` must be a finite number, a regularization factor\. Received: "):
        make(factor)


def test_the_orthogonal_factor_is_a_finite_number():
    with pytest.raises(ValueError, match=r"`factor` must be a finite number.*Received: inf"):
        regularizers.OrthogonalRegularizer(math.inf)


def test_older_names_and_none():
    assert regularizers.l1(l=0.3).l1 == 0.3
    assert regularizers.l2(l=np.float64(0.25)).l2 == 0.25
    assert regularizers.L2(None).l2 == 0.01
    assert regularizers.L1L2(None, 0.3).get_config() == {"l1": 0.0, "l2": 0.3}
    with pytest.raises(TypeError, match=r"A regularizer takes no `scale`\. Received: \{'scale': 2\}"):
        regularizers.L1(scale=2)


@pytest.mark.parametrize("values", [np.array([1, 2]), np.array([1j]), np.array(["a"]), np.array([None])])
@pytest.mark.parametrize("make", [regularizers.L1, regularizers.L2, regularizers.L1L2])
def test_penalties_take_floats(make, values):
    with pytest.raises(TypeError, match=r"`x` must be an array of float16, bfloat16, float32 or float64\. Received: "):
        make()(values)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("l1", {"l1": 0.01}),
        ("l2", {"l2": 0.01}),
        ("L1", {"l1": 0.01}),
        ("L2", {"l2": 0.01}),
        ("l1_l2", {"l1": 0.01, "l2": 0.01}),
        ("L1L2", {"l1": 0.0, "l2": 0.0}),
        ("orthogonal_regularizer", {"factor": 0.01, "mode": "rows"}),
        ("OrthogonalRegularizer", {"factor": 0.01, "mode": "rows"}),
    ],
)
def test_names(name, config):
    assert regularizers.get(name).get_config() == config


@pytest.mark.parametrize("regularizer", [regularizers.L1(0.3), regularizers.L2(0.2), regularizers.L1L2(0.3, 0.2)])
def test_configs_make_the_same_regularizer_again(regularizer, weights):
    config = json.loads(json.dumps(regularizers.serialize(regularizer)))
    assert config["module"] == "keras.regularizers"
    for again in (
        regularizers.get(config),
        regularizers.get({"class_name": config["class_name"], "config": config["config"]}),
        type(regularizer).from_config(regularizer.get_config()),
        copy.deepcopy(regularizer),
        pickle.loads(pickle.dumps(regularizer)),
    ):
        assert type(again) is type(regularizer)
        assert again(weights) == regularizer(weights)


def test_callables_stand_for_themselves():
    def mine(weights):
        return 0.5 * np.sum(weights)

    assert regularizers.get(mine) is mine
    assert regularizers.serialize(mine) is mine
    assert regularizers.get(None) is None
    assert regularizers.serialize(None) is None
    assert type(regularizers.get(regularizers.L2)) is regularizers.L2


def test_the_base_class():
    assert regularizers.Regularizer()(np.ones(2)) == 0
    with pytest.raises(NotImplementedError, match="Regularizer does not implement `get_config`"):
        regularizers.Regularizer().get_config()


def test_unknown_names():
    with pytest.raises(ValueError, match=r"Unknown regularizer: 'l3'.*`regularizer` must be .*l1_l2.*Received: 'l3'"):
        regularizers.get("l3")


def test_incomplete_configs():
    with pytest.raises(ValueError, match=r"Improper config format\. `regularizer` as a dict must hold .*Received: "):
        regularizers.get({"class_name": "L2"})


@pytest.mark.parametrize("identifier", [3, 0.01, [1], np.zeros(2)])
def test_what_is_no_regularizer(identifier):
    with pytest.raises(ValueError, match=r"(?s)Could not interpret regularizer identifier.*Received: "):
        regularizers.get(identifier)
