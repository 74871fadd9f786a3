"""Optimizers compute their formulas, for any type, shape and layout."""

import numpy as np
import pytest

import nb_sepconv as tf

ml_dtypes = pytest.importorskip("ml_dtypes")

GENERATOR = np.random.default_rng(11)
SHAPE = (3, 5, 7)


def random(shape=SHAPE, dtype=np.float64):
    return GENERATOR.standard_normal(shape).astype(dtype)


class Formulas:
    """One step of each optimizer on float64 arrays, written as in the papers."""

    @staticmethod
    def momentum(w, g, slots, nesterov):
        a = 0.9 * slots["momentum"] + g
        return w - 0.1 * (g + 0.9 * a if nesterov else a), {"momentum": a}

    @staticmethod
    def adagrad(w, g, slots):
        a = slots["accumulator"] + g**2
        return w - 0.1 * g / np.sqrt(a), {"accumulator": a}

    @staticmethod
    def adadelta(w, g, slots):
        squares = 0.9 * slots["accum"] + 0.1 * g**2
        update = np.sqrt(slots["accum_update"] + 1e-3) / np.sqrt(squares + 1e-3) * g
        return w - 0.5 * update, {"accum": squares, "accum_update": 0.9 * slots["accum_update"] + 0.1 * update**2}

    @staticmethod
    def rmsprop(w, g, slots, centered):
        rms = 0.8 * slots["rms"] + 0.2 * g**2
        mean = 0.8 * slots["mg"] + 0.2 * g if centered else 0
        moment = 0.5 * slots["momentum"] + 0.1 * g / np.sqrt(rms - mean**2 + 1e-3)
        return w - moment, {"rms": rms, "momentum": moment, **({"mg": mean} if centered else {})}

    @staticmethod
    def adam(w, g, slots, step):
        m, v = 0.8 * slots["m"] + 0.2 * g, 0.9 * slots["v"] + 0.1 * g**2
        return w - 0.1 * np.sqrt(1 - 0.9**step) / (1 - 0.8**step) * m / (np.sqrt(v) + 1e-3), {"m": m, "v": v}

    @staticmethod
    def ftrl(w, g, slots):
        before, after = slots["accum"], slots["accum"] + g**2
        linear = slots["linear"] + g + 2 * 0.03 * w - (after**0.7 - before**0.7) / 0.2 * w
        kept = (np.sign(linear) * 0.4 - linear) / (after**0.7 / 0.2 + 2 * 0.1)
        return np.where(np.abs(linear) > 0.4, kept, 0), {"accum": after, "linear": linear}


CASES = {
    "gradient_descent": (lambda n: tf.train.GradientDescentOptimizer(n(0.1)), lambda w, g, s, t: (w - 0.1 * g, {})),
    "momentum": (
        lambda n: tf.train.MomentumOptimizer(n(0.1), n(0.9)),
        lambda w, g, s, t: Formulas.momentum(w, g, s, nesterov=False),
    ),
    "nesterov": (
        lambda n: tf.train.MomentumOptimizer(n(0.1), n(0.9), use_nesterov=True),
        lambda w, g, s, t: Formulas.momentum(w, g, s, nesterov=True),
    ),
    "adagrad": (lambda n: tf.train.AdagradOptimizer(n(0.1)), lambda w, g, s, t: Formulas.adagrad(w, g, s)),
    "adadelta": (
        lambda n: tf.train.AdadeltaOptimizer(n(0.5), n(0.9), n(1e-3)),
        lambda w, g, s, t: Formulas.adadelta(w, g, s),
    ),
    "rmsprop": (
        lambda n: tf.train.RMSPropOptimizer(n(0.1), n(0.8), n(0.5), n(1e-3)),
        lambda w, g, s, t: Formulas.rmsprop(w, g, s, centered=False),
    ),
    "centered": (
        lambda n: tf.train.RMSPropOptimizer(n(0.1), n(0.8), n(0.5), n(1e-3), centered=True),
        lambda w, g, s, t: Formulas.rmsprop(w, g, s, centered=True),
    ),
    "adam": (lambda n: tf.train.AdamOptimizer(n(0.1), n(0.8), n(0.9), n(1e-3)), Formulas.adam),
    "ftrl": (
        lambda n: tf.train.FtrlOptimizer(
            n(0.2),
            learning_rate_power=-0.7,
            l1_regularization_strength=0.4,
            l2_regularization_strength=0.1,
            l2_shrinkage_regularization_strength=0.03,
        ),
        lambda w, g, s, t: Formulas.ftrl(w, g, s),
    ),
}
TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 2e-2, "bfloat16": 1e-1}


def dtype_of(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def follow(optimizer, formula, variable, steps, dtype):
    """Yield the variable's expected value and its slots' after each step."""
    w, slots = variable.value().astype(float), {}
    for step in range(1, steps + 1):
        gradient = random(variable.shape).astype(dtype)
        if not slots:
            optimizer._create_slots([variable])
            slots = {name: np.array(optimizer.get_slot(variable, name), float) for name in optimizer.get_slot_names()}
        w, slots = formula(w, gradient.astype(float), slots, step)
        optimizer.apply_gradients([(gradient, variable)])
        yield w, slots


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_follows_the_formula(name, dtype):
    make, formula = CASES[name]
    variable = tf.Variable(random(dtype=dtype_of(dtype)), name="w")
    optimizer = make(np.float64)
    tolerance = 1e-6 if (name, dtype) == ("ftrl", "float64") else TOLERANCE[dtype]  # Ftrl keeps factors in float32
    for w, slots in follow(optimizer, formula, variable, 3, dtype_of(dtype)):
        np.testing.assert_allclose(variable.numpy().astype(float), w, rtol=tolerance, atol=tolerance)
        assert optimizer.get_slot_names() == sorted(slots)
        for slot, wanted in slots.items():
            made = optimizer.get_slot(variable, slot)
            assert made.dtype == variable.dtype
            np.testing.assert_allclose(made.numpy().astype(float), wanted, rtol=tolerance, atol=tolerance)


def step_from(gradient, variable_value=None):
    """The variable after one step of Adam from a value that is always the same."""
    value = np.random.default_rng(1).standard_normal(SHAPE) if variable_value is None else variable_value
    variable = tf.Variable(value, name="w")
    tf.train.AdamOptimizer(0.1).apply_gradients([(gradient, variable)])
    return variable.numpy()


def reversed_view(array):
    return array[::-1].copy()[::-1]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def unaligned(array):
    buffer = np.empty(array.nbytes + 1, np.uint8)
    view = (
        buffer[1:].view(array.dtype) if array.dtype.itemsize == 1 else np.ndarray(array.shape, array.dtype, buffer, 1)
    )
    view[...] = array
    return view


@pytest.mark.parametrize(
    "lay_out",
    [
        np.asfortranarray,
        reversed_view,
        read_only,
        unaligned,
        lambda a: a.astype(">f8"),
        lambda a: np.stack([a, a], -1)[..., 1],
    ],
)
def test_layout_of_the_gradient_does_not_matter(lay_out):
    gradient = random()
    before = gradient.copy()
    np.testing.assert_array_equal(step_from(lay_out(gradient)), step_from(gradient))
    np.testing.assert_array_equal(gradient, before)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (127,), (128,), (129,), (2, 0, 3)])
def test_any_shape(shape):
    value, gradient = random(shape), random(shape)
    variable = tf.Variable(value, name="w")
    tf.train.GradientDescentOptimizer(np.float64(0.5)).apply_gradients([(gradient, variable)])
    np.testing.assert_allclose(variable.numpy(), value - 0.5 * gradient, rtol=1e-15)


def test_gradient_may_be_the_variables_memory():
    for name, (make, _) in CASES.items():
        value = random()
        apart, together = (tf.Variable(value, name=name) for _ in range(2))
        make(np.float64).apply_gradients([(apart.value(), apart)])
        make(np.float64).apply_gradients([(together.numpy(), together)])
        np.testing.assert_array_equal(together.numpy(), apart.numpy())


def test_float64_gradients_of_float32_variables_are_rounded():
    gradient = random((4,))
    updated = [step_from(g, np.zeros(4, np.float32)) for g in (gradient, gradient.astype(np.float32))]
    assert updated[0].dtype == np.float32
    np.testing.assert_array_equal(*updated)


def test_infinities_and_nans_stay_visible():
    variable = tf.Variable(np.zeros(3, np.float32), name="w")
    tf.train.AdagradOptimizer(0.1).apply_gradients([(np.float32([np.nan, np.inf, 1]), variable)])
    assert np.isnan(variable.numpy()).tolist() == [True, True, False]


def test_division_by_zero_is_an_infinity():
    variable = tf.Variable(np.zeros(2, np.float32), name="w")
    optimizer = tf.train.RMSPropOptimizer(0.1, decay=0.0, epsilon=0.0)
    optimizer.apply_gradients([(np.float32([0, 2]), variable)])
    assert np.isnan(variable.numpy()).tolist() == [True, False]


def test_every_number_may_be_a_function():
    for make, _ in (CASES[name] for name in ("momentum", "adadelta", "rmsprop", "adam")):
        fixed, asked = (tf.Variable(np.arange(4.0), name="w") for _ in range(2))
        for optimizer, variable in ((make(np.float64), fixed), (make(lambda value: lambda: np.float64(value)), asked)):
            optimizer.apply_gradients([(np.linspace(-1, 1, 4), variable)])
        np.testing.assert_array_equal(asked.numpy(), fixed.numpy())
