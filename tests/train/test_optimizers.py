"""Optimizers in a training loop: constraints, the global step, slots, and what they refuse."""

import copy

import numpy as np
import pytest

import nb_sepconv as tf

GENERATOR = np.random.default_rng(12)


def test_constraint_is_applied_after_the_update():
    variable = tf.Variable(np.float32([3, 4]), name="w", constraint=tf.keras.constraints.MaxNorm(1.0))
    tf.train.GradientDescentOptimizer(1.0).apply_gradients([(np.float32([-3, -4]), variable)])
    np.testing.assert_allclose(variable.numpy(), [0.6, 0.8], rtol=1e-6)


def test_constraint_may_work_in_place_and_use_array_methods():
    def clip_in_place(w):
        w[w < 0] = 0
        return w.clip(0, 1.5)

    variable = tf.Variable(np.float32([1, 1]), name="w", constraint=clip_in_place)
    tf.train.GradientDescentOptimizer(1.0).apply_gradients([(np.float32([2, -1]), variable)])
    assert variable.numpy().tolist() == [0.0, 1.5]


def test_constraint_of_a_variable_without_gradient_is_not_applied():
    kept = tf.Variable(np.float32([-1]), name="kept", constraint=tf.keras.constraints.NonNeg())
    other = tf.Variable(np.float32([1]), name="other")
    tf.train.GradientDescentOptimizer(1.0).apply_gradients([(None, kept), (np.float32([2]), other)])
    assert (kept.numpy().item(), other.numpy().item()) == (-1, -1)


def test_layers_see_the_update():
    inputs = GENERATOR.standard_normal((2, 9, 3), np.float32)
    layer = tf.layers.SeparableConv1D(4, 3)
    before = [layer(inputs) for _ in range(3)][-1]
    gradients = [np.ones(weight.shape, np.float32) for weight in layer.trainable_weights]
    tf.train.GradientDescentOptimizer(0.5).apply_gradients(zip(gradients, layer.trainable_weights, strict=True))
    after = layer(inputs)
    weights = layer.get_weights()
    np.testing.assert_array_equal(after, tf.ops.separable_conv1d(inputs, *weights))
    assert not np.allclose(after, before)


def quadratic(variable):
    return lambda: (float(np.sum(variable.numpy() ** 2)), [2 * variable.numpy()])


def test_minimize_returns_the_loss_and_counts():
    step = tf.train.get_or_create_global_step()
    variable = tf.Variable(np.float64([1, 2]), name="w")
    optimizer = tf.train.GradientDescentOptimizer(np.float64(0.25))
    assert [optimizer.minimize(quadratic(variable), global_step=step) for _ in range(3)] == [5, 1.25, 0.3125]
    assert (variable.numpy().tolist(), int(step), tf.train.global_step(None, step)) == ([0.125, 0.25], 3, 3)


def train_from(values, steps):
    """The values of all variables after some steps of Adam, from those of an earlier run or from the start."""
    with tf.Graph().as_default():
        variable, step = tf.Variable(np.arange(1.0, 4.0), name="w"), tf.train.get_or_create_global_step()
        optimizer = tf.train.AdamOptimizer(tf.train.cosine_decay(0.1, step, 9))
        optimizer.build()
        for made in tf.global_variables():
            made.load(values.get(made.name, made.value()))
        for _ in range(steps):
            optimizer.minimize(quadratic(variable), global_step=step)
        return {made.name: made.value() for made in tf.global_variables()}


def test_interrupted_training_goes_on():
    whole, halves = train_from({}, 6), train_from(train_from({}, 3), 3)
    assert list(whole) == ["w:0", "global_step:0", "beta1_power:0", "beta2_power:0", "w/Adam:0", "w/Adam_1:0"]
    for name, value in whole.items():
        np.testing.assert_array_equal(halves[name], value)


def test_failed_step_changes_nothing():
    step = tf.train.get_or_create_global_step()
    first, second = (tf.Variable(np.float32([1]), name=name) for name in ("first", "second"))
    with pytest.raises(
        ValueError, match=r"The gradient of second:0 must have its shape \(1,\). Received: shape \(2,\)"
    ):
        tf.train.AdamOptimizer().apply_gradients([(np.float32([1]), first), (np.float32([1, 2]), second)], step)
    assert (first.numpy().item(), second.numpy().item(), int(step)) == (1, 1, 0)
    assert [variable.name for variable in tf.global_variables()] == ["global_step:0", "first:0", "second:0"]


VARIABLE = {"name": "w", "trainable": False}


@pytest.mark.parametrize(
    ("pairs", "error", "message"),
    [
        (lambda v: [], ValueError, "`grads_and_vars` must hold variables. Received: none"),
        (lambda v: [(None, v)], ValueError, r"No gradients provided for any variable: \['w:0'\]"),
        (lambda v: [v], TypeError, r"must hold pairs \(gradient, variable\). Received: Variable"),
        (lambda v: [(np.zeros(2), v, 3)], TypeError, r"must hold pairs \(gradient, variable\). Received: tuple"),
        (lambda v: [(v, np.zeros(2))], TypeError, "must hold variables of a float type. Received: ndarray"),
        (lambda v: [([1, 2], v)], TypeError, "The gradient of w:0 must be of a float type. Received: int32"),
        (lambda v: [(np.zeros(2, complex), v)], TypeError, "must be of a float type. Received: complex128"),
        (lambda v: [("ab", v)], TypeError, "The gradient of w:0 must be of a float type. Received: str"),
    ],
)
def test_apply_gradients_refuses(pairs, error, message):
    with pytest.raises(error, match=message):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients(pairs(tf.Variable(np.zeros(2), **VARIABLE)))


def test_apply_gradients_refuses_integer_variables():
    with pytest.raises(TypeError, match=r"must hold variables of a float type. Received: the type int32"):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients([(np.zeros(2), tf.Variable([1, 2], **VARIABLE))])


@pytest.mark.parametrize("step", [3, np.zeros(()), lambda: tf.Variable([1], **VARIABLE)])
def test_global_step_must_be_a_variable(step):
    variable = tf.Variable(np.zeros(1), name="w")
    with pytest.raises(TypeError, match=r"`global_step` must be a Variable that holds one number. Received"):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients(
            [(np.ones(1), variable)], step() if callable(step) else step
        )
    assert variable.numpy().item() == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (lambda v: (3.0, [v]), TypeError, "`loss_and_gradients` must be a function .* Received: float"),
        (
            lambda v: (quadratic(v), v),
            TypeError,
            "`var_list` must be a list .* `global_step` by its name. Received: Var",
        ),
        (lambda v: (quadratic(v), 3), TypeError, "`var_list` must be a list of variables.* Received: int"),
        (lambda v: (quadratic(v), []), ValueError, "`var_list` must hold variables to train. Received: none"),
        (lambda v: (quadratic(v),), ValueError, "`var_list` must hold variables to train. Received: none"),
        (lambda v: (quadratic(v), [v, v]), ValueError, "as many gradients as there are variables, 2. Received: 1 grad"),
    ],
)
def test_minimize_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        tf.train.GradientDescentOptimizer(0.1).minimize(*arguments(tf.Variable(np.zeros(2), **VARIABLE)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.AdamOptimizer(name=""), "`name` must be the optimizer's name, not empty. Received: ''"),
        (lambda t: t.AdagradOptimizer(0.1, 0.0), "`initial_accumulator_value` must be positive. Received: 0.0"),
        (lambda t: t.FtrlOptimizer(0.1, 0.5), "`learning_rate_power` must be negative or zero. Received: 0.5"),
        (
            lambda t: t.FtrlOptimizer(0.1, -0.5, -1),
            "`initial_accumulator_value` must be positive or zero. Received: -1",
        ),
        (lambda t: t.FtrlOptimizer(0.1, -0.5, 0.1, -1), "`l1_regularization_strength` must be positive or zero"),
        (lambda t: t.FtrlOptimizer(0.1, -0.5, 0.1, 0, -1), "`l2_regularization_strength` must be positive or zero"),
        (
            lambda t: t.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=-1),
            "`l2_shrinkage_regularization_strength` must be positive or zero. Received: -1",
        ),
    ],
)
def test_constructors_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make(tf.train)


def test_base_class_says_what_to_define():
    with pytest.raises(NotImplementedError, match="Optimizer must define `_apply_dense`"):
        tf.train.Optimizer(False, "base").apply_gradients([(np.ones(1), tf.Variable(np.zeros(1), name="w"))])


def test_optimizer_of_the_user_has_slots():
    class Averaging(tf.train.Optimizer):
        def _create_slots(self, var_list):
            for variable in var_list:
                self._get_or_make_slot(variable, variable.value(), "mean", self.get_name())
                self._zeros_slot(variable, "count", self.get_name())

        def _apply_dense(self, grad, var):
            var.assign_sub(grad)
            self.get_slot(var, "mean").assign((self.get_slot(var, "mean") + var) / 2)

    variable, optimizer = tf.Variable(np.float32([8]), name="w"), Averaging(False, "Mean")
    optimizer.apply_gradients([(np.float32([4]), variable)])
    assert [slot.name for slot in optimizer.variables()] == ["w/Mean:0", "w/Mean_1:0"]
    assert optimizer.get_slot(variable, "mean").numpy().tolist() == [6]


def test_copied_layer_is_trained_with_slots_of_its_own():
    layer = tf.layers.SeparableConv1D(2, 1, use_bias=False)
    layer.build((None, 5, 2))
    copied, optimizer = copy.deepcopy(layer), tf.train.MomentumOptimizer(0.1, 0.9)
    for weight in (layer.weights[0], copied.weights[0]):
        optimizer.apply_gradients([(np.ones(weight.shape, np.float32), weight)])
    slots = [optimizer.get_slot(part.weights[0], "momentum") for part in (layer, copied)]
    assert [slot.name.rpartition("/")[2] for slot in slots] == ["Momentum:0", "Momentum_1:0"]
    assert all(np.all(slot.numpy() == 1) for slot in slots)


def test_train_says_what_it_has_not():
    with pytest.raises(AttributeError, match=r"module 'nb_sepconv.train' has no attribute 'MonitoredSession'"):
        _ = tf.train.MonitoredSession
    assert {"AdamOptimizer", "exponential_decay", "get_or_create_global_step"} <= set(dir(tf.train))


def test_global_step_is_asserted():
    with pytest.raises(TypeError, match=r'Existing "global_step" must be a Variable. Received: 3'):
        tf.train.assert_global_step(3)
    with pytest.raises(TypeError, match=r'Existing "global_step" does not have integer type. Received: float32'):
        tf.train.assert_global_step(tf.Variable(1.0, **VARIABLE))
    with pytest.raises(TypeError, match=r'Existing "global_step" is not scalar. Received: shape \(1,\)'):
        tf.train.assert_global_step(tf.Variable([1], **VARIABLE))
    tf.train.create_global_step()
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()
