"""What is remembered of calls: bounded, right on many threads, and nothing of arrays that had to be converted."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.convolution import planned_calls as module
from nb_sepconv.convolution.planned_calls import PlannedCalls, planned_calls
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan

KERNELS = [np.ones((3, 2, 1), np.float32), np.ones((1, 2, 4), np.float32)]


@pytest.fixture(autouse=True)
def _no_calls_yet():
    planned_calls.clear()


@pytest.fixture
def plans(monkeypatch):
    """The plans that are made from here on."""
    made, make = [], PreparedPlan.__init__
    monkeypatch.setattr(PreparedPlan, "__init__", lambda plan, *given: made.append(plan) or make(plan, *given))
    return made


def series(steps=9):
    return np.ones((1, steps, 2), np.float32)


def test_all_are_forgotten_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(module, "MOST_CALLS", 3)
    calls = PlannedCalls()
    for key in range(10):
        calls[key] = str(key)
        assert calls.get(key) == str(key)
        assert len(calls) <= 3
    assert list(calls) == ["9"]


def test_the_bound_holds_on_many_threads(monkeypatch):
    threads, most = 8, 50
    monkeypatch.setattr(module, "MOST_CALLS", most)
    calls = PlannedCalls()

    def add(first):
        sizes = []
        for key in range(first, first + 3000):
            calls[key] = key
            assert calls.get(key) in (key, None)  # another thread may have cleared in between
            sizes.append(len(calls))
        return max(sizes)

    with ThreadPoolExecutor(threads) as pool:
        assert max(pool.map(add, range(0, threads * 3000, 3000))) <= most + threads


def test_a_plan_is_made_once_for_all_that_call_alike(plans):
    layer = tf.layers.SeparableConv1D(4, 3, use_bias=False)
    layer.build((None, 9, 2))
    for _ in range(3):
        ops.separable_conv1d(series(), *KERNELS)
        layer(series())
        ops.separable_conv1d(series(), *KERNELS, padding="VALID", strides=np.int64(1), dilation_rate=(1,))
    assert len(plans) == 1


def test_gradients_find_the_plan_of_the_outputs_that_they_compute_anew(plans):
    x, g = series(), np.ones((1, 7, 4), np.float32)
    ops.separable_conv1d(x, *KERNELS, activation="tanh")
    for _ in range(2):
        ops.separable_conv1d_gradients(g, x, *KERNELS, activation="tanh")
    assert len(plans) == 1


def test_arrays_that_are_converted_are_looked_at_each_time():
    """A list, and a kernel that must be copied into one piece: the key would say nothing of their values' type."""
    for arrays in ((series().tolist(), *KERNELS), (series(), np.asfortranarray(np.ones((3, 2, 2), np.float32)))):
        call = ops.separable_conv1d if len(arrays) == 3 else ops.depthwise_conv1d
        before = len(planned_calls)
        np.testing.assert_array_equal(call(*arrays), call(*arrays))
        assert len(planned_calls) == before


def test_a_layer_forgets_lengths_too(monkeypatch):
    monkeypatch.setattr(module, "MOST_CALLS", 4)
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(series())
    for steps in range(5, 25):
        np.testing.assert_array_equal(layer(series(steps)), np.asarray(layer(series(steps))))
    assert len(layer._packed_convolution._state[1]) <= 4
    assert len(planned_calls) <= 4


@pytest.mark.parametrize("face", [tf.layers, tf.keras.layers])
def test_a_changed_engine_is_seen_by_shapes_that_were_planned(face, monkeypatch):
    """Only shapes that were new asked for the variable again."""
    layer = face.SeparableConv1D(4, 3)
    for _ in range(3):
        layer(series())
        ops.separable_conv1d(series(), *KERNELS)
    monkeypatch.setenv("NB_SEPCONV_ENGINE", "none such")
    for call in (lambda: layer(series()), lambda: ops.separable_conv1d(series(), *KERNELS)):
        with pytest.raises(ValueError, match=r"`NB_SEPCONV_ENGINE` must be one of .* Received: 'none such'"):
            call()
    monkeypatch.delenv("NB_SEPCONV_ENGINE")
    assert layer(series()).shape == (1, 7, 4)
