"""The operation inside the caller's own jitted functions gives the same bits."""

import numpy as np
import pytest
from numba import njit, prange
from numba.core.errors import NumbaWarning, TypingError

from nb_sepconv import ops
from nb_sepconv.kernels.cpu import jitted
from nb_sepconv.kernels.cpu.forward import problem


def operands(rng, dtype=np.float32):
    shapes = (3, 100, 19), (3, 19, 2), (1, 38, 50), (50,)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bits(dtype):
    arrays = operands(np.random.default_rng(1), dtype)

    @njit
    def convolve(x, depthwise, pointwise, bias):
        return ops.separable_conv1d(x, depthwise, pointwise, bias, padding="same", activation="tanh")

    wanted = ops.separable_conv1d(*arrays, padding="same", activation="tanh")
    np.testing.assert_array_equal(convolve(*arrays), wanted)


def test_run_time_strides_and_any_memory():
    x, depthwise, pointwise, _ = operands(np.random.default_rng(2))
    first = np.ascontiguousarray(x.transpose(0, 2, 1))

    @njit
    def convolve(x, depthwise, pointwise, stride, dilation):
        return ops.separable_conv1d(
            x, depthwise, pointwise, strides=stride, dilation_rate=dilation, data_format="channels_first"
        )

    for given in (first, first[:, :, ::2], first[::-1, ::-1, ::-1], np.asfortranarray(first)):
        for stride, dilation in ((1, 1), (2, 1), (1, 3), (3, 2)):
            wanted = ops.separable_conv1d(
                given, depthwise, pointwise, strides=stride, dilation_rate=dilation, data_format="channels_first"
            )
            np.testing.assert_array_equal(convolve(given, depthwise, pointwise[0], stride, dilation), wanted)


def test_weights_in_any_memory():
    """A bias was read as if its numbers lay side by side, beyond its end where they are in reverse order."""
    x, *weights = operands(np.random.default_rng(7))

    @njit
    def convolve(x, depthwise, pointwise, bias):
        return ops.separable_conv1d(x, depthwise, pointwise, bias)

    wanted = ops.separable_conv1d(x, *weights)
    for spread in (lambda array: np.repeat(array, 2, axis=-1)[..., ::2], lambda array: np.flip(np.flip(array).copy())):
        np.testing.assert_array_equal(convolve(x, *map(spread, weights)), wanted)


@pytest.mark.slow  # docs/how-to/jitted.md has such a loop, which runs each time
def test_in_the_callers_own_parallel_loop():
    x, depthwise, pointwise, bias = operands(np.random.default_rng(3))

    @njit(parallel=True)
    def convolve(x, depthwise, pointwise, bias, out):
        for n in prange(len(x)):
            out[n] = ops.separable_conv1d(x[n : n + 1], depthwise, pointwise, bias, padding="causal")[0]

    out = np.full((3, 100, 50), np.nan, np.float32)
    convolve(x, depthwise, pointwise, bias, out)
    np.testing.assert_array_equal(out, ops.separable_conv1d(x, depthwise, pointwise, bias, padding="causal"))


def test_errors_at_run_time():
    x, depthwise, pointwise, bias = operands(np.random.default_rng(4))

    @njit
    def convolve(x, depthwise, pointwise, bias, stride):
        return ops.separable_conv1d(x, depthwise, pointwise, bias, strides=stride)

    for wrong, message in (  # in one kind of memory each, for which Numba compiles once
        ((x[:, :, :5].copy(), depthwise, pointwise, bias, 1), "`depthwise_kernel` must have the shape"),
        ((x, depthwise, pointwise[:, :5], bias, 1), "`pointwise_kernel` must have the shape"),
        ((x, depthwise, pointwise, bias[:3], 1), "`bias` must have the shape"),
        ((x, depthwise, pointwise, bias[:0], 1), "`bias` must have the shape"),
        ((x, depthwise, pointwise, bias, 0), "`strides` and `dilation_rate` must be > 0"),
        ((x[:, :2].copy(), depthwise, pointwise, bias, 1), "`inputs` is too short"),
    ):
        with pytest.raises(ValueError, match=message):
            convolve(*wrong)


def test_errors_when_compiling():
    x, depthwise, pointwise, _ = operands(np.random.default_rng(5))

    @njit
    def unknown_padding(x, depthwise, pointwise):
        return ops.separable_conv1d(x, depthwise, pointwise, padding="full")

    @njit
    def convolve(x, depthwise, pointwise):
        return ops.separable_conv1d(x, depthwise, pointwise)

    with pytest.raises(TypingError, match="`padding` must be a constant among"):
        unknown_padding(x, depthwise, pointwise)
    with pytest.raises(TypingError, match="`depthwise_kernel` must be of float32 or float64"):
        convolve(x, depthwise.astype(np.float64), pointwise)
    with pytest.raises(TypingError, match="`inputs` must be an array of 3 axes"):
        convolve(x[0], depthwise, pointwise)


def test_machine_addresses_are_never_written_to_a_cache_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path))
    x, depthwise, pointwise, _ = operands(np.random.default_rng(6))

    @njit(cache=True)
    def convolve(x, depthwise, pointwise):
        return ops.separable_conv1d(x, depthwise, pointwise)

    with pytest.warns(NumbaWarning, match="dynamic globals"):
        convolve(x, depthwise, pointwise)


def test_a_problem_without_one_of_its_fields_does_not_compile():
    @njit
    def store(address):
        jitted.store_problem((problem.ALL_STEPS, problem.ZEROS_BEFORE), address)

    with pytest.raises(
        TypingError,
        match=r"Problem has the fields \('examples', .* Received: \('lengths', 'clear', 'store_last', 'before'",
    ):
        store(0)


def test_lengths_are_refused_by_name():
    @njit
    def convolve(x, depthwise, pointwise):
        return ops.separable_conv1d(x, depthwise, pointwise, lengths=(1, 2, 3))

    x, depthwise, pointwise, _ = operands(np.random.default_rng(5))
    with pytest.raises(TypingError, match="`lengths` is for calls outside of jitted functions"):
        convolve(x, depthwise, pointwise)
