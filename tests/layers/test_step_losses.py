"""Losses that calls add: they count until a training step is over."""

import copy
import pickle

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv.framework.call_losses import KEPT

X = np.random.default_rng(2).standard_normal((2, 9, 3)).astype(np.float32)


def layer_of(**options):
    return tf.layers.SeparableConv1D(4, 3, activity_regularizer=tf.reduce_sum, **options)


def zeros(layer):
    return [np.zeros(v.shape, np.float32) for v in layer.trainable_variables]


def collected():
    return len(tf.losses.get_regularization_losses())


def test_a_step_ends_with_its_update():
    """Every step's loss was the sum of those of all steps before."""
    layer, optimizer = layer_of(bias_regularizer="l2"), tf.train.GradientDescentOptimizer(0.1)
    for calls in (1, 2, 1):
        for _ in range(calls):
            layer(X)
        assert (len(layer.losses), collected()) == (calls + 1, calls + 1)
        optimizer.apply_gradients(zip(zeros(layer), layer.trainable_variables, strict=True))
        assert (len(layer.losses), collected()) == (1, 1)


def test_minimize_forgets_what_came_before_it():
    layer, seen = layer_of(), []
    layer(X)

    def loss_and_gradients():
        layer(X)
        seen.append(collected())
        return 0.0, zeros(layer)

    optimizer = tf.train.AdamOptimizer(0.1)
    for _ in range(3):
        layer(X)
        optimizer.minimize(loss_and_gradients, layer.trainable_variables)
    assert seen == [1, 1, 1]


def test_a_refused_update_ends_no_step():
    layer = layer_of()
    layer(X)
    with pytest.raises(ValueError, match="must have its shape"):
        tf.train.GradientDescentOptimizer(0.1).apply_gradients([(np.zeros(1, np.float32), layer.bias)])
    assert collected() == 1


def test_what_call_adds_counts_for_the_step_and_functions_of_build_stay():
    class Adding(tf.layers.SeparableConv1D):
        def build(self, shape):
            super().build(shape)
            self.add_loss(lambda: np.float32(3))

        def call(self, inputs):
            self.add_loss([lambda: np.float32(1), np.float32(2)])
            return super().call(inputs)

    layer = Adding(4, 3)
    for _ in range(2):
        layer(X)
    assert sorted(map(float, layer.losses)) == [1, 1, 2, 2, 3]
    tf.losses.clear_call_losses()
    assert list(map(float, layer.losses)) == [3]


def test_numbers_in_collections_of_losses_belong_to_the_step():
    for key in (tf.GraphKeys.LOSSES, tf.GraphKeys.REGULARIZATION_LOSSES, "mine"):
        tf.add_to_collection(key, np.float32(1))
        tf.add_to_collection(key, 2.5)
    tf.losses.clear_call_losses()
    assert [tf.get_collection(key) for key in ("losses", "regularization_losses", "mine")] == [[], [], [1, 2.5]]


def test_without_steps_the_last_thousand_are_kept():
    layer = layer_of(use_bias=False)
    for factor in range(KEPT + 5):
        layer.add_loss(np.float32(factor))
    assert [float(loss) for loss in layer.losses] == list(range(5, KEPT + 5))
    assert collected() == KEPT


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_step_ends_for_copies_too(twin_of):
    layer = layer_of()
    layer(X)
    twin = twin_of(layer)
    assert len(twin.losses) == 1
    tf.losses.clear_call_losses()
    assert (layer.losses, twin.losses) == ([], [])
