"""Lengths and masks of batches, in layers of TF1 and of Keras and in their gradients."""

import itertools

import numpy as np
import pytest

import nb_sepconv as tf

LAYERS = pytest.mark.parametrize("module", ["layers", "keras"])
LENGTHS = np.array([12, 0, 5, 1, 11])
MASK = np.arange(12) < LENGTHS[:, None]


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def made(module, **keywords):
    layers = tf.layers if module == "layers" else tf.keras.layers
    return layers.SeparableConv1D(4, 3, bias_initializer="ones", **keywords)


def series(layout="channels_last", behind=np.nan):
    x = np.random.default_rng(0).standard_normal((5, 12, 3)).astype(np.float32)
    x[~MASK] = behind
    return x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 2, 1))


def cut(array, n, steps, layout):
    return array[n : n + 1, :steps] if layout == "channels_last" else array[n : n + 1, :, :steps]


def assert_as_alone(layer, x, y, layout):
    for n, (length, steps) in enumerate(zip(LENGTHS, layer.compute_output_lengths(LENGTHS), strict=True)):
        mine = cut(y, n, steps, layout)
        if steps:
            np.testing.assert_array_equal(mine, layer(np.ascontiguousarray(cut(x, n, length, layout))))
        mine[...] = 0
    assert not y.any()


@LAYERS
@pytest.mark.parametrize(
    ("layout", "padding", "strides", "activation"),
    [*itertools.product(["channels_last", "channels_first"], ["same", "valid"], [1, 2], ["relu", "gelu"])],
)
def test_each_example_gives_what_it_gives_alone(module, layout, padding, strides, activation):
    layer = made(module, padding=padding, strides=strides, activation=activation, data_format=layout)
    x = series(layout)
    built = layer(x, lengths=LENGTHS)
    np.testing.assert_array_equal(layer(x, lengths=list(LENGTHS)), built)
    np.testing.assert_array_equal(layer(x, mask=MASK), built)
    np.testing.assert_array_equal(layer(np.asfortranarray(x), mask=MASK.tolist()), built)
    assert (
        layer.compute_output_lengths(LENGTHS).tolist() == tf.ops.output_lengths(LENGTHS, 3, strides, padding).tolist()
    )
    assert_as_alone(layer, x, built, layout)


@LAYERS
def test_weights_that_change_and_tensors(module):
    layer, x = made(module), series()
    before = layer(x, lengths=LENGTHS)
    weights = [2 * weight for weight in layer.get_weights()]
    layer.set_weights(weights)
    after = layer(x, lengths=LENGTHS)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, tf.ops.separable_conv1d(x, *weights, lengths=LENGTHS))
    given = tf.constant(x)
    np.testing.assert_array_equal(np.asarray(layer(given, lengths=LENGTHS)), after)


@LAYERS
def test_calls_with_lengths_alone_take_the_short_way_too(module):
    layer = made(module)
    outputs = [layer(series(), lengths=LENGTHS) for _ in range(3)]  # built, looked up, and the short way
    assert vars(layer)["_fast_path"] is not None
    np.testing.assert_array_equal(outputs[1:], outputs[:1] * 2)


def test_autocast_to_the_type_of_a_policy():
    layer = tf.keras.layers.SeparableConv1D(4, 3, dtype="mixed_float16")
    y = layer(series(), lengths=LENGTHS)
    assert y.dtype == np.float16
    assert_as_alone(layer, series(), y, "channels_last")


@LAYERS
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("told", ["lengths", "mask"])
def test_gradients_are_those_of_a_masked_call(module, layout, told):
    layer = made(module, padding="same", activation="tanh", data_format=layout)
    x = series(layout)
    y, pullback = layer.value_and_pullback(x, **{told: {"lengths": LENGTHS, "mask": MASK}[told]})
    assert_as_alone(layer, x, y.copy(), layout)
    d_y = np.random.default_rng(1).standard_normal((5, 12, 4)).astype(np.float32)
    behind = [np.where(MASK[:, :, None], d_y, value) for value in (np.nan, 0)]
    if layout == "channels_first":
        behind = [np.ascontiguousarray(each.transpose(0, 2, 1)) for each in behind]
    d_x, gradients = pullback(behind[0])
    _, of_masked = layer.value_and_pullback(series(layout, 0))
    d_masked, wanted = of_masked(behind[1])
    mask = MASK[:, :, None] if layout == "channels_last" else MASK[:, None]
    np.testing.assert_array_equal(d_x, np.where(mask, d_masked, 0))
    for one, other in zip(gradients, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_variables_of_a_custom_getter():
    def doubled(getter, *args, **kwargs):
        return 2 * np.asarray(getter(*args, **kwargs))

    with tf.variable_scope("scope", custom_getter=doubled):
        layer = made("layers")
        y = layer(series(), lengths=LENGTHS)
    assert_as_alone(layer, series(), y, "channels_last")


@LAYERS
def test_a_class_with_its_own_call_is_given_them(module):
    class Told(tf.layers.SeparableConv1D if module == "layers" else tf.keras.layers.SeparableConv1D):
        def call(self, inputs, lengths=None, mask=None):
            self.told = lengths, mask
            return super().call(inputs, lengths=lengths)

    layer = Told(4, 3)
    layer(series(), lengths=LENGTHS)
    assert layer.told[0] is LENGTHS
    layer(series(behind=0), mask=MASK)
    assert layer.told[1] is MASK


@LAYERS
@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ({"lengths": LENGTHS, "mask": MASK}, ValueError, "`lengths` and `mask` say the same: give one of them"),
        ({"lengths": LENGTHS / 2}, TypeError, r"`lengths` must be integers. Received: float64"),
        ({"lengths": LENGTHS + 1}, ValueError, "`lengths` must be from 0 to 12, the steps of `inputs`"),
        ({"mask": MASK[:, ::-1]}, ValueError, "`mask` must be True up to each example's length and False behind"),
        ({"mask": MASK[:3]}, ValueError, r"`mask` must have the shape \(5, 12\), one for each step"),
        ({"mask": MASK * 1.0}, TypeError, r"`mask` must be booleans. Received: float64"),
    ],
)
def test_errors(module, told, error, message):
    layer = made(module)
    layer.build((None, None, 3))
    for call in (layer, layer.value_and_pullback):
        with pytest.raises(error, match=message):
            call(series(), **told)


def test_the_example_with_a_hole_is_named():
    mask = MASK.copy()
    mask[3, 7] = True
    with pytest.raises(ValueError, match="in example 3"):
        made("layers")(series(), mask=mask)


X = np.random.default_rng(1).standard_normal((5, 12, 3)).astype(np.float32)


@pytest.mark.parametrize("given", [{"lengths": LENGTHS}, {"mask": MASK}], ids=lambda given: next(iter(given)))
@pytest.mark.parametrize(
    "layer",
    [
        lambda: tf.layers.Conv1D(4, 3),
        lambda: tf.layers.Dense(4),
        lambda: tf.layers.MaxPooling1D(2, 2),
        lambda: tf.layers.Dropout(0.5),
        lambda: tf.layers.BatchNormalization(),
        lambda: tf.keras.layers.Conv1D(4, 3),
        lambda: tf.keras.layers.AveragePooling1D(2),
        lambda: tf.keras.layers.Dropout(0.5),
        lambda: tf.keras.layers.BatchNormalization(),
        lambda: tf.keras.Sequential([tf.keras.layers.SeparableConv1D(4, 3)]),
    ],
)
def test_layers_that_take_no_lengths_name_the_stack_which_tells_them(layer, given):
    (name,) = given
    layer = layer()
    layer(X)
    with pytest.raises(
        TypeError, match=rf"`{name}` is taken by separable convolutions and by `Stack`.+Received: `{name}` for"
    ):
        layer(X, **given)
    layers = getattr(layer, "layers", [layer])
    for n, length in enumerate(LENGTHS):
        if length >= 3:
            alone = np.asarray(layer(np.ascontiguousarray(X[n : n + 1, :length])))
            mine = np.asarray(tf.Stack(*layers)(X, **given))[n : n + 1]
            np.testing.assert_array_equal(mine[:, : alone.shape[1]], alone)
            assert not mine[:, alone.shape[1] :].any()
