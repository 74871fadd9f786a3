"""Training runs follow those that TensorFlow recorded, in every variable and slot."""

from pathlib import Path

import numpy as np
import pytest
from training_cases import DECAY_STEPS, DECAYS, KEPT_STEPS, OPTIMIZERS, batches, new_layers

import nb_sepconv as tf

RECORDED = np.load(Path(__file__).parents[1] / "data" / "training.npz")
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
DECAYED = {"exponential_decay", "piecewise_constant", "polynomial_decay", "cosine_decay"}
RATE_TOLERANCE = 1e-6  # decays are computed in float32, whose powers and cosines differ in the last place


def train(make_optimizer, dtype):
    """Yield the loss before each step; the variables are the graph's."""
    layers, optimizer = new_layers(tf, dtype), None
    for inputs, targets in batches(dtype):
        loss, gradients = loss_and_gradients(layers, inputs, targets)
        if optimizer is None:
            step = tf.train.get_or_create_global_step()
            optimizer = make_optimizer(tf.train, step)
        optimizer.apply_gradients(zip(gradients, tf.trainable_variables(), strict=True), global_step=step)
        yield loss


def loss_and_gradients(layers, inputs, targets):
    """The mean square of how far the means over time are off, with the penalties, and its gradients."""
    outputs, pullbacks = inputs, []
    with tf.variable_scope("model"):
        for layer in layers:
            outputs, pullback = layer.value_and_pullback(outputs)
            pullbacks.append(pullback)
    off = outputs.mean(axis=1) - targets
    d_outputs = np.broadcast_to((2 / off.size / outputs.shape[1] * off)[:, None], outputs.shape)
    gradients = []
    for pullback in reversed(pullbacks):
        d_outputs, found = pullback(d_outputs, regularization=True)
        gradients = found + gradients
    return np.mean(off**2) + tf.losses.get_regularization_loss(), gradients


def relative_error(got, wanted):
    return np.max(np.abs(got - wanted)) / max(np.max(np.abs(wanted)), np.finfo(np.float32).tiny)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_follows_tensorflow(name, dtype):
    losses, kept, names = (RECORDED[f"{name}|{dtype}|{what}"] for what in ("losses", "kept", "names"))
    kept, tolerance = iter(kept), max(TOLERANCE[dtype], RATE_TOLERANCE if name in DECAYED else 0)
    for step, loss in enumerate(train(OPTIMIZERS[name], dtype), 1):
        assert relative_error(loss, losses[step - 1]) <= tolerance, step
        if step in KEPT_STEPS:
            assert_equal_variables(str(names).split(), next(kept), tolerance)
    assert next(kept, None) is None


def assert_equal_variables(names, elements, tolerance):
    variables = {variable.name: variable for variable in tf.global_variables()}
    assert set(variables) == set(names)
    for name in names:
        size = variables[name].size
        wanted, elements = elements[:size].reshape(variables[name].shape), elements[size:]
        assert relative_error(variables[name].numpy(), wanted) <= tolerance, name
    assert elements.size == 0


@pytest.mark.parametrize("name", DECAYS)
def test_learning_rates_are_tensorflows(name):
    step = tf.train.get_or_create_global_step()
    rate = DECAYS[name](tf.train, step)
    for number, wanted in zip(DECAY_STEPS, RECORDED[f"decay|{name}"], strict=True):
        step.assign(number)
        assert np.asarray(rate).dtype == wanted.dtype
        np.testing.assert_allclose(rate, wanted, rtol=3e-6, atol=2e-8)
