"""Inputs of fewer channels than a vector has lanes: right, and the bits of the other passes."""

import ml_dtypes
import numpy as np
import pytest
import reference
from test_ops import GEOMETRIES, convolve, operands

from nb_sepconv import layers as tf_layers
from nb_sepconv import ops
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.forward.plan import Plan
from nb_sepconv.kernels.cpu.narrow import gradients, plan
from nb_sepconv.kernels.cpu.transposed import plan as transposed

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
LAYOUTS = ["channels_last", "channels_first"]
NARROW = {"channels_last": plan.NarrowPlan, "channels_first": plan.NarrowTransposedPlan}
LAYERS = [  # channels, taps, multiplier, filters, stride, dilation
    (1, 101, 1, 8, 1, 1),
    (1, 15, 8, 32, 1, 1),
    (1, 250, 32, 64, 10, 1),
    (1, 31, 19, 5, 3, 1),
    (1, 9, 20, 40, 1, 4),
    (2, 33, 3, 17, 4, 1),
    (3, 12, 1, 33, 1, 1),
    (3, 20, 11, 48, 2, 1),
    (4, 19, 8, 64, 1, 1),
    (6, 7, 5, 1, 1, 3),
    (12, 5, 7, 130, 1, 1),
    (7, 40, 1, 100, 1, 1),
]


@pytest.fixture
def wherever_possible(monkeypatch):
    """Spread the channels however little that saves, and exchange the sides of the product whatever that costs."""
    monkeypatch.setattr(plan, "LEAST_SAVED", -np.inf)
    monkeypatch.setattr(plan, "STORING_WORK", np.inf)
    planned_calls.clear()
    yield
    planned_calls.clear()


def planned():
    """The kind of the plan of the last call."""
    return type(list(planned_calls)[-1]._plan)


def has_few_channels(layer, dtype):
    """Fewer than a vector has lanes."""
    return layer[0] < storage(np.dtype(dtype).name).lanes.width


def check(layout, *operands, **keywords):
    wanted = reference.separable_conv1d(*operands, **keywords)
    np.testing.assert_array_equal(convolve(layout, *operands, **keywords), wanted)


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_small_geometry(layout, channels):
    rng, spread = np.random.default_rng(channels), 0
    every_second = GEOMETRIES[channels // 2 :: 2]
    for length, taps, stride, dilation, padding, multiplier in every_second:
        given = operands(rng, 2, length, channels, taps, 3 * multiplier, 5, integers=True)
        check(layout, *given, strides=stride, padding=padding, dilation_rate=dilation)
        spread += planned() in NARROW.values()
    assert spread > 0.7 * len(every_second)  # but not where every tap has a window of its own


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2, 3, 5, 6, 7])
def test_multiplier_and_filter_edges(layout, dtype, channels):
    rng = np.random.default_rng(channels)
    for multiplier in (1, 2, 3, 5, 8, 16, 17):
        for filters in (1, 15, 16, 17, 33, 113):
            check(layout, *operands(rng, 2, 70, channels, 3, multiplier, filters, dtype, integers=True), padding="same")
            if has_few_channels((channels,), dtype):
                assert planned() is (NARROW["channels_first"] if filters == 1 else NARROW[layout])


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("channels", "multiplier"), [(1, 1), (3, 1), (1, 5), (1, 17)])
def test_step_edges_and_rows_through_examples(layout, threads, channels, multiplier):
    rng = np.random.default_rng(multiplier)
    with cpu.num_threads(threads):
        for steps in (*range(1, 36), 255, 256, 257, 511, 513, 700, 5377):
            check(layout, *operands(rng, 3, steps, channels, 4, multiplier, 20, integers=True), padding="causal")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, BFLOAT16])
def test_it_has_the_bits_of_the_other_passes(monkeypatch, layout, layer, dtype):
    channels, taps, multiplier, filters, stride, dilation = layer
    given = operands(np.random.default_rng(1), 3, 1203, channels, taps, multiplier, filters)
    x, *weights = (array.astype(dtype) for array in given)
    settings = {"padding": "same", "strides": stride, "dilation_rate": dilation, "activation": "tanh"}
    results = []
    for least in (-np.inf, np.inf):
        monkeypatch.setattr(plan, "LEAST_SAVED", least)
        planned_calls.clear()
        results.append(convolve(layout, x, *weights, **settings, precision="float32"))
        spread = least < 0 and has_few_channels(layer, dtype)
        assert planned() in (NARROW.values() if spread else (Plan, transposed.TransposedPlan))
    np.testing.assert_array_equal(*results)


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layer", LAYERS)
def test_the_same_bits_for_any_batch_threads_and_layout(layer):
    channels, taps, multiplier, filters, stride, dilation = layer
    x, *weights = operands(np.random.default_rng(2), 4, 900, channels, taps, multiplier, filters)
    settings = {"padding": "same", "strides": stride, "dilation_rate": dilation}
    together = convolve("channels_last", x, *weights, **settings)
    np.testing.assert_array_equal(convolve("channels_first", x, *weights, **settings), together)
    with cpu.num_threads(1):
        for layout in LAYOUTS:
            one_by_one = [convolve(layout, x[n : n + 1], *weights, **settings) for n in range(4)]
            np.testing.assert_array_equal(np.concatenate(one_by_one), together)


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "multiplier"), [(1, 1), (1, 20), (3, 4), (12, 2)])
def test_depthwise_alone(layout, channels, multiplier):
    rng = np.random.default_rng(channels)
    x, kernel, *_ = operands(rng, 2, 300, channels, 7, multiplier, 1, integers=True)
    for settings in ({"strides": 3}, {"dilation_rate": 2}, {"padding": "causal"}):
        given = x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 2, 1))
        got = ops.depthwise_conv1d(given, kernel, data_format=layout, **settings)
        got = got if layout == "channels_last" else got.transpose(0, 2, 1)
        np.testing.assert_array_equal(got, reference.depthwise_conv1d(x, kernel, **settings))


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layer", LAYERS)
def test_any_strides_of_the_inputs(layer):
    channels, taps, multiplier, filters, stride, dilation = layer
    around = np.random.default_rng(3).standard_normal((2, 800, channels + 2)).astype(np.float32)
    _, *weights = operands(np.random.default_rng(4), 1, 1, channels, taps, multiplier, filters)
    settings = {"padding": "same", "strides": stride, "dilation_rate": dilation}
    for x in (around[:, :, 1:-1], around[:, ::2, :channels], around[:, ::-1, -channels:]):
        wanted = ops.separable_conv1d(np.ascontiguousarray(x), *weights, **settings)
        np.testing.assert_array_equal(ops.separable_conv1d(x, *weights, **settings), wanted)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("multiplier", "filters"), [(1, 8), (8, 30), (32, 64)])
def test_infinite_numbers_reach_the_steps_whose_taps_see_them_alone(layout, multiplier, filters):
    x, *weights = operands(np.random.default_rng(5), 1, 400, 1, 21, multiplier, filters)
    clean = convolve(layout, x, *weights, padding="same")
    assert planned() is NARROW[layout]
    x[0, 200] = np.inf
    x[0, 300] = np.nan
    got = convolve(layout, x, *weights, padding="same")
    seen = np.zeros(400, bool)
    seen[190:211] = seen[290:311] = True
    assert not np.isfinite(got[0, seen]).any()
    np.testing.assert_array_equal(got[0, ~seen], clean[0, ~seen])


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_outside_of_the_output_is_written(layout):
    rng = np.random.default_rng(6)
    for channels, multiplier in ((1, 1), (3, 1), (1, 20), (5, 4)):
        for steps in (15, 17, 33, 50, 115):
            x, *weights = operands(rng, 2, steps, channels, 3, multiplier, 30, integers=True)
            around = np.full(2 * 30 * steps + 200, np.nan, np.float32)
            shape = (2, steps, 30) if layout == "channels_last" else (2, 30, steps)
            out = around[100:-100].reshape(shape)
            x = x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 2, 1))
            settings = {"padding": "same", "data_format": layout}
            ops.separable_conv1d(x, *weights, out=out, **settings)
            assert np.isnan(around[:100]).all()
            assert np.isnan(around[-100:]).all()
            np.testing.assert_array_equal(out, ops.separable_conv1d(x, *weights, **settings))


def test_a_layer_has_the_bits_of_the_operation_for_all_lengths():
    layer = tf_layers.SeparableConv1D(20, 31, depth_multiplier=5, padding="same")
    rng = np.random.default_rng(7)
    for length in (1000, 100, 31):
        x = rng.standard_normal((2, length, 1)).astype(np.float32)
        got = layer(x)
        weights = [each.numpy() for each in (layer.depthwise_kernel, layer.pointwise_kernel, layer.bias)]
        np.testing.assert_array_equal(got, ops.separable_conv1d(x, *weights, padding="same"))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer[0] * layer[2] > 1])
def test_gradients_on_integers(monkeypatch, layout, dtype, layer):
    monkeypatch.setattr(gradients, "ADDING_WORK", -np.inf)
    planned_calls.clear()
    channels, taps, multiplier, filters, stride, dilation = layer
    rng = np.random.default_rng(8)
    x, depthwise, pointwise, bias = operands(rng, 2, 150, channels, taps, multiplier, filters, dtype, integers=True)
    geometry = {"padding": "same", "strides": stride, "dilation_rate": dilation}
    d_outputs = rng.integers(-3, 4, (2, reference.output_length(150, taps, stride, dilation, "same"), filters))
    wanted = reference.separable_conv1d_gradients(d_outputs, x, depthwise, pointwise, bias, **geometry)
    across = (0, 1, 2) if layout == "channels_last" else (0, 2, 1)
    given = [np.ascontiguousarray(each.transpose(across)) for each in (d_outputs.astype(dtype), x)]
    got = ops.separable_conv1d_gradients(*given, depthwise, pointwise, bias, data_format=layout, **geometry)
    assert (planned() is gradients.NarrowGradientPlan) == (channels == 1)
    for one, other in zip((got[0].transpose(across), *got[1:]), wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    planned_calls.clear()


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("layer", LAYERS)
def test_examples_of_their_own_lengths_give_what_they_give_alone(layout, layer):
    channels, taps, multiplier, filters, stride, dilation = layer
    x, *weights = operands(np.random.default_rng(9), 5, 700, channels, taps, multiplier, filters)
    settings = {"padding": "same", "strides": stride, "dilation_rate": dilation}
    lengths = [700, 0, 333, 1, 512]
    for n, length in enumerate(lengths):
        x[n, length:] = np.nan
    got = convolve(layout, x, *weights, lengths=lengths, **settings)
    for n, length in enumerate(lengths):
        steps = -(-length // stride)
        assert not got[n, steps:].any()
        if steps:
            alone = convolve("channels_last", x[n : n + 1, :length], *weights, **settings)
            np.testing.assert_array_equal(got[n, :steps], alone[0])
