"""Gradients with lengths: those of each example alone, and of a call with zeros behind the ends."""

import itertools

import numpy as np
import pytest
import reference
from test_gradients import transposed
from test_lengths import GEOMETRIES, LAYOUTS, TYPES, assert_same_bits, output_length, poisoned
from test_ops import operands

from nb_sepconv import ops
from nb_sepconv.kernels import cpu


def masked(array, lengths):
    return poisoned(array, lengths, 0)


def gradients(layout, d_y, x, *weights, function=ops.separable_conv1d_gradients, **keywords):
    d_x, *others = function(transposed(layout, d_y), transposed(layout, x), *weights, data_format=layout, **keywords)
    return transposed(layout, d_x), *others


def summed_gradients(d_y, x, lengths, *weights, **geometry):
    """In float64, example by example."""
    total = [np.zeros(array.shape) for array in (x, *weights)]
    for n, length in enumerate(lengths):
        steps = output_length(length, len(weights[0]), geometry)
        if steps:
            one = d_y[n : n + 1, :steps], x[n : n + 1, :length]
            d_x, *others = reference.separable_conv1d_gradients(*one, *weights, **geometry)
            total[0][n, :length] = d_x[0]
            for sums, part in zip(total[1:], others, strict=True):
                sums += part
    return total


@pytest.mark.parametrize("threads", [1, 2])
@LAYOUTS
def test_gradients_of_every_small_geometry_exactly(layout, threads):
    rng = np.random.default_rng(threads)
    with cpu.num_threads(threads):
        for geometry, taps, length in itertools.product(GEOMETRIES, (1, 2, 3), (1, 4, 9)):
            steps = output_length(length, taps, geometry)
            if steps == 0:
                continue
            x, *weights = operands(rng, length + 1, length, 3, taps, 2, 5, integers=True)
            d_y = rng.integers(-3, 4, (length + 1, steps, 5)).astype(np.float32)
            lengths = rng.permutation(length + 1)
            wanted = summed_gradients(d_y, x, lengths, *weights, **geometry)
            d_y = poisoned(d_y, ops.output_lengths(lengths, taps, **geometry))
            got = gradients(layout, d_y, poisoned(x, lengths), *weights, lengths=lengths, **geometry)
            for one, other in zip(got, wanted, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=str((geometry, taps, lengths)))


@LAYOUTS
@pytest.mark.parametrize("sizes", [(1, 5, 3, 1), (3, 2000, 8, 1), (6, 700, 40, 3)], ids=str)
@pytest.mark.parametrize("kernel", [(3, 1), (2, 1100), (9, 4)], ids=str)
def test_gradients_of_edges_parts_and_far_taps_exactly(layout, sizes, kernel):
    examples, length, channels, multiplier = sizes
    taps, dilation = kernel
    rng = np.random.default_rng(taps)
    for stride in (1, 2):
        geometry = {"strides": stride, "padding": "same", "dilation_rate": dilation}
        x, *weights = operands(rng, examples, length, channels, taps, multiplier, 9, integers=True)
        lengths = rng.integers(0, length + 1, examples)
        d_y = rng.integers(-3, 4, (examples, -(-length // stride), 9)).astype(np.float32)
        wanted = summed_gradients(d_y, x, lengths, *weights, **geometry)
        d_y = poisoned(d_y, ops.output_lengths(lengths, taps, **geometry))
        with cpu.num_threads(2):
            got = gradients(layout, d_y, poisoned(x, lengths), *weights, lengths=lengths, **geometry)
        for one, other in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=str((geometry, lengths)))


@pytest.mark.parametrize(  # in channels_first softmax is over time, and the masked call no definition
    ("layout", "activation"),
    [
        *itertools.product(["channels_last", "channels_first"], [None, "tanh", "swish", "gelu"]),
        ("channels_last", "softmax"),
    ],
)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_gradients_are_those_of_the_masked_call(layout, activation, dtype):
    """Those of the inputs bit for bit those of each example alone, those of the weights those of zeros behind."""
    rng = np.random.default_rng(10)
    for geometry in (
        {"strides": 1, "padding": "same", "dilation_rate": 2},
        {"strides": 2, "padding": (1, 2), "dilation_rate": 1},
    ):
        x, *weights = operands(rng, 6, 40, 17, 3, 1, 20, dtype)
        lengths = np.array([40, 0, 39, 17, 3, 1])
        steps = ops.output_lengths([40, *lengths], 3, **geometry)
        d_y = rng.standard_normal((6, steps[0], 20)).astype(dtype)
        keywords = {"activation": activation, **geometry}
        got = gradients(layout, poisoned(d_y, steps[1:]), poisoned(x, lengths), *weights, lengths=lengths, **keywords)
        wanted = gradients(layout, masked(d_y, steps[1:]), masked(x, lengths), *weights, **keywords)
        for one, other in zip(got[1:], wanted[1:], strict=True):
            assert_same_bits(one, other, keywords)
        assert_same_bits(got[0], masked(wanted[0], lengths), keywords)


@pytest.mark.parametrize("precision", ["bf16x3", "bf16"])
def test_gradients_of_wide_layers_in_parts(precision):
    rng = np.random.default_rng(11)
    x, *weights = operands(rng, 4, 300, 128, 3, 1, 128)
    lengths, d_y = np.array([300, 31, 0, 151]), rng.standard_normal((4, 300, 128)).astype(np.float32)
    keywords = {"precision": precision, "padding": "same"}
    given = poisoned(d_y, lengths), poisoned(x, lengths)
    with cpu.num_threads(2):
        got = ops.separable_conv1d_gradients(*given, *weights, lengths=lengths, **keywords)
    given = masked(d_y, lengths), masked(x, lengths)
    wanted = ops.separable_conv1d_gradients(*given, *weights, **keywords)
    assert_same_bits(got[0], masked(wanted[0], lengths))
    for one, other in zip(got[1:], wanted[1:], strict=True):
        assert_same_bits(one, other)


@LAYOUTS
def test_gradients_of_depthwise_with_known_outputs(layout):
    rng = np.random.default_rng(12)
    x, kernel, *_ = operands(rng, 5, 30, 7, 3, 2, 1)
    lengths = np.array([30, 1, 0, 12, 29])
    keywords = {"strides": 2, "padding": "causal", "data_format": layout, "activation": "sigmoid", "lengths": lengths}
    given = transposed(layout, poisoned(x, lengths))
    y = ops.depthwise_conv1d(given, kernel, **keywords)
    d_y = poisoned(rng.standard_normal((5, 15, 14)).astype(np.float32), -(-lengths // 2))
    d_y = transposed(layout, d_y)
    got = ops.depthwise_conv1d_gradients(d_y, given, kernel, outputs=y, **keywords)
    anew = ops.depthwise_conv1d_gradients(d_y, given, kernel, **keywords)
    wanted = ops.depthwise_conv1d_gradients(
        np.nan_to_num(d_y), np.nan_to_num(given), kernel, **{**keywords, "lengths": None}
    )
    for one, other in zip(got, anew, strict=True):
        assert_same_bits(one, other)
    assert_same_bits(got[1], wanted[1])
    only = ops.depthwise_conv1d_gradients(d_y, given, kernel, wanted="depthwise_kernel", **keywords)
    assert only[0] is None
    assert_same_bits(only[1], got[1])
