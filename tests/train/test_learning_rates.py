"""Learning rates: numbers, variables, functions, and decays that follow the global step."""

import numpy as np
import pytest

import nb_sepconv as tf


def test_learning_rate_may_be_a_variable_a_function_or_a_decay():
    step = tf.train.get_or_create_global_step()
    held = tf.Variable(1.0, name="rate", trainable=False)
    rates = [held, lambda: 1.0 / (1 + int(step)), tf.train.inverse_time_decay(1.0, step, 1, 1.0)]
    for rate in rates:
        step.assign(0)
        variable = tf.Variable(np.float32([0]), name="w")
        optimizer = tf.train.GradientDescentOptimizer(rate)
        for value in (1.0, 0.5):
            held.assign(value)
            optimizer.apply_gradients([(np.float32([1]), variable)], global_step=step)
        assert variable.numpy().tolist() == [-1.5], rate


def test_expressions_of_a_decay_follow_the_step():
    step = tf.train.get_or_create_global_step()
    decay = tf.train.exponential_decay(1.0, step, 1, 0.5)
    floored, halved = np.maximum(decay, 0.25), decay / 2
    seen = []
    for number in range(4):
        step.assign(number)
        seen.append([float(decay), float(floored), float(halved), bool(decay < 0.3)])
    assert seen == [[1, 1, 0.5, False], [0.5, 0.5, 0.25, False], [0.25, 0.25, 0.125, True], [0.125, 0.25, 0.0625, True]]


def test_decay_is_a_number():
    decay = tf.train.exponential_decay(1.0, 3, 1, 0.5)
    assert (decay(), decay.dtype, decay.shape, np.asarray(decay).shape) == (0.125, np.float32, (), ())
    assert (decay * np.ones(2)).tolist() == [0.125, 0.125]
    assert repr(decay) == "<DecayedRate, now np.float32(0.125)>"


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        ("fast", TypeError, r"`learning_rate` must be a real number or a function that returns one. Received: .*fast"),
        (1j, TypeError, r"`learning_rate` must be a real number"),
        (None, TypeError, r"`learning_rate` must be a real number .* Received: array\(None"),
        ([0.1, 0.2], ValueError, r"`learning_rate` must be a single number. Received: an array of shape \(2,\)"),
    ],
)
def test_learning_rate_must_be_a_number(rate, error, message):
    variable = tf.Variable(np.float32([1]), name="w")
    with pytest.raises(error, match=message):
        tf.train.GradientDescentOptimizer(rate).apply_gradients([(np.float32([1]), variable)])
    assert variable.numpy().tolist() == [1]


def test_decays_refuse_what_is_no_number():
    with pytest.raises(TypeError, match=r"`decay_rate` must be a real number"):
        tf.train.exponential_decay(0.1, 3, 2, "half")
    with pytest.raises(TypeError, match=r"`learning_rate` must be a float. Received: 1"):
        tf.train.cosine_decay(1, 3, 2)
    with pytest.raises(ValueError, match=r"`global_step` must be a single number. Received: an array of shape \(2,\)"):
        tf.train.cosine_decay(0.1, [3, 4], 2)


@pytest.mark.parametrize(
    ("boundaries", "values", "message"),
    [
        ([1, 2], [0.1, 0.2], "`values` must be one more than `boundaries`. Received: 2 values and 2 boundaries"),
        ([1.0], [0.1, 0.2], r"`boundaries` must have the type of `x`, int64. Received: \[1.0\]"),
        ([1], [0.1, 2], r"`values` must all be of one type. Received: \[0.1, 2\]"),
    ],
)
def test_piecewise_constant_refuses(boundaries, values, message):
    with pytest.raises(ValueError, match=message):
        tf.train.piecewise_constant(tf.train.get_or_create_global_step(), boundaries, values)
