"""Answers of TensorFlow's that are easily got wrong, and refusals of what would be read wrongly."""

import os
import subprocess
import sys

import numpy as np
import pytest

import nb_sepconv as tf

MASKED = np.ma.masked_array(np.ones((1, 9, 1), np.float32), np.arange(9).reshape(1, 9, 1) == 4)
KERNELS = np.ones((3, 1, 1), np.float32), np.ones((1, 1), np.float32)


@pytest.mark.parametrize("dtype", [float, "float", np.float32])
def test_float_is_float32(dtype):
    assert tf.get_variable("v", [1], dtype=dtype).dtype == np.float32


def test_relu_is_zero_at_its_threshold():
    x = np.float32([4, 5, 6, np.nan])
    assert tf.keras.activations.relu(x, threshold=5.0).tolist()[:3] == [0, 0, 6]
    assert tf.keras.activations.relu(x, 0.5, 5.5, 5.0).tolist()[:3] == [-0.5, 0, 5.5]


def test_shapes_answer_as_tensorflows():
    shape = tf.get_variable("v", [3, 6]).shape
    assert (shape == [3, 6], shape != [3, 6], shape == (3, 6), shape == [3], shape == None) == (  # noqa: E711
        *(True, False, True, False, False),
    )
    assert (shape[:1].as_list(), shape.__add__([2]).as_list(), shape.concatenate([2]).as_list()) == (
        [3],
        [3, 6, 2],
        [3, 6, 2],
    )
    assert (shape.__radd__([1]).as_list(), shape in [[3, 6]], hash(shape)) == ([1, 3, 6], True, hash((3, 6)))


@pytest.mark.parametrize(
    ("t", "low", "high", "error", "message"),
    [
        (np.zeros((2, 3, 1)), [-1, -2], 1, ValueError, r"`clip_value_min` .*shape of `t`, \(2, 3, 1\).*shape \(2,\)"),
        (np.zeros(3), 0, np.ones((1, 3)), ValueError, r"`clip_value_max` must be a number or broadcast"),
        (np.zeros(3, int), 0.5, 2, TypeError, r"`clip_value_min` must hold integers.*Received: 0.5"),
    ],
)
def test_clip_by_value_refuses(t, low, high, error, message):
    with pytest.raises(error, match=message):
        tf.clip_by_value(t, low, high)


def test_clip_by_value_takes_limits_beyond_the_type():
    assert tf.clip_by_value(np.uint8([1, 200]), -1, 300).tolist() == [1, 200]
    assert tf.clip_by_value(np.zeros((2, 3)), [1, 2, 3], np.full((2, 1), 9)).tolist() == [[1, 2, 3]] * 2


def test_get_local_variable_has_the_order_of_get_variable():
    v = tf.get_local_variable("v", [2], tf.float32, tf.ones_initializer(), None, True, ["mine"], None, None, True)
    assert (v.trainable, tf.get_collection("mine"), tf.local_variables()) == (False, [v], [v])


@pytest.mark.parametrize(
    "use",
    [
        lambda: tf.ops.separable_conv1d(MASKED, *KERNELS),
        lambda: tf.layers.SeparableConv1D(1, 3)(MASKED),
        lambda: tf.keras.layers.SeparableConv1D(1, 3)(MASKED),
        lambda: tf.nn.relu(MASKED),
        lambda: tf.Variable(MASKED),
        lambda: tf.Variable(np.zeros((1, 9, 1), np.float32)).assign(MASKED),
        lambda: tf.constant_initializer(MASKED)([1, 9, 1]),
        lambda: tf.reduce_sum([MASKED[0], MASKED[0]]),
    ],
)
def test_masks_are_refused(use):
    """What is behind the mask was computed with."""
    with pytest.raises(ValueError, match=r"no masked elements: .*`array.filled\(0.0\)`.*Received: \w+.* with a mask"):
        use()


def test_masked_arrays_without_a_mask_are_arrays():
    y = tf.ops.separable_conv1d(np.ma.asarray(np.ones((1, 9, 1), np.float32)), *KERNELS)
    assert y.tolist() == [[[3.0]] * 7]


class Symbol:
    """As TensorFlow's tensors look."""

    __module__ = "tensorflow.python"
    shape, dtype = (1, 9, 1), "<dtype: 'float32'>"

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        if self.values is None:
            raise NotImplementedError("Cannot convert a symbolic tf.Tensor to a numpy array.")
        return self.values


def test_tensors_of_tensorflow_are_taken_by_their_values():
    """They were refused as 'float32, received float32'."""
    x = np.random.default_rng(1).standard_normal((1, 9, 1)).astype(np.float32)
    layer = tf.layers.SeparableConv1D(2, 3)
    np.testing.assert_array_equal(layer(Symbol(x)), layer(x))
    with pytest.raises(TypeError, match=r"must be an array, or a tensor that has values: .*Received: Symbol"):
        layer(Symbol(None))


def test_interpreted_mode_is_refused_by_name():
    code = "import numpy as np, nb_sepconv as tf; x = np.ones((1, 3, 1)); "
    code += "tf.ops.separable_conv1d(x, x[0, :, None], x[0, :1])"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "RuntimeError: Numba is told not to compile" in run.stderr
    assert "Received: NUMBA_DISABLE_JIT=1" in run.stderr


def test_modules_load_by_attribute():
    code = "import nb_sepconv as tf; tf.constraints.MaxNorm, tf.regularizers.L2, tf.activations.relu, tf.interop"
    subprocess.run([sys.executable, "-c", code], check=True)
