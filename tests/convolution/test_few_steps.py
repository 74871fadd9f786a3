"""Few output steps, of which the depthwise stage computes some in vain: the tables and buffers reach as far."""

import itertools
import os
import platform
import subprocess
import sys

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


# Memory is filled with bytes of 127, numbers so large that twice as much is infinite.
COMPUTES_OVERFLOWS = """
import ctypes, itertools
import numpy as np
from nb_sepconv import ops
overflow, system = {"x86_64": 8, "aarch64": 4}[__import__("platform").machine()], ctypes.CDLL(None)
layers = [(8, 3, 1, 1, 1, 16), (40, 3, 1, 1, 1, 33), (40, 3, 3, 1, 1, 33), (40, 3, 1, 1, 2, 3), (3, 9, 1, 1, 4, 16)]
layers += [(2, 30, 8, 1, 1, 4), (40, 3, 1, 7, 1, 33), (40, 5, 1, 2, 3, 9), (70, 4, 2, 3, 1, 5), (9, 2, 4, 1, 1, 16)]
for (channels, *settings), steps in itertools.product(layers, (3, 7, 11, 17, 31, 40, 100, 401)):
    taps, stride, dilation, multiplier, filters = settings
    shapes = (taps, channels, multiplier), (channels * multiplier, filters)
    weights = [np.full(shape, 2, np.float32) for shape in shapes]
    for data_format, shape in (("channels_last", (2, steps, channels)), ("channels_first", (2, channels, steps))):
        how = {"strides": stride, "dilation_rate": dilation, "padding": "same", "data_format": data_format}
        for attempt in range(2):
            system.feclearexcept(overflow)
            ops.separable_conv1d(np.ones(shape, np.float32), *weights, **how, engine="fma")
        if system.fetestexcept(overflow):
            print(channels, *settings, steps, data_format)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is filled by the GNU C library")
def test_nothing_is_computed_from_memory_that_nobody_wrote():
    """Subnormal numbers made such calls up to ten times as long."""
    environment = {**os.environ, "MALLOC_PERTURB_": "128", "NB_SEPCONV_NUM_THREADS": "1"}
    command = [sys.executable, "-c", COMPUTES_OVERFLOWS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout == ""
