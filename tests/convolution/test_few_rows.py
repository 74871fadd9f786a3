"""Few rows by wide weights: right for every number of rows, with the bits of any other cut, each weight read once."""

import ctypes
import sys

import numpy as np
import pytest
import reference
from test_ops import convolve, operands

from nb_sepconv import ops
from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.codegen.storage import storage
from nb_sepconv.kernels.cpu.forward.plan import problem_of
from nb_sepconv.kernels.protocol import Sizes

MOST_ROWS = 60


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("channels", "multiplier"), [(40, 1), (11, 3)])
def test_every_number_of_rows(layout, threads, channels, multiplier):
    rng = np.random.default_rng([channels, threads])
    with cpu.num_threads(threads):
        for rows in range(1, MOST_ROWS + 1):
            given = operands(rng, 1, rows, channels, 3, multiplier, 700, integers=True)
            wanted = reference.separable_conv1d(*given, padding="same")
            np.testing.assert_array_equal(convolve(layout, *given, padding="same", engine="fma"), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_rows_have_the_bits_that_they_have_among_others(dtype):
    rng = np.random.default_rng(3)
    x, *weights = operands(rng, 1, MOST_ROWS, 130, 1, 1, 130, dtype)
    among = ops.separable_conv1d(x, *weights, engine="fma")
    for rows in range(1, MOST_ROWS):
        alone = ops.separable_conv1d(x[:, :rows], *weights, engine="fma")
        np.testing.assert_array_equal(alone, among[:, :rows])


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_sums_over_channels_that_are_interrupted(layout):
    rng = np.random.default_rng(4)
    for rows in (1, 2, 3, 5, 13, 15, 16, 17, 29, 31):
        given = operands(rng, 1, rows, 2100, 3, 1, 40, integers=True)
        wanted = reference.separable_conv1d(*given, padding="same")
        np.testing.assert_array_equal(convolve(layout, *given, padding="same", engine="fma"), wanted)


def test_nothing_outside_of_the_output_is_written():
    rng = np.random.default_rng(5)
    for rows in range(1, 35):
        x, *weights = operands(rng, 1, rows, 20, 3, 1, 64)
        guarded = np.full((rows + 40, 64), np.nan, np.float32)
        ops.separable_conv1d(x, *weights, padding="same", engine="fma", out=guarded[20 : 20 + rows][None])
        assert np.isnan(guarded[:20]).all()
        assert np.isnan(guarded[20 + rows :]).all()
        assert np.isfinite(guarded[20 : 20 + rows]).all()


@pytest.mark.skipif(sys.platform == "win32", reason="exceptions are asked for by the names of the C library")
@pytest.mark.parametrize("name", ["multiply_panel", "multiply_vector", "multiply_transposed", "multiply_half_panel"])
def test_nothing_behind_the_last_row_is_multiplied(name):
    """What lay there was multiplied in vain, and made a call ten times as long where it was subnormal numbers."""
    invalid, system = 1, ctypes.CDLL(None)
    width, every = storage("float32").lanes.width, MOST_ROWS + 4
    hidden, weights, y = (aligned_rows(count, width) for count in (every, 2 * width, 2 * every))
    bias = aligned_rows(2 * every, width)
    multiply = ctypes.CFUNCTYPE(None, *[ctypes.c_ssize_t] * 11)(procedure("float32", name))
    row_bytes = 8 * width
    for rows in range(1, MOST_ROWS):
        hidden[:rows] = 1
        hidden.view(np.uint32)[rows:] = 0x7FA00000  # signalling NaN
        at = [each.ctypes.data for each in (hidden, weights, bias, y)]
        system.feclearexcept(invalid)
        multiply(at[0], hidden.nbytes, 1, 0, width, at[1], at[2], row_bytes, at[3], row_bytes, rows)
        assert system.fetestexcept(invalid) == 0


def aligned_rows(count, width):
    """Rows of one vector, ones."""
    buffer = np.ones(count * width + 16, np.float32)
    first = -buffer.ctypes.data % 64 // 4
    return buffer[first : first + count * width].reshape(count, width)


def problem(rows, channels, kernel_size, filters, workers):
    strides = (rows * channels * 4, channels * 4, 4), (rows * filters * 4, filters * 4, 4)
    sizes = Sizes("float32", 1, rows, channels, rows, filters, kernel_size, 1, 1, 1, kernel_size // 2, *strides, None)
    return problem_of(sizes, workers)


@pytest.mark.parametrize("workers", [2, 3, 16])
@pytest.mark.parametrize("rows", [1, 4, 15, 17, 29, 60])
def test_each_worker_reads_weights_of_its_own(rows, workers):
    p = problem(rows, 1024, 5, 2048, workers)
    assert (p.tiles, p.tile_rows, p.filter_parts) == (1, rows, workers)


def test_many_rows_and_long_kernels_are_divided_by_rows():
    assert problem(200, 192, 3, 192, 2).tiles > 1
    assert problem(60, 64, 250, 64, 2).tiles > 1
