"""``Stack``: calls, pickles, nesting; ``receptive_field`` of layers and of functions."""

import pickle

import numpy as np
import pytest
import window_cases as cases
from window_cases import FORMATS, same_bits

import nb_sepconv as tf
from nb_sepconv.convolution.windows import field, places
from nb_sepconv.stacks.probing import probed
from nb_sepconv.stacks.stages import form_of, stages_of


def some_layers():
    return [
        tf.layers.SeparableConv1D(8, 5, padding="same", activation="relu"),
        tf.layers.BatchNormalization(),
        tf.nn.relu,
        tf.layers.MaxPooling1D(2, 2),
        tf.layers.SeparableConv1D(4, 3, padding="causal", dilation_rate=2),
        tf.layers.Dense(2),
    ]


def series(length=50):
    return np.random.default_rng(length).standard_normal((2, length, 3)).astype(np.float32)


def test_a_stack_calls_its_layers_in_turn():
    layers, x = some_layers(), series()
    answer = x
    for layer in layers:
        answer = layer(answer)
    for stack in (tf.Stack(*layers), tf.Stack(layers), tf.Stack(layers[:2], *layers[2:]), tf.Stack(tf.Stack(*layers))):
        assert same_bits(stack(x), answer)
        stages = stages_of(stack)
        assert len(stages) == 6
        assert same_bits(cases.in_chunks(stages, places(stages, x.shape[1]), x, 7), answer)


def test_a_stack_is_a_sequence_of_layers():
    layers = some_layers()
    stack = tf.Stack(*layers)
    assert len(stack) == 6
    assert list(stack) == layers == list(stack.layers)
    assert stack[1] is layers[1]
    assert list(stack[1:3]) == layers[1:3]
    assert repr(tf.Stack(layers[3], tf.nn.relu)) == f"Stack({layers[3]!r}, relu)"


def test_a_stack_pickles_with_its_weights():
    x, stack = series(), tf.Stack(*some_layers(), tf.keras.layers.SeparableConv1D(2, 3))
    answer = stack(x)
    assert same_bits(pickle.loads(pickle.dumps(stack))(x), answer)


def test_what_goes_into_a_stack():
    stack = tf.Stack(tf.layers.Dropout(), *some_layers())
    stack(series())
    assert form_of(stages_of(stack)) == (True, 3, np.dtype(np.float32))
    assert form_of(stages_of(tf.layers.MaxPooling1D(2, 2, data_format="channels_first"))) == (False, None, None)
    assert form_of(stages_of(tf.nn.relu)) == (True, None, None)


def test_refusals_of_a_stack():
    with pytest.raises(ValueError, match=r"`layers` must hold a layer. Received: none"):
        tf.Stack()
    with pytest.raises(TypeError, match=r"`layers` must be layers, activations and stacks. Received: 3"):
        tf.Stack(tf.nn.relu, 3)


def built(**how):
    layer = tf.layers.SeparableConv1D(4, 5, **how)
    layer.build((None, None, 3))
    return layer


def test_receptive_field_of_layers():
    layer = built(padding="causal", dilation_rate=2)
    assert tf.receptive_field(layer) == tf.ReceptiveField(9, 1, 8, 0)
    assert tf.receptive_field([layer, tf.layers.MaxPooling1D(2, 2)]) == (10, 2, 8, 1)
    assert tf.receptive_field(tf.Stack(tf.layers.MaxPooling1D(2, 2), tf.nn.relu, layer)) == (18, 2, 16, 1)
    assert tf.receptive_field(tf.nn.relu) == (1, 1, 0, 0)
    assert tf.receptive_field(built(padding="same")) == (5, 1, 2, 2)


def test_receptive_field_needs_the_length_for_same_with_strides():
    layer = built(padding="same", strides=2)
    with pytest.raises(ValueError, match=r'`length` is needed: the layer "\w+" has padding="same" and the stride 2'):
        tf.receptive_field(layer)
    assert tf.receptive_field(layer, 10) == (5, 2, 1, 3)
    assert tf.receptive_field(layer, 11) == (5, 2, 2, 2)
    with pytest.raises(ValueError, match=r"`length` must be an integer > 0. Received: 0"):
        tf.receptive_field(layer, 0)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_receptive_field_of_functions(data_format, dtype):
    count = 0
    for stages, _ in cases.random_stacks(3, data_format, dtype, seed=5):
        length = 1000 + count
        axis = cases.axis_of(stages)
        found = probed(lambda x, stages=stages: as_a_function(stages, x), 3, length, cases.dtype_of(dtype), axis)
        assert found == field(places(stages, length))
        count += 1
    assert count == 9


def as_a_function(stages, x):
    outputs = cases.whole(stages, x)
    if outputs is None:
        raise ValueError("too short")
    return outputs


def test_receptive_field_of_a_residual_block_and_of_a_mean():
    first, second = built(padding="same"), tf.layers.SeparableConv1D(3, 3, padding="same", dilation_rate=4)
    second(first(series()))

    def block(x):
        return x + second(first(x))

    assert tf.receptive_field(block, channels=3) == (13, 1, 6, 6)
    with pytest.raises(ValueError, match=r"no finite receptive field within 1024 steps.*Received: <function"):
        probed(lambda x: x - x.mean(1, keepdims=True), 3, 500, np.dtype("float32"), 1, longest=1024)
    with pytest.raises(TypeError, match=r"`channels` must say how many channels the function takes. Received: None"):
        tf.receptive_field(block)
    with pytest.raises(TypeError, match=r"`model` must return an array of three axes. Received: shape \(\)"):
        tf.receptive_field(lambda x: x.sum(), channels=3)
    with pytest.raises(TypeError, match=r"`model` must be made of the library's layers.*Received: 3"):
        tf.receptive_field(3)


def test_receptive_field_of_a_function_with_a_stride_needs_the_length():
    layer = built(padding="same", strides=2)

    def function(x):
        return layer(x)

    with pytest.raises(ValueError, match=r"`length` is needed: the function has the stride 2"):
        tf.receptive_field(function, channels=3)
    assert tf.receptive_field(function, 501, channels=3) == tf.receptive_field(layer, 501)
