"""The product with its sides exchanged, for every form of channels_first: right, and the bits of the other one."""

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
from nb_sepconv.kernels.cpu.transposed import plan
from nb_sepconv.kernels.protocol import Sizes

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


@pytest.fixture
def wherever_possible(monkeypatch):
    """Exchange the sides however many steps examples are filled up with."""
    monkeypatch.setattr(plan, "STORING_WORK", np.inf)
    planned_calls.clear()
    yield
    planned_calls.clear()


def planned():
    """The kind of the plan of the last call."""
    return type(list(planned_calls)[-1]._plan)


def check(*operands, **keywords):
    wanted = reference.separable_conv1d(*operands, **keywords)
    np.testing.assert_array_equal(convolve("channels_first", *operands, **keywords), wanted)


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("threads", [1, 2])
def test_every_small_geometry(threads):
    rng, exchanged = np.random.default_rng(threads), 0
    with cpu.num_threads(threads):
        for length, taps, stride, dilation, padding, multiplier in GEOMETRIES:
            given = operands(rng, 2, length, 3, taps, multiplier, 5, integers=True)
            check(*given, strides=stride, padding=padding, dilation_rate=dilation)
            exchanged += planned() is plan.TransposedPlan
    assert exchanged > 0.8 * len(GEOMETRIES)  # but not where phases of the dilation are computed together


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 15, 16, 17, 33, 40])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_channel_and_filter_edges(dtype, channels, multiplier):
    rng = np.random.default_rng([channels, multiplier])
    for filters in (1, 2, 7, 13, 14, 15, 16, 28, 30, 31, 33, 113, 130):
        check(*operands(rng, 2, 40, channels, 3, multiplier, filters, dtype, integers=True), padding="same")


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("steps", [*range(1, 36), 63, 64, 65, 127, 128, 129, 319, 320, 321, 335, 337])
def test_step_edges_and_rows_through_examples(steps, threads):
    rng = np.random.default_rng(steps)
    with cpu.num_threads(threads):
        check(*operands(rng, 5, steps, 70, 3, 1, 70, integers=True), padding="causal")


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("examples", [1, 3])
@pytest.mark.parametrize("filters", [20, 112, 130, 700])
def test_few_steps_and_many_filters_use_all_threads(examples, filters):
    rng = np.random.default_rng(filters)
    with cpu.num_threads(2):
        check(*operands(rng, examples, 30, 600, 2, 1, filters, integers=True), padding="same")


@pytest.mark.usefixtures("wherever_possible")
@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("dilation", [1, 3, 200])
def test_strides_and_dilations_over_long_series(stride, dilation):
    rng = np.random.default_rng([stride, dilation])
    for taps in (1, 2, 5, 12):
        given = operands(rng, 2, 1001, 17, taps, 1, 5, integers=True)
        check(*given, strides=stride, padding="same", dilation_rate=dilation)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, BFLOAT16])
@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("sizes", [(3, 47, 20, 5, 2, 37), (2, 400, 96, 7, 1, 96), (1, 64, 1000, 3, 1, 40)])
def test_it_has_the_bits_of_the_other_product(monkeypatch, dtype, activation, sizes):
    x, *weights = operands(np.random.default_rng(1), *sizes, np.float32)
    x, *weights = (array.astype(dtype) for array in (x, *weights))
    settings = {"padding": "same", "activation": activation, "precision": "float32"}
    results = []
    for work, kind in ((np.inf, plan.TransposedPlan), (-np.inf, Plan)):
        monkeypatch.setattr(plan, "STORING_WORK", work)
        planned_calls.clear()
        results.append(convolve("channels_first", x, *weights, **settings))
        assert planned() is kind
    np.testing.assert_array_equal(*results)


@pytest.mark.usefixtures("wherever_possible")
def test_nothing_outside_of_the_output_is_written():
    rng = np.random.default_rng(5)
    for steps in (15, 17, 31, 33, 50):
        x, *weights = operands(rng, 2, steps, 5, 3, 1, 30, integers=True)
        around = np.full(2 * 30 * steps + 200, np.nan, np.float32)
        out = around[100:-100].reshape(2, 30, steps)
        x = np.ascontiguousarray(x.transpose(0, 2, 1))
        for activation in (None, "relu"):
            settings = {"padding": "same", "data_format": "channels_first", "activation": activation}
            ops.separable_conv1d(x, *weights, out=out, **settings)
            assert np.isnan(around[:100]).all()
            assert np.isnan(around[-100:]).all()
            np.testing.assert_array_equal(out, ops.separable_conv1d(x, *weights, **settings))


def test_a_layer_packs_for_each_form_and_again_when_a_variable_changes():
    """Lengths that are filled up and lengths that are not take turns on one layer."""
    rng = np.random.default_rng(2)
    layer = tf_layers.SeparableConv1D(40, 3, padding="same", data_format="channels_first")
    series = [rng.standard_normal((2, 64, steps), dtype=np.float32) for steps in (64, 17, 400, 65, 64)]
    for _ in range(2):
        for x in series:
            y = layer(x)
            depthwise, pointwise, bias = (np.array(variable) for variable in layer.variables)
            wanted = ops.separable_conv1d(x.transpose(0, 2, 1), depthwise, pointwise, bias, padding="same")
            np.testing.assert_array_equal(y, wanted.transpose(0, 2, 1))
        layer.pointwise_kernel.assign(2 * np.array(layer.pointwise_kernel))


def sizes(channels, multiplier, filters):
    return Sizes(
        dtype="float32",
        examples=1,
        length=512,
        channels=channels,
        steps=512,
        filters=filters,
        kernel_size=3,
        multiplier=multiplier,
        stride=1,
        dilation=1,
        left=1,
        input_strides=(channels * 2048, 4, 2048),
        output_strides=(filters * 2048, 4, 2048),
        activation=None,
    )


def test_large_multipliers_and_wide_layers_are_left_to_the_other_product():
    """They cost up to 2.4 times as much, hidden channels being filled up to whole vectors for each multiplier."""
    assert type(plan.transposed_plan(sizes(64, 2, 64), 2)) is plan.TransposedPlan
    many = plan.MOST_HIDDEN // storage("float32").lanes.width + 1
    for channels, multiplier in ((1, many), (2, many), (1, 1024), (1536, 1)):
        assert plan.transposed_plan(sizes(channels, multiplier, 256), 2) is None
