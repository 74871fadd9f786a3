"""The stages of layers: the layers' bits, with other zeros in the place of their padding."""

import numpy as np
import pytest
import window_cases as cases
from window_cases import FORMATS, same_bits

import nb_sepconv as tf
from nb_sepconv.convolution.windows import places
from nb_sepconv.stacks.stages import output_channels, stages_of

F32 = np.float32
CLASSES = {
    "separable": lambda **how: tf.layers.SeparableConv1D(4, 3, **how),
    "separable of Keras": lambda **how: tf.keras.layers.SeparableConv1D(4, 3, **how),
    "conv1d": lambda **how: tf.layers.Conv1D(4, 3, **how),
    "conv1d of Keras": lambda **how: tf.keras.layers.Conv1D(4, 3, **how),
    "max pooling": lambda **how: tf.layers.MaxPooling1D(3, how.pop("strides", 1), **how),
    "average pooling": lambda **how: tf.layers.AveragePooling1D(3, how.pop("strides", 1), **how),
}
MOVES = [
    {"padding": "valid"},
    {"padding": "same"},
    {"padding": "causal"},
    {"padding": "same", "strides": 2},
    {"padding": "valid", "strides": 4},
    {"padding": "same", "dilation_rate": 2},
    {"padding": "causal", "dilation_rate": 3},
]
CASES = [
    (kind, moves, data_format)
    for kind in CLASSES
    for moves in MOVES
    for data_format in FORMATS
    if "pooling" not in kind or not ({"dilation_rate"} & moves.keys() or moves["padding"] == "causal")
]


def inputs_of(data_format, length, dtype=F32, examples=2):
    x = np.random.default_rng(length).standard_normal((examples, length, 3)).astype(dtype)
    return x if data_format == "channels_last" else np.ascontiguousarray(x.swapaxes(1, 2))


def check_chunks(layer, x, chunks=(1, 2, 5)):
    answer = layer(x)
    stages = stages_of(layer)
    axis = cases.axis_of(stages)
    where = places(stages, x.shape[axis])
    assert where[-1].steps == answer.shape[axis]
    assert output_channels(stages, x.shape[3 - axis]) == answer.shape[3 - axis]
    for chunk in (*chunks, where[-1].steps):
        assert same_bits(cases.in_chunks(stages, where, x, chunk), answer), (layer, chunk)


@pytest.mark.parametrize(("kind", "moves", "data_format"), CASES, ids=str)
def test_chunks_of_a_layer_have_its_bits(kind, moves, data_format):
    layer = CLASSES[kind](data_format=data_format, **moves)
    for length in (4, 5, 11):
        check_chunks(layer, inputs_of(data_format, length))


@pytest.mark.parametrize("activation", ["gelu", "softmax", lambda x: x * F32(2), tf.keras.activations.glu])
def test_activations_that_numpy_computes(activation):
    check_chunks(tf.keras.layers.SeparableConv1D(4, 3, activation=activation), inputs_of("channels_last", 11))
    check_chunks(tf.keras.layers.Conv1D(4, 3, activation=activation), inputs_of("channels_last", 11))


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_layers_of_a_step(dtype):
    dtype = cases.dtype_of(dtype)
    x = inputs_of("channels_last", 9, dtype)
    check_chunks(tf.layers.Dense(5, activation="relu"), x)
    check_chunks(tf.layers.Dropout(0.5), x)
    normalization = tf.layers.BatchNormalization(
        moving_mean_initializer=tf.initializers.random_normal(), gamma_initializer=tf.initializers.random_normal()
    )
    check_chunks(normalization, x)
    check_chunks(tf.layers.BatchNormalization(axis=1), inputs_of("channels_first", 9, dtype))


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_types(dtype):
    dtype = cases.dtype_of(dtype)
    x = inputs_of("channels_first", 20, dtype)
    check_chunks(tf.layers.SeparableConv1D(4, 5, data_format="channels_first", activation="swish"), x)
    check_chunks(tf.layers.MaxPooling1D(3, 2, "same", data_format="channels_first"), x)
    check_chunks(tf.layers.AveragePooling1D(3, 2, "same", data_format="channels_first"), x)


@pytest.mark.parametrize("kind", ["SeparableConv1D", "Conv1D"])
def test_mixed_precision_and_casting(kind):
    layer = getattr(tf.keras.layers, kind)(4, 3, dtype="mixed_float16")
    check_chunks(layer, inputs_of("channels_last", 9, np.float16))
    stage = layer._stage()
    assert stage.dtype == np.float16
    x = inputs_of("channels_last", 9)
    assert same_bits(stage.convolve(x, (0, 0)), layer(x))


@pytest.mark.parametrize("make", [tf.layers.SeparableConv1D, tf.layers.Conv1D])
def test_weights_that_a_custom_getter_computes(make):
    def doubled(getter, *arguments, **keywords):
        return np.asarray(getter(*arguments, **keywords)) * F32(2)

    with tf.variable_scope("doubled", custom_getter=doubled):
        layer = make(4, 3)
        check_chunks(layer, inputs_of("channels_last", 9))


def test_a_stage_takes_the_weights_as_they_are_now():
    x, layer = inputs_of("channels_last", 9), tf.layers.SeparableConv1D(4, 3)
    before, stage = layer(x), layer._stage()
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    after = layer(x)
    assert same_bits(stage.convolve(x, (0, 0)), after)
    assert not same_bits(before, after)


def test_outputs_into_an_array():
    x = inputs_of("channels_last", 9)
    layers = [tf.layers.SeparableConv1D(4, 3), tf.layers.Conv1D(4, 3), tf.layers.Dense(4), tf.layers.Dropout()]
    layers += [
        tf.layers.MaxPooling1D(3, 1),
        tf.layers.BatchNormalization(),
        tf.layers.SeparableConv1D(4, 3, activation="gelu"),
    ]
    for layer in layers:
        answer = layer(x)
        out = np.full_like(answer, np.nan)
        assert layer._stage().convolve(x, (0, 0), out) is out
        assert same_bits(out, answer)


def test_weights_are_packed_once_for_all_zeros():
    """By the calls that pack, which the first window alone makes."""
    x, layer = inputs_of("channels_last", 64), tf.layers.SeparableConv1D(4, 3)
    layer(x)
    stage = layer._stage()
    stage.convolve(x, (0, 0))
    packs = layer._packed_convolution._state[2]
    kept = {form: packed for form, (_, packed) in packs.items()}
    for zeros in ((1, 0), (0, 1), (2, 2)):
        stage.convolve(x, zeros)
    assert all(packs[form][1] is packed for form, packed in kept.items())


def test_refusals():
    x = inputs_of("channels_first", 9)
    with pytest.raises(ValueError, match=r"has no weights yet: call it once, or build it.*Received: <SeparableConv1D"):
        stages_of(tf.layers.SeparableConv1D(4, 3))
    with pytest.raises(ValueError, match=r"cannot be cut over time: it joins all steps\. Received: a Flatten"):
        stages_of([tf.layers.Flatten()])
    softmax = tf.layers.SeparableConv1D(4, 3, data_format="channels_first", activation="softmax")
    softmax(x)
    with pytest.raises(ValueError, match=r"cannot be cut over time.*`activation`.*'softmax' with channels_first"):
        output_channels(stages_of(softmax), 3)
    wrong = tf.layers.SeparableConv1D(4, 3)
    wrong(inputs_of("channels_last", 9))
    with pytest.raises(ValueError, match=r'The layer "\w+" takes 3 channels\. Received: 5'):
        output_channels(stages_of(wrong), 5)
    with pytest.raises(
        ValueError, match=r"must have one `data_format`\. Received: channels_first of .*, channels_last of"
    ):
        stages_of([softmax, wrong])
    normalization = tf.layers.BatchNormalization(axis=[1, 2])
    normalization(x)
    with pytest.raises(ValueError, match=r"`axis` must be the channels'\. Received: \[1, 2\] of 3 axes"):
        stages_of(normalization)
    with pytest.raises(TypeError, match=r"`model` must be made of the library's layers.*Received: <function"):
        stages_of([wrong, lambda x: x])
    with pytest.raises(ValueError, match=r"`model` must have a layer\. Received: \[\]"):
        stages_of([])


def test_a_call_of_its_own_is_refused():
    class Doubled(tf.layers.Dropout):
        def call(self, inputs, training=False):
            return 2 * inputs

    with pytest.raises(
        TypeError, match=r"has a `call` of its own.*`lambda inputs: layer\(inputs\)`\. Received: a Doubled"
    ):
        stages_of(Doubled())
