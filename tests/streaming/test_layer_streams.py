"""The streams of TF1's and Keras's layers and of stacks of them."""

import numpy as np
import pytest
import window_cases as cases
from stream_cases import cuts_of, streamed
from window_cases import FORMATS, same_bits

import nb_sepconv as tf


def layers(data_format):
    how = {"data_format": data_format}
    for face in (tf.layers, tf.keras.layers):
        yield face.SeparableConv1D(4, 5, padding="same", activation="relu", depth_multiplier=2, **how)
        yield face.SeparableConv1D(4, 3, padding="causal", dilation_rate=3, use_bias=False, **how)
        yield face.SeparableConv1D(4, 3, strides=2, padding="same", activation=lambda x: x * x, **how)
        yield face.SeparableConv1D(4, 2, strides=5, **how)
        yield face.Conv1D(4, 5, padding="same", activation="elu", **how)
        yield face.Conv1D(4, 3, dilation_rate=2, padding="causal", **how)
        yield face.Conv1D(4, 3, strides=4, padding="valid", **how)
        yield face.Conv1D(4, 1, **how)
        if data_format == "channels_last":
            yield face.Dense(4, activation="tanh")
    yield tf.layers.MaxPooling1D(3, 2, padding="same", **how)
    yield tf.layers.MaxPooling1D(3, 1, padding="same", **how)
    yield tf.layers.AveragePooling1D(4, 3, padding="same", **how)
    yield tf.layers.AveragePooling1D(2, 5, padding="valid", **how)
    yield tf.keras.layers.MaxPooling1D(3, 2, padding="same", **how)
    yield tf.keras.layers.BatchNormalization(axis=-1 if data_format == "channels_last" else 1)
    yield tf.layers.BatchNormalization(axis=-1 if data_format == "channels_last" else 1)
    if data_format == "channels_last":
        yield tf.layers.Dropout()


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_stream_of_each_layer_has_the_bits_of_its_call(data_format):
    rng, axis = np.random.default_rng(0), 1 if data_format == "channels_last" else 2
    for length in (3, 23):
        x = rng.standard_normal((2, length, 3) if axis == 1 else (2, 3, length)).astype(np.float32)
        for layer in layers(data_format):
            try:
                answer = layer(x)
            except ValueError:
                continue
            stream = layer.stream(2, length)
            for cuts in cuts_of(rng, length, 2):
                assert same_bits(streamed(stream, x, axis, cuts, len(cuts) // 2), np.asarray(answer)), (layer, cuts)
                stream.reset()


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_a_stack_of_all_kinds_has_the_bits_of_its_call(dtype, data_format):
    rng, last = np.random.default_rng(1), data_format == "channels_last"
    how = {"data_format": data_format}
    stack = tf.Stack(
        tf.layers.Dropout(),
        tf.layers.AveragePooling1D(2, 1, padding="same", **how),
        tf.layers.Conv1D(6, 5, padding="causal", activation="relu", **how),
        tf.layers.BatchNormalization(axis=-1 if last else 1),
        tf.nn.relu,
        tf.layers.MaxPooling1D(3, 2, **how),
        tf.layers.SeparableConv1D(5, 3, padding="same", dilation_rate=2, **how),
        *([tf.layers.Dense(3)] if last else []),
        tf.nn.tanh,
    )
    x = rng.standard_normal((2, 50, 4) if last else (2, 4, 50)).astype(cases.dtype_of(dtype))
    answer, stream = np.asarray(stack(x)), stack.stream(2)
    assert (stream.stride, stream.lookahead) == (2, 7)
    for cuts in cuts_of(rng, 50, 2):
        assert same_bits(streamed(stream, x, 1 if last else 2, cuts, len(cuts) // 2), answer), cuts
        stream.reset()


def test_a_sequential_model_has_a_stream():
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.SeparableConv1D(6, 5, padding="causal"), layers.ReLU(), layers.MaxPooling1D(2), layers.Dense(3)]
    )
    x = np.random.default_rng(3).standard_normal((1, 30, 2)).astype(np.float32)
    answer = np.asarray(model(x))
    assert same_bits(streamed(model.stream(), x, 1, [1] * 5 + [25]), answer)
    for layer in (layers.Flatten(), layers.GlobalMaxPooling1D()):
        with pytest.raises(ValueError, match=r"cannot be cut over time: it joins all steps"):
            layer.stream()


def test_layers_of_both_formats_have_no_stream():
    first, last = tf.keras.layers.SeparableConv1D(4, 3, data_format="channels_first"), tf.keras.layers.Conv1D(4, 3)
    model = tf.keras.Sequential([first, last])
    model(np.zeros((1, 4, 9), np.float32))
    with pytest.raises(ValueError, match=r"must have one `data_format`"):
        model.stream()


def test_a_mixed_policy_computes_in_its_type():
    layer = tf.keras.layers.SeparableConv1D(4, 3, dtype="mixed_float16")
    x = np.random.default_rng(2).standard_normal((1, 20, 2)).astype(np.float32)
    answer, stream = layer(x), layer.stream(dtype="float32")
    assert answer.dtype == np.float16
    assert same_bits(streamed(stream, x, 1, [3, 1, 16]), answer)


def test_a_stream_sees_variables_as_they_are():
    layer, x = tf.layers.SeparableConv1D(4, 3, padding="causal"), np.ones((1, 5, 2), np.float32)
    layer(x)
    stream = layer.stream()
    stream.push(x)
    layer.set_weights([np.full_like(weight, 2) for weight in layer.get_weights()])
    assert same_bits(stream.push(x)[:, :1], layer(np.ones((1, 3, 2), np.float32))[:, 2:])


def test_what_has_no_stream():
    with pytest.raises(ValueError, match=r"has no weights yet: call it once, or build it, before it is cut over time"):
        tf.layers.SeparableConv1D(4, 3).stream()
    with pytest.raises(ValueError, match=r"cannot be cut over time: it joins all steps. Received: a Flatten"):
        tf.layers.Flatten().stream()

    class Own(tf.layers.SeparableConv1D):
        def call(self, inputs):
            return super().call(inputs) + 1

    layer = Own(4, 3)
    layer.build((None, None, 2))
    with pytest.raises(TypeError, match=r"has a `call` of its own, which nobody can look into"):
        layer.stream()


def test_streams_of_a_mixed_policy_leave_the_weights_of_calls_packed():
    layer = tf.keras.layers.SeparableConv1D(4, 3, padding="causal", dtype="mixed_float16")
    inputs = np.random.default_rng(0).standard_normal((1, 10, 2)).astype(np.float16)
    layer(inputs)
    whole, streams = layer(inputs), [layer.stream(), layer.stream()]
    packed = layer._convolution()._state[2]
    known = dict(packed)
    for start in (0, 5):
        for stream in streams:
            found = stream.push(inputs[:, start : start + 5])
            np.testing.assert_array_equal(found, layer(inputs)[:, start : start + 5])
    assert known
    assert layer._convolution()._state[2] is packed
    assert all(packed[name] is entry for name, entry in known.items())
    np.testing.assert_array_equal(layer(inputs), whole)
