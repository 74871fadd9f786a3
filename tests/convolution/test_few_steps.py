"""Few output steps, of which the depthwise stage computes some in vain: the tables and buffers reach as far."""

import itertools

import numpy as np
import pytest

from nb_sepconv import ops


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_few_steps_are_exact(dtype, data_format):
    rng = np.random.default_rng(0)
    for taps, dilation, steps, channels in itertools.product(
        (1, 3, 9), (1, 2, 7), (1, 2, 3, 5, 9, 12, 15, 17), (3, 70)
    ):
        series = rng.integers(-2, 3, (2, steps + (taps - 1) * dilation, channels)).astype(dtype)
        depthwise = rng.integers(-1, 2, (taps, channels, 1)).astype(dtype)
        pointwise = rng.integers(-1, 2, (channels, 5)).astype(dtype)
        hidden = sum(series[:, tap * dilation :][:, :steps] * depthwise[tap, :, 0] for tap in range(taps))
        inputs = series if data_format == "channels_last" else np.ascontiguousarray(series.swapaxes(1, 2))
        how = {"dilation_rate": dilation, "data_format": data_format}
        found = [
            ops.depthwise_conv1d(inputs, depthwise, **how),
            ops.separable_conv1d(inputs, depthwise, pointwise, **how),
        ]
        if data_format == "channels_first":
            found = [outputs.swapaxes(1, 2) for outputs in found]
        np.testing.assert_array_equal(found[0], hidden)
        np.testing.assert_array_equal(found[1], hidden @ pointwise)
