"""Products whose weights and outputs are fetched ahead: right at every edge, and chosen by size."""

import importlib

import numpy as np
import pytest
import reference
from test_ops import convolve, operands

from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels.cpu.forward.plan import problem_of
from nb_sepconv.kernels.protocol import Sizes

plans = importlib.import_module("nb_sepconv.kernels.cpu.forward.plan")


@pytest.fixture
def everything_far(monkeypatch):
    monkeypatch.setattr(plans, "NEAR_BYTES", 0)
    planned_calls.clear()
    yield
    planned_calls.clear()


@pytest.mark.usefixtures("everything_far")
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 15, 16, 33])
def test_channel_filter_and_row_edges(data_format, dtype, channels):
    rng = np.random.default_rng(channels)
    for filters in (1, 8, 15, 16, 31, 32, 33, 130):
        for length in (1, 13, 30, 64):
            given = operands(rng, 2, length, channels, 3, 1, filters, dtype, integers=True)
            wanted = reference.separable_conv1d(*given, padding="same")
            np.testing.assert_array_equal(convolve(data_format, *given, padding="same"), wanted)


def product_of(examples, channels, filters):
    strides = (1000 * channels * 4, channels * 4, 4), (1000 * filters * 4, filters * 4, 4)
    sizes = Sizes("float32", examples, 1000, channels, 1000, filters, 3, 1, 1, 1, 1, *strides, None)
    return problem_of(sizes, 2).multiply_panel


def test_small_outputs_and_weights_are_near():
    near, far = (plans.procedure("float32", name) for name in ("multiply_panel", "multiply_panel_far"))
    assert near != far
    assert product_of(1, 64, 64) == near
    assert product_of(32, 64, 64) == far
    assert product_of(1, 1024, 512) == far
