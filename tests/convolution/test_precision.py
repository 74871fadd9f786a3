"""Who may ask for which exactness, and that a call gets what was asked for when it was made."""

import copy
import pickle
import re
import threading

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import engines

KERNELS = (3, 5, 1), (5, 7)
WRONG = [7, "fp32", "BF16", True, ["bf16"], b"bf16"]
EXPECTED = "`precision` must be one of float32, bf16x3, tf32x3, tf32, bf16, or None. Received: "


@pytest.fixture
def arrays():
    rng = np.random.default_rng(1)
    return [rng.standard_normal(shape).astype(np.float32) for shape in ((2, 30, 5), *KERNELS)]


@pytest.fixture
def asked(monkeypatch):
    """The precision of each plan that is made from here on."""
    found = []
    engine = engines.engine()

    def noting(make):
        def plan(sizes, threads):
            found.append(getattr(sizes, "convolution", sizes).precision)
            return make(sizes, threads)

        return plan

    monkeypatch.setattr(engine, "plan", noting(engine.plan))
    monkeypatch.setattr(engine, "plan_gradients", noting(engine.plan_gradients))
    planned_calls.clear()
    yield found
    planned_calls.clear()


def test_float32_unless_somebody_asks_for_less(arrays, asked):
    ops.separable_conv1d(*arrays)
    ops.separable_conv1d(*arrays, precision="bf16x3")
    ops.separable_conv1d(*arrays, precision="float32")
    assert asked == ["float32", "bf16x3", "float32"]


def test_bfloat16_arrays_are_bf16_unless_somebody_asks_for_more(arrays, asked):
    arrays = [array.astype(tf.bfloat16) for array in arrays]
    ops.separable_conv1d(*arrays)
    ops.separable_conv1d(*arrays, precision="float32")
    with tf.precision("bf16x3"):
        ops.separable_conv1d(*arrays)
    assert asked == ["bf16", "float32", "bf16x3"]


def test_calls_that_are_planned_follow_the_block(arrays, asked):
    for _ in range(2):
        ops.separable_conv1d(*arrays)
        with tf.precision("bf16"):
            ops.separable_conv1d(*arrays)
            with tf.precision("bf16x3"):
                ops.separable_conv1d(*arrays)
                ops.separable_conv1d(*arrays, precision="float32")
            with tf.precision(None):
                ops.separable_conv1d(*arrays)
    assert asked == ["float32", "bf16", "bf16x3", "float32"]


@pytest.mark.parametrize("gradients", [ops.separable_conv1d_gradients, ops.depthwise_conv1d_gradients])
def test_gradients_follow_the_block(arrays, asked, gradients):
    operands = arrays if gradients is ops.separable_conv1d_gradients else arrays[:2]
    d_outputs = np.ones((2, 28, 7 if len(operands) == 3 else 5), np.float32)
    for _ in range(2):
        gradients(d_outputs, *operands)
        gradients(d_outputs, *operands, precision="bf16")
        with tf.precision("bf16x3"):
            gradients(d_outputs, *operands)
    assert asked == ["float32", "bf16", "bf16x3"]


def test_what_gradients_compute_anew_is_as_exact_as_they_are(arrays, asked):
    ops.separable_conv1d_gradients(np.ones((2, 28, 7), np.float32), *arrays, activation="tanh", precision="bf16x3")
    assert asked == ["bf16x3"] * 2


def test_an_error_ends_the_block():
    with pytest.raises(ZeroDivisionError), tf.precision("bf16"):
        raise ZeroDivisionError
    assert precisions.of_context() is None


def test_a_block_is_of_its_thread_alone():
    found = []
    with tf.precision("bf16"):
        thread = threading.Thread(target=lambda: found.append(precisions.of_context()))
        thread.start()
        thread.join()
    assert found == [None]


@pytest.mark.parametrize("make", [tf.layers.SeparableConv1D, tf.keras.layers.SeparableConv1D])
def test_layers_have_one_and_follow_the_block_without(arrays, asked, make):
    layer = make(7, 3)
    assert layer.precision is None
    for inputs in (arrays[0], arrays[0][:, 1:]):  # the second series is planned anew
        for precision in (None, "bf16x3"):
            layer.precision = precision
            layer(inputs)
            layer(inputs)
            with tf.precision("bf16"):
                layer(inputs)
    assert asked == ["float32", "bf16", "bf16x3"] * 2
    assert "precision" not in layer.get_config()


def test_a_layer_packs_its_weights_for_each_precision(arrays):
    layer = tf.layers.SeparableConv1D(7, 3)
    wanted = layer(arrays[0])
    with tf.precision("bf16"):
        np.testing.assert_allclose(layer(arrays[0]), wanted, rtol=0, atol=0.1)
    np.testing.assert_array_equal(layer(arrays[0]), wanted)


@pytest.mark.parametrize("make", [tf.layers.SeparableConv1D, tf.keras.layers.SeparableConv1D])
def test_copies_of_a_layer_keep_it(arrays, make):
    layer = make(7, 3)
    layer(arrays[0])
    layer.precision = "bf16"
    assert copy.deepcopy(layer).precision == pickle.loads(pickle.dumps(layer)).precision == "bf16"


def test_pullbacks_remember_what_the_call_was_asked_for(arrays, asked):
    layer = tf.layers.SeparableConv1D(7, 3)
    with tf.precision("bf16"):
        outputs, pullback = layer.value_and_pullback(arrays[0])
    pullback(np.ones_like(outputs))
    assert asked == ["bf16", "bf16"]


def test_layers_with_mixed_types_follow_too(arrays, asked):
    for dtype, wanted in (("mixed_bfloat16", "bf16x3"), ("mixed_float16", "float32")):
        layer = tf.keras.layers.SeparableConv1D(7, 3, dtype=dtype)
        layer.precision = "bf16x3"
        layer(arrays[0])
        assert asked.pop() == wanted


def test_autograd_carries_it_into_the_gradients(arrays, asked):
    autograd = pytest.importorskip("autograd")
    from nb_sepconv.interop.autograd import separable_conv1d

    x, *weights = arrays
    autograd.grad(lambda x: separable_conv1d(x, *weights, precision="bf16").sum())(x)
    with tf.precision("bf16x3"):
        separable_conv1d(x, *weights)
    assert asked == ["bf16", "bf16", "bf16x3"]


def test_jax_carries_it_into_its_own_threads(arrays, asked):
    jax = pytest.importorskip("jax")
    from nb_sepconv.interop.jax import separable_conv1d

    x, *weights = arrays
    with tf.precision("bf16x3"):
        jax.jit(jax.grad(lambda x: separable_conv1d(x, *weights).sum()))(x).block_until_ready()
    assert asked == ["bf16x3", "bf16x3"]


@pytest.mark.parametrize("wrong", WRONG)
def test_other_values_are_refused_by_name(arrays, wrong):
    layer = tf.layers.SeparableConv1D(7, 3)
    d_outputs = np.ones((2, 28, 7), np.float32)
    calls = [
        lambda: ops.separable_conv1d(*arrays, precision=wrong),
        lambda: ops.depthwise_conv1d(*arrays[:2], precision=wrong),
        lambda: ops.separable_conv1d_gradients(d_outputs, *arrays, precision=wrong),
        lambda: ops.depthwise_conv1d_gradients(d_outputs, *arrays[:2], precision=wrong),
        lambda: setattr(layer, "precision", wrong),
        lambda: tf.precision(wrong).__enter__(),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"^{re.escape(EXPECTED + repr(wrong))}$"):
            call()
