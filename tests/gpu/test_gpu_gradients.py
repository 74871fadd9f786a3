"""The gradients on a GPU against float64, for every small geometry, and the same bits each time."""

import ml_dtypes
import numpy as np
import pytest
import reference
from device_data import FULL, in_layout, random, to_gpu, to_host
from test_gpu_forward import GEOMETRIES, LAYOUTS, TYPES

from nb_sepconv import activations, ops
from nb_sepconv.kernels.cuda import FUSED_ACTIVATIONS
from nb_sepconv.kernels.cuda.backward import plan

NAMES = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


def gradients(layout, d_outputs, x, *weights, outputs=None, function=ops.separable_conv1d_gradients, **keywords):
    """Run on the GPU; the results on the host, that of the inputs in channels_last."""
    given = [in_layout(layout, each) for each in (d_outputs, x)]
    if outputs is not None:
        keywords["outputs"] = to_gpu(in_layout(layout, outputs))
    on_gpu = [None if each is None else to_gpu(each) for each in (*given, *weights)]
    d_inputs, *others = map(to_host, function(*on_gpu, data_format=layout, **keywords))
    return d_inputs if d_inputs is None else in_layout(layout, d_inputs), *others


def case(rng, length, taps, multiplier, dtype=np.float32, integers=True, examples=2, channels=2, filters=3):
    shapes = (examples, length, channels), (taps, channels, multiplier), (1, channels * multiplier, filters), (filters,)
    return random(rng, *shapes, dtype=dtype, integers=integers)


def like(rng, y, dtype=np.float32, integers=True):
    return random(rng, y.shape, dtype=dtype, integers=integers)[0]


def assert_equal(got, wanted, context=""):
    for name, one, other in zip(NAMES, got, wanted, strict=False):
        np.testing.assert_array_equal(one, other, err_msg=f"{name} {context}")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_small_geometry_exactly(layout):
    rng = np.random.default_rng(0)
    chosen = GEOMETRIES if FULL else GEOMETRIES[layout == "channels_last" :: 8]
    for number, (length, taps, stride, dilation, padding) in enumerate(chosen):
        x, *weights = case(rng, length, taps, 1 + number % 2)
        geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        g = like(rng, reference.separable_conv1d(x, *weights, **geometry))
        got = gradients(layout, g, x, *weights, **geometry)
        assert_equal(got, reference.separable_conv1d_gradients(g, x, *weights, **geometry), (length, taps, geometry))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_depthwise_alone(layout):
    rng = np.random.default_rng(1)
    x, kernel, *_ = case(rng, 9, 3, 2)
    g = like(rng, reference.depthwise_conv1d(x, kernel, strides=2, padding="same"))
    got = gradients(layout, g, x, kernel, function=ops.depthwise_conv1d_gradients, strides=2, padding="same")
    assert_equal(got, reference.depthwise_conv1d_gradients(g, x, kernel, strides=2, padding="same"))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_types(dtype):
    rng = np.random.default_rng(2)
    x, *weights = case(rng, 9, 3, 1, dtype, integers=False, filters=5)
    g = like(rng, reference.separable_conv1d(x, *weights), dtype, integers=False)
    got = gradients("channels_last", g, x, *weights)
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    for one, other in zip(got, wanted, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(
            one.astype(float), other, rtol=0, atol=4 * ml_dtypes.finfo(dtype).eps * abs(other).max()
        )


def test_sums_over_parts_of_the_rows(monkeypatch):
    monkeypatch.setattr(plan, "PART_ROWS", 4)
    monkeypatch.setattr(plan, "MOST_PARTS", 3)
    assert plan.parts_of(9) == (3, 4)
    assert plan.parts_of(24) == (3, 8)
    rng = np.random.default_rng(3)
    x, *weights = case(rng, 13, 3, 1, channels=4, filters=4)
    g = like(rng, reference.separable_conv1d(x, *weights))
    sizes = x.shape, weights[0].shape
    got = gradients("channels_last", g, x, *weights)
    assert_equal(got, reference.separable_conv1d_gradients(g, x, *weights), sizes)


@pytest.mark.parametrize("name", sorted(FUSED_ACTIVATIONS - {"linear"}))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_slopes_of_activations(name, layout):
    rng, function, step = np.random.default_rng(4), activations.get(name), 1e-6
    x, *weights = case(rng, 5, 2, 1, np.float64, integers=False, examples=1)
    before = reference.separable_conv1d(x, *weights)
    slope = (function(before + step) - function(before - step)) / (2 * step)
    g = like(rng, before, np.float64, integers=False)
    wanted = reference.separable_conv1d_gradients(g * slope, x, *weights)
    for outputs in (None, function(before)):
        got = gradients(layout, g, x, *weights, outputs=outputs, activation=name)
        for one, other in zip(got, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("wanted", [*NAMES, ("inputs", "bias"), ("depthwise_kernel", "pointwise_kernel"), ()])
def test_no_more_than_is_wanted(wanted):
    rng = np.random.default_rng(5)
    x, *weights = case(rng, 5, 2, 2)
    g = like(rng, reference.separable_conv1d(x, *weights))
    found = gradients("channels_last", g, x, *weights, wanted=wanted)
    complete = reference.separable_conv1d_gradients(g, x, *weights)
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    for name, one, other in zip(NAMES, found, complete, strict=True):
        if name in names:
            np.testing.assert_array_equal(one, other)
        else:
            assert one is None


def test_the_same_bits_each_time():
    rng = np.random.default_rng(6)
    x, *weights = case(rng, 7, 3, 1, integers=False)
    g = like(rng, reference.separable_conv1d(x, *weights), integers=False)
    once, again = (gradients("channels_last", g, x, *weights) for _ in range(2))
    assert_equal(once, again)


def test_gradients_of_nothing_are_zeros():
    rng = np.random.default_rng(7)
    x, *weights = case(rng, 5, 2, 2, examples=0)
    g = np.zeros((0, 4, 3), np.float32)
    got = gradients("channels_last", g, x, *weights)
    assert_equal(got, [np.zeros_like(each) for each in (x, *weights)])


def test_gradients_without_a_bias():
    rng = np.random.default_rng(8)
    x, *weights = case(rng, 5, 2, 2)
    g = like(rng, reference.separable_conv1d(x, *weights))
    assert gradients("channels_last", g, x, *weights[:2], None)[3] is None


def test_host_arrays_are_taken_there_and_back():
    rng = np.random.default_rng(9)
    x, *weights = case(rng, 5, 2, 1)
    y = reference.separable_conv1d(x, *weights).astype(np.float32)
    g = like(rng, y)
    got = ops.separable_conv1d_gradients(g, x, *weights, outputs=y, device="cuda", wanted=("inputs", "bias"))
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    assert type(got[0]) is type(got[3]) is np.ndarray
    assert got[1] is got[2] is None
    assert_equal((got[0], got[3]), (wanted[0], wanted[3]))


def test_activation_without_a_slope_here_is_refused():
    x, *weights = (to_gpu(each) for each in case(np.random.default_rng(10), 5, 2, 1))
    with pytest.raises(TypeError, match=r"`activation` must be one of elu, .* on a GPU"):
        ops.separable_conv1d_gradients(x, x, *weights, activation="softmax")
    with pytest.raises(TypeError, match="the derivative of another function is not known"):
        ops.separable_conv1d_gradients(x, x, *weights, activation=abs)
