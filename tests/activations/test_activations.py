import copy
import math
import pickle

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import activations, nn
from nb_sepconv.activations.error_function import erf, erfc

NAMES = (
    *("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6"),
    *("selu", "sigmoid", "softmax", "softplus", "softsign", "swish", "tanh"),
)
TF1_NAMES = tuple(name for name in NAMES if name not in ("exponential", "hard_sigmoid", "linear", "mish"))
ELEMENTWISE = tuple(name for name in NAMES if not name.endswith("softmax"))
SIXTEEN_BITS = (np.float16, ml_dtypes.bfloat16)

CLOSED_FORMS = {
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "exponential": math.exp,
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "hard_sigmoid": lambda x: min(max(0.2 * x + 0.5, 0), 1),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "linear": lambda x: x,
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "relu": lambda x: max(x, 0),
    "relu6": lambda x: min(max(x, 0), 6),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "swish": lambda x: x / (1 + math.exp(-x)),
    "tanh": math.tanh,
}
LIMITS = {  # at minus infinity and at infinity
    "elu": (-1, np.inf),
    "exponential": (0, np.inf),
    "gelu": (0, np.inf),
    "hard_sigmoid": (0, 1),
    "leaky_relu": (-np.inf, np.inf),
    "linear": (-np.inf, np.inf),
    "mish": (0, np.inf),
    "relu": (0, np.inf),
    "relu6": (0, 6),
    "selu": (-1.7580993408473766, np.inf),
    "sigmoid": (0, 1),
    "softplus": (0, np.inf),
    "softsign": (-1, 1),
    "swish": (0, np.inf),
    "tanh": (-1, 1),
}


@pytest.fixture
def x():
    return np.random.default_rng(11).normal(0, 4, (5, 67))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_equals_its_closed_form(name, x):
    want = np.vectorize(CLOSED_FORMS[name])(x)
    np.testing.assert_allclose(activations.get(name)(x), want, rtol=3e-15, atol=1e-16)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_takes_its_limits_at_the_infinities(name, dtype):
    x = np.array([-np.inf, np.inf], dtype)
    np.testing.assert_allclose(activations.get(name)(x), np.array(LIMITS[name], dtype), rtol=1e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_is_close_to_its_limits_far_out(name, dtype):
    far = np.array([-1e30, -1e4, 1e4, 1e30], dtype)
    y = activations.get(name)(far)
    low, high = LIMITS[name]
    assert not np.isnan(y).any()
    np.testing.assert_allclose(y[0], low if np.isfinite(low) else CLOSED_FORMS[name](far[0].item()), rtol=1e-6)
    assert y[3] == (high if np.isfinite(high) or name == "exponential" else activations.get(name)(far)[3])


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    y = activations.get(name)(np.array([[np.nan, 1.5], [0.5, -2.5]]))
    assert np.isnan(y[0, 0])
    assert not np.isnan(y[1]).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", SIXTEEN_BITS)
def test_sixteen_bits_compute_in_float32_and_round_once(name, dtype, x):
    narrow = x.astype(dtype)
    got = activations.get(name)(narrow)
    assert got.dtype == dtype
    with np.errstate(over="ignore"):
        want = activations.get(name)(narrow.astype(np.float32)).astype(dtype)
    np.testing.assert_array_equal(got.astype(np.float32), want.astype(np.float32))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3, 4)])
def test_keeps_shape_and_type(name, dtype, shape):
    if shape == () and name.endswith("softmax"):
        return
    y = activations.get(name)(np.full(shape, 0.7, dtype))
    assert type(y) is np.ndarray
    assert y.shape == shape
    assert y.dtype == dtype


@pytest.mark.parametrize("name", NAMES)
def test_reads_any_layout_and_leaves_it_alone(name, x):
    function = activations.get(name)
    for view in (x[::-1, ::3], np.asfortranarray(x), x.astype(">f8"), x.T.copy().T):
        before = view.copy()
        view.flags.writeable = False
        y = function(view)
        np.testing.assert_allclose(y, function(np.ascontiguousarray(before, np.float64)), rtol=1e-14)
        np.testing.assert_array_equal(view, before)
        assert y.dtype.isnative


@pytest.mark.parametrize("name", NAMES)
def test_python_numbers_are_float32(name):
    assert activations.get(name)([0.5, -1.5]).dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("values", [np.array([1 + 2j]), np.array(["a"]), np.array([None])])
def test_refuses_what_is_not_real_numbers(name, values):
    with pytest.raises(TypeError, match=r"`x` must be an array of (integers or floats|float16).*Received"):
        activations.get(name)(values)


@pytest.mark.parametrize("name", NAMES)
def test_integers(name):
    function = activations.get(name)
    if name in ("linear", "relu", "relu6"):
        y = function(np.array([-3, 2, 9]))
        assert y.dtype == np.int64
        assert y.tolist() == [int(CLOSED_FORMS[name](value)) for value in (-3, 2, 9)]
    else:
        with pytest.raises(TypeError, match=r"`x` must be an array of float16.*Received: int64"):
            function(np.array([-3, 2, 9]))


def test_linear_returns_the_array_itself(x):
    assert activations.linear(x) is x


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1)])
def test_softmax_sums_to_one(x, axis):
    y = activations.softmax(x * 200, axis)
    np.testing.assert_allclose(y.sum(axis=axis), 1, rtol=1e-14)
    np.testing.assert_allclose(activations.log_softmax(x, axis), np.log(activations.softmax(x, axis)), atol=1e-13)
    plain = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(activations.softmax(x, axis), plain, rtol=1e-13)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_ignores_minus_infinity(name):
    y = activations.get(name)(np.array([0.3, -np.inf, 1.3]))
    np.testing.assert_allclose(y[[0, 2]], activations.get(name)(np.array([0.3, 1.3])), rtol=1e-15)
    assert y[1] == (0 if name == "softmax" else -np.inf)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "axis"), [((), -1), ((3,), 1), ((2, 3), -3)])
def test_softmax_needs_its_axis(name, shape, axis):
    with pytest.raises(ValueError, match=rf"`axis` of `{name}` must be an axis of an array of shape.*Received: {axis}"):
        activations.get(name)(np.zeros(shape), axis)


def test_parameters(x):
    np.testing.assert_array_equal(activations.leaky_relu(x, 0.7), np.where(x > 0, x, 0.7 * x))
    np.testing.assert_allclose(activations.elu(x, 0.7), np.where(x > 0, x, 0.7 * np.expm1(x)))
    np.testing.assert_allclose(activations.swish(x, 1.7), x / (1 + np.exp(-1.7 * x)), rtol=1e-13)
    tanh_form = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(activations.gelu(x, approximate=True), tanh_form, atol=1e-14)
    ramp = np.where(x < 0.6, 0.3 * (x - 0.6), np.minimum(x, 2.5))
    np.testing.assert_allclose(activations.relu(x, alpha=0.3, max_value=2.5, threshold=0.6), ramp, rtol=1e-15)


@pytest.mark.parametrize("name", TF1_NAMES)
def test_nn_has_the_same_functions_under_tf1_arguments(name, x):
    np.testing.assert_array_equal(getattr(nn, name)(x), activations.get(name)(x))


def test_nn_arguments(x):
    np.testing.assert_array_equal(nn.relu(features=x, name="relu"), activations.relu(x))
    np.testing.assert_array_equal(nn.leaky_relu(x, alpha=0.7), activations.leaky_relu(x, 0.7))
    np.testing.assert_array_equal(nn.softmax(logits=x, axis=0), activations.softmax(x, 0))
    np.testing.assert_array_equal(nn.log_softmax(logits=x, dim=0), activations.log_softmax(x, 0))
    np.testing.assert_array_equal(nn.gelu(x, True), activations.gelu(x, approximate=True))
    np.testing.assert_array_equal(nn.silu(x, beta=1.7), activations.swish(x, 1.7))
    for name in ("exponential", "hard_sigmoid", "linear", "mish"):
        assert getattr(nn, name) is getattr(activations, name)


@pytest.mark.parametrize("function", [nn.softmax, nn.log_softmax])
def test_nn_softmax_refuses_two_axes(function, x):
    with pytest.raises(ValueError, match=r"Cannot specify both `dim` and `axis`. Received: axis=0, dim=1"):
        function(x, axis=0, dim=1)


@pytest.mark.parametrize(("dtype", "relative"), [(np.float16, 1e-3), (np.float32, 1e-7), (np.float64, 1e-15)])
def test_l2_loss(dtype, relative, x):
    loss = nn.l2_loss(x.astype(dtype))
    assert loss.dtype == dtype
    assert loss.shape == ()
    np.testing.assert_allclose(float(loss), np.sum(x.astype(dtype).astype(np.float64) ** 2) / 2, rtol=relative)


def test_l2_loss_refuses_integers():
    with pytest.raises(TypeError, match=r"`t` must be an array of float16.*Received: int64"):
        nn.l2_loss(np.array([1, 2]))


@pytest.mark.parametrize("name", [*NAMES, "silu"])
def test_get_serialize_and_fused_name_agree(name):
    function = activations.get(name)
    canonical = "swish" if name == "silu" else name
    assert activations.serialize(function) == canonical
    assert activations.fused_name(function) == canonical
    assert activations.get({"class_name": "function", "config": name}) is function
    assert activations.get(function) is function


@pytest.mark.parametrize("name", TF1_NAMES)
def test_tf1_spellings_are_recognised(name):
    assert activations.fused_name(getattr(nn, name)) == name
    assert activations.serialize(getattr(nn, name)) == name
    assert activations.get(getattr(nn, name)) is getattr(nn, name)


class Unhashable:
    __hash__ = None

    def __call__(self, x):
        return x


@pytest.mark.parametrize("function", [abs, np.tanh, lambda x: x, Unhashable()])
def test_user_functions_stand_for_themselves(function):
    assert activations.get(function) is function
    assert activations.serialize(function) is function
    assert activations.fused_name(function) is None


def test_none_is_linear():
    assert activations.get(None) is activations.linear


@pytest.mark.parametrize("name", NAMES)
def test_functions_copy_and_pickle_as_themselves(name):
    function = activations.get(name)
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.deepcopy(function) is function


def test_unknown_name():
    message = (
        r"Unknown activation function 'rleu' cannot be deserialized\. `activation` must be .*relu.*Received: 'rleu'"
    )
    with pytest.raises(ValueError, match=message):
        activations.get("rleu")


LAYERS = {
    "ELU": ({"alpha": 0.4}, lambda x: np.where(x > 0, x, 0.4 * np.expm1(x)), {"alpha": 1.0}),
    "LeakyReLU": ({"alpha": 0.4}, lambda x: np.where(x > 0, x, 0.4 * x), {"alpha": 0.3}),
    "ReLU": (
        {"max_value": 4.0, "negative_slope": 0.25, "threshold": 0.5},
        lambda x: np.where(x < 0.5, 0.25 * (x - 0.5), np.minimum(x, 4)),
        {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    ),
    "Softmax": ({"axis": 0}, lambda x: np.exp(x) / np.exp(x).sum(axis=0), {"axis": -1}),
    "ThresholdedReLU": ({"theta": 0.7}, lambda x: np.where(x > 0.7, x, 0), {"theta": 1.0}),
}


@pytest.mark.parametrize("name", LAYERS)
def test_activation_layers_of_keras(name, x):
    config, closed_form, defaults = LAYERS[name]
    written = {"class_name": name, "config": {"name": "act", "trainable": True, "dtype": "float32", **config}}
    layer = activations.get(written)
    np.testing.assert_allclose(layer(x), closed_form(x), rtol=1e-13)
    assert activations.fused_name(layer) is None
    assert activations.serialize(layer) == {
        **{"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    }
    for again in (
        activations.get(activations.serialize(layer)),
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
    ):
        np.testing.assert_array_equal(again(x), layer(x))
    by_name, by_config = activations.get(name), activations.get({"class_name": name, "config": defaults})
    np.testing.assert_array_equal(by_name(x), by_config(x))
    assert (by_name(x) != layer(x)).any()


def test_activation_layers_know_their_arguments():
    config = {"class_name": "LeakyReLU", "config": {"negative_slope": 0.4}}
    assert activations.get(config)([-1.0]).tolist() == np.float32([-0.4]).tolist()
    with pytest.raises(ValueError, match=r"`activation` LeakyReLU takes the arguments alpha, .*Received: 'slope'"):
        activations.get({"class_name": "LeakyReLU", "config": {"slope": 0.4}})


@pytest.mark.parametrize("config", [{}, {"class_name": "function"}, {"class_name": "PReLU", "config": {}}])
def test_config_without_a_function(config):
    with pytest.raises(ValueError, match=r"`activation` as a dict must hold `class_name`.*Received"):
        activations.get(config)


@pytest.mark.parametrize("identifier", [3, 1.5, [np.tanh], np.zeros(2)])
def test_what_is_no_activation(identifier):
    with pytest.raises(TypeError, match=r"(?s)Could not interpret activation function identifier.*Received"):
        activations.get(identifier)


def test_error_function_against_the_c_library():
    x = np.concatenate([np.linspace(-6.5, 6.5, 20001), np.linspace(-0.5, 0.5, 2001), np.geomspace(1e-300, 27, 2001)])
    for ours, theirs in ((erf, math.erf), (erfc, math.erfc)):
        want = np.vectorize(theirs)(x)
        normal = np.abs(want) > 1e-300
        ulps = np.abs(ours(x) - want)[normal] / np.spacing(np.abs(want[normal]))
        assert ulps.max() <= 12


def test_error_function_at_the_edges():
    x = np.array([-np.inf, -30, -0.0, 0.0, 30, np.inf, np.nan])
    np.testing.assert_array_equal(erf(x), [-1, -1, -0.0, 0, 1, 1, np.nan])
    np.testing.assert_array_equal(erfc(x), [2, 2, 1, 1, 0, 0, np.nan])
    assert np.signbit(erf(-0.0))
