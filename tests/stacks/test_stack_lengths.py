"""Stacks of layers of every kind on batches whose examples end at steps of their own."""

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import nn

LENGTHS = np.array([40, 0, 23, 8, 1, 39])


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def series(layout):
    x = np.random.default_rng(0).standard_normal((6, 40, 3)).astype(np.float32)
    for one, length in zip(x, LENGTHS, strict=True):
        one[length:] = np.nan
    return x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 2, 1))


def separable(layout, **keywords):
    return tf.layers.SeparableConv1D(5, 3, data_format=layout, bias_initializer="ones", **keywords)


def stacks(layout):
    keras = tf.keras.layers

    def first():
        return separable(layout, strides=2, padding="same", activation="relu")

    yield tf.Stack(first(), separable(layout, padding="same"))
    yield tf.Stack(first(), tf.Stack(separable(layout), separable(layout, activation="gelu")))
    yield tf.Stack(separable(layout), nn.relu, tf.layers.Conv1D(4, 3, 2, padding="same", data_format=layout))
    yield tf.Stack(separable(layout), tf.layers.MaxPooling1D(3, 2, padding="same", data_format=layout), first())
    if layout == "channels_last":
        yield tf.Stack(
            tf.layers.Dense(5, activation="relu"), first(), keras.Dense(2, activation="tanh"), keras.Softmax()
        )
        yield tf.Stack(separable(layout), tf.layers.BatchNormalization(), separable(layout))


def up_to(array, n, steps, layout):
    return array[n : n + 1, :steps] if layout == "channels_last" else array[n : n + 1, :, :steps]


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_each_example_gives_what_it_gives_alone(layout):
    x = series(layout)
    for stack in stacks(layout):
        y = stack(x, lengths=LENGTHS)
        np.testing.assert_array_equal(stack(x, mask=np.arange(40) < LENGTHS[:, None]), y)
        steps = stack.compute_output_lengths(LENGTHS)
        assert y.shape == stack(np.nan_to_num(x)).shape
        for n, (length, own) in enumerate(zip(LENGTHS, steps, strict=True)):
            mine = up_to(y, n, own, layout)
            if own:
                alone = stack(np.ascontiguousarray(up_to(x, n, length, layout)))
                np.testing.assert_array_equal(mine, alone, err_msg=repr(stack))
            mine[...] = 0
        assert not y.any(), stack
        assert not stack(x, lengths=[0] * 6).any()


def test_a_layer_that_joins_the_steps_gets_the_steps_of_each_example():
    stack = tf.Stack(
        tf.Stack(separable("channels_last", padding="same"), tf.keras.layers.GlobalAveragePooling1D()), nn.tanh
    )
    x = series("channels_last")
    y = stack(x, lengths=LENGTHS)
    assert y.shape == (6, 5)
    for n, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(y[n], stack(x[n : n + 1, :length])[0] if length else 0)


def test_errors():
    stack = tf.Stack(separable("channels_last"))
    x = series("channels_last")
    stack.layers[0].build((None, None, 3))
    for told, error, message in (
        ({"lengths": [1]}, ValueError, r"`lengths` must have the shape \(6,\)"),
        ({"lengths": LENGTHS, "mask": x[..., 0] > 0}, ValueError, "`lengths` and `mask` say the same"),
        ({"mask": np.ones((6, 39), bool)}, ValueError, r"`mask` must have the shape \(6, 40\)"),
    ):
        with pytest.raises(error, match=message):
            stack(x, **told)
    with pytest.raises(ValueError, match="`inputs` must have 3 axes"):
        stack(x[0], lengths=LENGTHS)
    with pytest.raises(TypeError, match="`lengths` are for arrays in the host's memory"):
        stack([[1.0]], lengths=[1])
    with pytest.raises(TypeError, match="`lengths` must be integers"):
        stack.compute_output_lengths(0.5)
