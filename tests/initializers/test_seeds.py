"""What seeds of operations and of graphs make of initial values."""

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import initializers
from nb_sepconv.initializers import keras as keras_classes
from tests.seeded_initializers import SEEDED

SHAPE = (3, 4, 5)


@pytest.mark.parametrize("name", SEEDED)
def test_the_same_seed_gives_the_same_values(name):
    make = SEEDED[name]
    first, again, other = make(seed=4)(SHAPE), make(seed=4)(SHAPE), make(seed=5)(SHAPE)
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9


@pytest.mark.parametrize("name", SEEDED)
def test_without_any_seed_values_are_fresh(name):
    assert (SEEDED[name]()(SHAPE) != SEEDED[name]()(SHAPE)).mean() > 0.9


@pytest.mark.parametrize("name", SEEDED)
def test_the_graph_seed_gives_each_initializer_its_own_values(name):
    def three(seed):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            return [SEEDED[name]()(SHAPE) for _ in range(3)]

    first, again, other = three(42), three(42), three(43)
    np.testing.assert_array_equal(first, again)
    for a, b in ((first[0], first[1]), (first[1], first[2]), (first[0], other[0])):
        assert (a != b).mean() > 0.9


def test_an_initializer_of_tf1_draws_anew_at_each_call():
    tf.set_random_seed(1)
    initializer = initializers.random_normal()
    assert (initializer(SHAPE) != initializer(SHAPE)).all()


def test_an_initializer_of_keras_gives_the_same_at_each_call():
    initializer = keras_classes.RandomNormal()
    np.testing.assert_array_equal(initializer(SHAPE), initializer(SHAPE))


def test_graph_and_operation_seed_count_together_in_tf1_but_not_in_keras():
    def with_graph_seed(make, seed):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            return make(seed=7)(SHAPE)

    assert (with_graph_seed(initializers.random_normal, 1) != with_graph_seed(initializers.random_normal, 2)).all()
    one, two = (with_graph_seed(keras_classes.RandomNormal, seed) for seed in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_an_operation_seed_does_not_move_the_graph_seed():
    def second(seed):
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            initializers.random_normal(seed=seed)(SHAPE)
            return initializers.random_normal()(SHAPE)

    assert (second(None) != second(8)).all()
    with tf.Graph().as_default():
        tf.set_random_seed(3)
        np.testing.assert_array_equal(second(8), initializers.random_normal()(SHAPE))


def test_seeds_may_be_zero_negative_large_or_of_numpy():
    values = [initializers.random_uniform(seed=seed)(SHAPE) for seed in (0, -1, 2**40, np.int64(6))]
    tf.set_random_seed(0)
    values += [initializers.random_uniform(seed=0)(SHAPE), initializers.random_uniform()(SHAPE)]
    assert all((a != b).any() for i, a in enumerate(values[:5]) for b in values[:i])
    np.testing.assert_array_equal(values[3], _in_fresh_graph(lambda: initializers.random_uniform(seed=6)(SHAPE)))


def _in_fresh_graph(function):
    with tf.Graph().as_default():
        return function()


@pytest.mark.parametrize("seed", [1.5, "1", True, [1]])
@pytest.mark.parametrize("name", SEEDED)
def test_other_seeds_are_refused(name, seed):
    with pytest.raises(TypeError, match=r"`seed` must be an integer or None\. Received: "):
        SEEDED[name](seed=seed)
