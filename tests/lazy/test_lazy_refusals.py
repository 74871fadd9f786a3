"""What is refused of Dask's arrays, and what a caller's own classes do to them."""

import re

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.layers.base import Layer

da = pytest.importorskip("dask.array")

RNG = np.random.default_rng(1)
X = RNG.standard_normal((2, 12, 3)).astype(np.float32)
WEIGHTS = [RNG.standard_normal(shape).astype(np.float32) for shape in ((3, 3, 1), (3, 4), (4,))]
LAZY = da.from_array(X, (1, 5, 2))


def over_time(data_format):
    return {"activation": "softmax", "data_format": data_format}


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"out": np.ones((2, 10, 4), np.float32)}, TypeError, "`out` must be None.*`da.store`. Received: ndarray"),
        ({"device": "cuda"}, ValueError, "`device` and `stream` are not for a Dask array.*Received: device='cuda'"),
        ({"stream": 0}, ValueError, "`device` and `stream` are not for a Dask array.*Received: .*stream=0"),
        ({"device": "tpu"}, ValueError, "`device` must be None"),
        ({"padding": "full"}, ValueError, "`padding`"),
        ({"dilation_rate": 6}, ValueError, r"`inputs` is too short.*Received: inputs of shape \(0, 12, 3\)"),
    ],
    ids=str,
)
def test_arguments_of_operations(how, error, message):
    with pytest.raises(error, match=message):
        ops.separable_conv1d(LAZY, *WEIGHTS, **how)


@pytest.mark.parametrize(
    ("lazy", "error", "message"),
    [
        (LAZY[0], ValueError, r"`inputs` must have 3 axes.*Received: shape"),
        (LAZY.astype("int16"), TypeError, r"`inputs` must be an array of .*astype\(numpy.float32\)`, divided by 32768"),
        (LAZY.astype("float64"), TypeError, "`depthwise_kernel` must have the type of `inputs`"),
        (LAZY[:, :, :2], ValueError, "`depthwise_kernel` must have the shape"),
        (LAZY[:, LAZY[0, :, 0] > 0], ValueError, r"`inputs` must have known sizes; use `compute_chunk_sizes\(\)`"),
        (da.ma.masked_less(LAZY, 0), TypeError, "`inputs` must be a Dask array of NumPy's arrays.*MaskedArray"),
    ],
    ids=["rank", "integers", "type", "channels", "sizes", "masked"],
)
def test_arrays_that_do_not_fit(lazy, error, message):
    with pytest.raises(error, match=message):
        ops.separable_conv1d(lazy, *WEIGHTS)


def test_an_activation_over_time_needs_one_chunk():
    x = np.ascontiguousarray(X.swapaxes(1, 2))
    lazy = da.from_array(x, (1, 3, 5))
    message = (
        r'`inputs` must have one chunk over time for "separable_conv1d".*`inputs.rechunk\({2: -1}\)`. Received: 3 '
    )
    with pytest.raises(ValueError, match=message):
        ops.separable_conv1d(lazy, *WEIGHTS, **over_time("channels_first"))
    whole = ops.separable_conv1d(lazy.rechunk({2: -1}), *WEIGHTS, **over_time("channels_first"))
    np.testing.assert_array_equal(whole, ops.separable_conv1d(x, *WEIGHTS, **over_time("channels_first")))
    parts = ops.separable_conv1d(LAZY, *WEIGHTS, **over_time("channels_last"))
    np.testing.assert_array_equal(parts, ops.separable_conv1d(X, *WEIGHTS, **over_time("channels_last")))


@pytest.mark.parametrize("name", ["depthwise_kernel", "pointwise_kernel", "bias"])
def test_weights_must_be_in_memory(name):
    arrays = dict(zip(("depthwise_kernel", "pointwise_kernel", "bias"), WEIGHTS, strict=True))
    arrays[name] = da.from_array(arrays[name])
    message = rf"`{name}` must be in memory: .*`.compute\(\)`. Received: dask.Array of shape"
    for inputs in (X, LAZY):
        with pytest.raises(TypeError, match=message):
            ops.separable_conv1d(inputs, **arrays)


def test_gradients_are_not_lazy():
    d_outputs = np.ones((2, 10, 4), np.float32)
    with pytest.raises(TypeError, match="`inputs` must be in memory"):
        ops.separable_conv1d_gradients(d_outputs, LAZY, *WEIGHTS)
    with pytest.raises(TypeError, match="`d_outputs` must be in memory"):
        ops.separable_conv1d_gradients(da.from_array(d_outputs), X, *WEIGHTS)
    for layer in (tf.layers.SeparableConv1D(4, 3), tf.keras.layers.Dense(4)):
        with pytest.raises(TypeError, match="must be in memory"):
            layer.value_and_pullback(LAZY)


@pytest.mark.parametrize("layers", [tf.layers, tf.keras.layers])
def test_layers(layers):
    with pytest.raises(TypeError, match="`activity_regularizer` is computed with the outputs"):
        layers.SeparableConv1D(4, 3, activity_regularizer="l2")(LAZY)
    with pytest.raises(TypeError, match=r"`inputs` of the layer .*divided by 32768"):
        layers.SeparableConv1D(4, 3)(LAZY.astype("int16"))
    with pytest.raises(ValueError, match="known sizes"):
        layers.Dense(4)(LAZY[:, LAZY[0, :, 0] > 0])
    with pytest.raises(ValueError, match="`inputs` must have 3 axes"):
        layers.Dense(4)(LAZY[0])
    layer = layers.SeparableConv1D(4, 3)
    layer(X)
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3"):
        layer(LAZY[:, :, :2])


def test_the_layers_of_a_stack_have_one_format():
    last, first = (tf.layers.SeparableConv1D(12, 1, data_format=name) for name in ("channels_last", "channels_first"))
    with pytest.raises(ValueError, match="The layers of `model` must have one `data_format`"):
        tf.Stack(last, first)(LAZY)
    stack = tf.Stack(first, tf.nn.softmax)
    with pytest.raises(ValueError, match=r'one chunk over time for "softmax".*`inputs.rechunk\({2: -1}\)`'):
        stack(LAZY)
    np.testing.assert_array_equal(stack(LAZY.rechunk({2: -1})), stack(X))


def test_arrays_of_another_kind_of_dasks():
    kind = type("Array", (), {"__module__": "dask.array._array_expr._collection", "shape": (1, 9, 3), "ndim": 3})
    inputs = kind()
    inputs.dtype = np.dtype("float32")
    with pytest.raises(TypeError, match=r"`array\.query-planning`"):
        ops.separable_conv1d(inputs, *WEIGHTS)


def test_layers_of_tf1():
    for layer in (tf.layers.Dropout(0.5), tf.layers.BatchNormalization()):
        layer(X)
        with pytest.raises(TypeError, match=r"takes no other arguments with a Dask array.*Received: training=True"):
            layer(LAZY, training=True)
    with pytest.raises(ValueError, match="cannot be cut over time"):
        tf.layers.Flatten()(LAZY)
    built = tf.layers.SeparableConv1D(4, 3)
    built(X)
    with pytest.raises(TypeError, match=re.escape('use `inputs.astype("float32")`')):
        built(LAZY.astype("float64"))
    with pytest.raises(ValueError, match="known sizes"):
        tf.Stack(built)(LAZY[:, LAZY[0, :, 0] > 0])


@pytest.mark.parametrize("base", [Layer, tf.keras.layers.Layer])
def test_the_call_of_a_class_of_the_callers_own_runs_on_the_lazy_array(base):
    class Residual(base):
        def __init__(self):
            super().__init__()
            self.inner = (tf.layers if base is Layer else tf.keras.layers).SeparableConv1D(3, 3, padding="same")

        def call(self, inputs):
            return inputs + self.inner(inputs)

    layer = Residual()
    outputs = layer(LAZY)
    assert isinstance(outputs, da.Array)
    np.testing.assert_array_equal(outputs, layer(X))


@pytest.mark.parametrize(
    "use",
    [
        lambda: tf.nn.relu(LAZY),
        lambda: tf.keras.activations.relu(LAZY),
        lambda: tf.reduce_sum(LAZY),
        lambda: tf.concat([LAZY, LAZY], 1),
        lambda: tf.add(X, LAZY),
        lambda: tf.nn.conv1d(LAZY, np.ones((1, 3, 2), np.float32), 1, "SAME"),
        lambda: tf.losses.mean_squared_error(X, LAZY),
        lambda: tf.Variable(LAZY),
    ],
)
def test_array_words_compute_nothing_without_a_word(use):
    with pytest.raises(TypeError, match=r"must be in memory.*`.compute\(\)`.*Received: dask.Array"):
        use()
    relu = LAZY.map_blocks(tf.keras.activations.relu)
    np.testing.assert_array_equal(relu, np.maximum(X, 0))
