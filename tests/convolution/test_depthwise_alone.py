"""Depthwise convolutions without a product, whose sums are made where the outputs are, or stored from elsewhere."""

import itertools

import numpy as np
import pytest
import reference

from nb_sepconv import ops
from nb_sepconv.kernels import cpu

GUARD = 67  # numbers on both sides of the outputs, so that they begin at no vector's alignment


def into_guarded_memory(shape, dtype, compute):
    """The outputs that ``compute(out)`` writes; what lies around them stays as it is."""
    memory = np.full(np.prod(shape) + 2 * GUARD, np.nan, dtype)
    out = memory[GUARD:-GUARD].reshape(shape)
    assert compute(out) is out
    assert np.isnan(memory[:GUARD]).all()
    assert np.isnan(memory[-GUARD:]).all()
    return out


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_number_of_steps_exactly(dtype, threads):
    rng = np.random.default_rng(threads)
    with cpu.num_threads(threads):
        for channels, steps in itertools.product((8, 16, 37, 64), (*range(1, 42), 129, 340)):
            x = rng.integers(-3, 4, (2, steps, channels)).astype(dtype)
            depthwise = rng.integers(-3, 4, (3, channels, 1)).astype(dtype)
            got = into_guarded_memory(
                x.shape, dtype, lambda out, x=x, d=depthwise: ops.depthwise_conv1d(x, d, padding="causal", out=out)
            )
            np.testing.assert_array_equal(got, reference.depthwise_conv1d(x, depthwise, padding="causal"))


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize(("strides", "dilation_rate"), [(1, 1), (2, 1), (1, 3), (1, 50)])
def test_same_bits_in_both_layouts(strides, dilation_rate, activation):
    rng = np.random.default_rng(3)
    how = {"strides": strides, "dilation_rate": dilation_rate, "padding": "same", "activation": activation}
    for channels, steps in itertools.product((16, 70, 300), (2, 7, 23, 200)):
        x = rng.standard_normal((3, steps, channels), np.float32)
        depthwise = rng.standard_normal((5, channels, 1), np.float32)
        first = ops.depthwise_conv1d(
            np.ascontiguousarray(x.swapaxes(1, 2)), depthwise, data_format="channels_first", **how
        )
        last = ops.depthwise_conv1d(x, depthwise, **how)
        np.testing.assert_array_equal(last.view(np.int32), np.ascontiguousarray(first.swapaxes(1, 2)).view(np.int32))


@pytest.mark.parametrize("threads", [1, 3])
def test_examples_of_every_length_exactly(threads):
    rng = np.random.default_rng(5)
    lengths = rng.permutation(41)
    with cpu.num_threads(threads):
        for channels in (8, 37, 64):
            x = rng.integers(-3, 4, (41, 40, channels)).astype(np.float32)
            depthwise = rng.integers(-3, 4, (3, channels, 1)).astype(np.float32)
            how = {"padding": "causal", "lengths": lengths}
            got = into_guarded_memory(
                x.shape, "float32", lambda out, x=x, d=depthwise, how=how: ops.depthwise_conv1d(x, d, out=out, **how)
            )
            wanted = reference.depthwise_conv1d(x, depthwise, padding="causal")
            wanted[np.arange(40) >= lengths[:, np.newaxis]] = 0
            np.testing.assert_array_equal(got, wanted)
