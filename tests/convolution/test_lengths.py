"""Lengths: each example of a batch gives what it gives alone, whatever lies behind its end."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import reference
from test_gradients import transposed
from test_ops import operands

from nb_sepconv import activations, ops
from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.cpu.forward.length_calls import CallWithLengths, table_of
from nb_sepconv.kernels.cpu.forward.plan import Plan
from nb_sepconv.kernels.protocol import SAME_ZEROS, Lengths, Sizes
from nb_sepconv.tensors.tensor import tensor

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
TYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.float16), BFLOAT16)
PADDINGS = ("valid", "same", "causal", (2, 1), (0, 3), (5, 0), (7, 2))
GEOMETRIES = [
    {"strides": stride, "padding": padding, "dilation_rate": dilation}
    for stride, dilation, padding in itertools.product((1, 2, 3), (1, 2), PADDINGS)
]
LAYOUTS = pytest.mark.parametrize("layout", ["channels_last", "channels_first"])


def bits(array):
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}")


def assert_same_bits(got, wanted, context=""):
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(bits(got), bits(wanted), err_msg=str(context))


def poisoned(array, lengths, value=np.nan):
    """A copy of an array (N, L, C) with NaN behind each example's length."""
    array = array.copy()
    for example, length in zip(array, lengths, strict=True):
        example[length:] = value
    return array


def output_length(length, taps, geometry):
    return reference.output_length(length, taps, geometry["strides"], geometry["dilation_rate"], geometry["padding"])


def by_definition(function, x, lengths, steps, filters):
    """Each example alone, cut to its length, by a function of series (1, L, C); zeros behind."""
    y = np.zeros((len(x), steps, filters), x.dtype)
    for n, length in enumerate(lengths):
        one = function(x[n : n + 1, :length])
        y[n, : one.shape[1]] = one[0]
    return y


def convolve(layout, x, *weights, lengths, **keywords):
    """With lengths, in a layout and into poisoned memory; the result in channels_last."""
    x = transposed(layout, x)
    y = ops.separable_conv1d(x, *weights, data_format=layout, lengths=lengths, **keywords)
    out = np.full(y.shape, np.nan, y.dtype)
    assert ops.separable_conv1d(x, *weights, data_format=layout, lengths=lengths, out=out, **keywords) is out
    assert_same_bits(y, out)
    return transposed(layout, y)


def alone(layout, x, *weights, **keywords):
    """An example in a call of its own, in channels_last; no steps where the kernel does not fit."""
    if not output_length(x.shape[1], len(weights[0]), keywords):
        return x[:, :0, :1]
    x = transposed(layout, np.ascontiguousarray(x))
    return transposed(layout, ops.separable_conv1d(x, *weights, data_format=layout, **keywords))


def assert_alone(layout, x, lengths, *weights, **keywords):
    """The outputs with lengths have the bits of those of each example alone."""
    got = convolve(layout, poisoned(x, lengths), *weights, lengths=lengths, **keywords)
    filters = weights[1].shape[-1]
    wanted = by_definition(lambda one: alone(layout, one, *weights, **keywords), x, lengths, got.shape[1], filters)
    assert_same_bits(got, wanted, (lengths, keywords))


@pytest.mark.parametrize("threads", [1, 2])
@LAYOUTS
def test_every_small_geometry_exactly(layout, threads):
    rng = np.random.default_rng(threads)
    with cpu.num_threads(threads):
        for geometry, taps, length in itertools.product(GEOMETRIES, (1, 2, 3), (1, 4, 9)):
            steps = output_length(length, taps, geometry)
            if steps == 0:
                continue
            x, *weights = operands(rng, length + 1, length, 3, taps, 2, 5, integers=True)
            lengths = rng.permutation(length + 1)
            got = convolve(layout, poisoned(x, lengths), *weights, lengths=lengths, **geometry)

            def of_one(one, weights=weights, geometry=geometry):
                return reference.separable_conv1d(one, *weights, **geometry)

            np.testing.assert_array_equal(got, by_definition(of_one, x, lengths, steps, 5), err_msg=str(geometry))
            told = ops.output_lengths(lengths, taps, **geometry)
            assert told.tolist() == [output_length(each, taps, geometry) for each in lengths]


@LAYOUTS
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_same_bits_as_alone_in_every_type(layout, dtype):
    rng = np.random.default_rng(1)
    for geometry in GEOMETRIES:
        x, *weights = operands(rng, 13, 12, 3, 3, 1, 4, dtype)
        assert_alone(layout, x, rng.permutation(13), *weights, activation="tanh", **geometry)


@LAYOUTS
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_edges_of_channels_filters_and_tiles(layout, dtype):
    rng = np.random.default_rng(2)
    for channels, filters, multiplier in ((1, 1, 1), (16, 33, 1), (17, 32, 2), (33, 70, 1), (40, 8, 3)):
        for steps in (15, 33, 127, 340):
            x, *weights = operands(rng, 5, steps, channels, 3, multiplier, filters, dtype)
            lengths = [steps, 0, steps - 1, steps // 2, 16]
            assert_alone(layout, x, np.minimum(lengths, steps), *weights, padding="same", strides=1, dilation_rate=1)


@pytest.mark.parametrize("threads", [1, 2])
@LAYOUTS
def test_examples_of_few_and_of_many_rows_share_tiles(layout, threads):
    """Of 28 rows and more, an example is multiplied alone; examples of fewer rows are multiplied together."""
    rng = np.random.default_rng(13)
    lengths = np.array([1, 3, 27, 28, 29, 0, 56, 100, 2, 2, 31, 100, 27, 1])
    with cpu.num_threads(threads):
        for filters in (32, 40, 70):
            x, *weights = operands(rng, len(lengths), 100, 20, 3, 1, filters)
            how = {"padding": "same", "strides": 1, "dilation_rate": 1}
            assert_alone(layout, x, rng.permutation(lengths), *weights, activation="relu", **how)


@pytest.mark.parametrize("channels", [1, 16])
@LAYOUTS
def test_examples_without_steps_lie_anywhere(layout, channels):
    """The tile in which an example ends clears behind it; one without rows ends with the one before it."""
    x, *weights = operands(np.random.default_rng(14), 4, 700, channels, 3, 1, 9)
    how = {"padding": "same", "strides": 1, "dilation_rate": 1}
    results = {length: alone(layout, x[:1, :length], *weights, **how) for length in (0, 5, 700)}
    x = np.repeat(x[:1], 4, axis=0)
    for lengths in itertools.product((0, 5, 700), repeat=4):
        wanted = by_definition(lambda one: results[one.shape[1]], x, lengths, 700, 9)
        with cpu.num_threads(1 + sum(lengths) % 3):
            got = convolve(layout, poisoned(x, lengths), *weights, lengths=lengths, **how)
        assert_same_bits(got, wanted, lengths)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_examples_end_at_every_step_of_a_panel(dtype, threads):
    """Where vectors hold steps, the last one of an example ends with zeros, and others follow where there is time."""
    rng = np.random.default_rng(14)
    how = {"padding": "same", "strides": 1, "dilation_rate": 1, "activation": "sigmoid"}
    with cpu.num_threads(threads):
        for channels, filters, steps in ((20, 130, 37), (2, 16, 64), (1, 130, 70), (64, 7, 35)):
            x, *weights = operands(rng, steps + 4, steps, channels, 3, 1, filters, dtype)
            lengths = np.concatenate([[0, 0], rng.permutation(steps + 1), [0]])
            assert_alone("channels_first", x, lengths, *weights, **how)


def test_nothing_outside_of_the_outputs_is_written():
    rng = np.random.default_rng(15)
    for layout, steps in itertools.product(("channels_last", "channels_first"), (5, 24, 35)):
        x, *weights = operands(rng, 7, steps, 16, 3, 1, 24)
        lengths = np.array([steps, 1, steps - 1, 0, steps, 3, steps])
        wanted = transposed(layout, convolve(layout, x, *weights, padding="same", lengths=lengths))
        guarded = np.full(wanted.size + 128, np.nan, np.float32)
        out = guarded[64:-64].reshape(wanted.shape)
        given = {"padding": "same", "data_format": layout, "lengths": lengths}
        ops.separable_conv1d(transposed(layout, x), *weights, **given, out=out)
        assert_same_bits(out, wanted)
        assert np.isnan(guarded[:64]).all()
        assert np.isnan(guarded[-64:]).all()


@LAYOUTS
@pytest.mark.parametrize("engine", ["fma", "amx"])
@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", "float32"), ("bf16x3", "float32"), ("bf16", "float32"), (None, BFLOAT16)]
)
def test_wide_layers_on_several_threads_in_every_precision(layout, engine, precision, dtype):
    rng = np.random.default_rng(3)
    keywords = {"engine": engine, "precision": precision, "strides": 2, "padding": "same", "dilation_rate": 1}
    with cpu.num_threads(2):
        for channels, filters, taps in ((64, 96, 5), (150, 70, 9), (300, 200, 3)):
            x, *weights = operands(rng, 6, 233, channels, taps, 1, filters, dtype)
            x[:, 100, :3] = np.inf  # rows that pairs cannot take
            assert_alone(layout, x, np.array([233, 0, 1, 120, 121, 17]), *weights, **keywords)


@LAYOUTS
@pytest.mark.parametrize(("taps", "dilation"), [(2, 40), (5, 17), (40, 1), (3, 1)])
def test_kernels_of_every_kind_of_movement(layout, taps, dilation):
    """Windows of their own for taps far apart, phases of a dilation, longer tiles for long kernels."""
    rng = np.random.default_rng(4)
    for stride in (1, 2):
        geometry = {"strides": stride, "padding": "same", "dilation_rate": dilation}
        x, *weights = operands(rng, 4, 700, 5, taps, 1, 7)
        assert_alone(layout, x, np.array([700, 3, 401, 299]), *weights, **geometry)


@pytest.mark.parametrize("threads", [1, 2])
def test_more_channels_than_are_summed_at_a_time(threads):
    rng = np.random.default_rng(5)
    x, *weights = operands(rng, 3, 40, 2100, 3, 1, 40)
    with cpu.num_threads(threads):
        assert_alone("channels_last", x, np.array([40, 7, 23]), *weights, padding="same", strides=1, dilation_rate=1)


@LAYOUTS
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_alone(layout, multiplier):
    rng = np.random.default_rng(multiplier)
    x, kernel, *_ = operands(rng, 8, 50, 19, 4, multiplier, 1, integers=True)
    lengths = np.array([50, 0, 1, 49, 16, 17, 30, 2])
    given = transposed(layout, poisoned(x, lengths))
    got = ops.depthwise_conv1d(given, kernel, strides=2, padding="same", lengths=lengths, data_format=layout)

    def of_one(one):
        return reference.depthwise_conv1d(one, kernel, strides=2, padding="same")

    np.testing.assert_array_equal(transposed(layout, got), by_definition(of_one, x, lengths, 25, 19 * multiplier))


def test_any_split_of_the_batch_and_any_memory():
    rng = np.random.default_rng(6)
    x, *weights = operands(rng, 9, 70, 20, 5, 1, 24)
    lengths = rng.integers(0, 71, 9)
    whole = ops.separable_conv1d(x, *weights, padding="causal", lengths=lengths)
    for parts in (2, 3, 9):
        split = [
            ops.separable_conv1d(one, *weights, padding="causal", lengths=own)
            for one, own in zip(np.array_split(x, parts), np.array_split(lengths, parts), strict=True)
        ]
        assert_same_bits(np.concatenate(split), whole)
    for given in (np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1]):
        assert_same_bits(ops.separable_conv1d(given, *weights, padding="causal", lengths=list(lengths)), whole)
    out = np.full((9, 48, 140), np.nan, np.float32)[:, ::2, ::2].transpose(0, 2, 1)
    ops.separable_conv1d(x, *weights, padding="causal", lengths=lengths, out=out)
    assert_same_bits(out, whole)


@pytest.mark.parametrize("lengths", [tensor(np.arange(12)[::-2]), np.arange(12, dtype=">i2")[::-2], range(11, 0, -2)])
def test_lengths_in_any_memory(lengths):
    x, *weights = operands(np.random.default_rng(16), 6, 11, 5, 3, 1, 8)
    wanted = ops.separable_conv1d(x, *weights, lengths=[11, 9, 7, 5, 3, 1])
    assert_same_bits(ops.separable_conv1d(x, *weights, lengths=lengths), wanted)


def test_all_steps_and_no_steps():
    rng = np.random.default_rng(7)
    x, *weights = operands(rng, 4, 30, 6, 3, 1, 5)
    assert_same_bits(ops.separable_conv1d(x, *weights, lengths=[30] * 4), ops.separable_conv1d(x, *weights))
    out = np.full((4, 28, 5), np.nan, np.float32)
    ops.separable_conv1d(x * np.nan, *weights, lengths=[0, 1, 2, 0], out=out)
    assert not out.any()
    assert ops.separable_conv1d(x[:0], *weights, lengths=[]).shape == (0, 28, 5)
    bias_alone = ops.separable_conv1d(x * np.nan, *weights, padding=(3, 0), lengths=[0] * 4)
    np.testing.assert_array_equal(
        bias_alone, np.concatenate([np.tile(weights[-1], (4, 1, 1)), np.zeros((4, 30, 5))], 1)
    )


def test_rows_behind_are_not_computed(monkeypatch):
    made = []
    monkeypatch.setattr(CallWithLengths, "__init__", counting(CallWithLengths.__init__, made))
    x, *weights = operands(np.random.default_rng(8), 8, 4000, 16, 3, 1, 16)
    for lengths in ([4000] * 8, [2000] * 8, [4000, *[0] * 7]):
        ops.separable_conv1d(x, *weights, lengths=lengths)
    full, half, eighth = made
    assert abs(half - full / 2) <= 1
    assert abs(eighth - full / 8) <= 1


def test_the_table_of_examples():
    """First row, input steps, zeros before and output steps of each example, and behind them the number of rows."""
    strides = (36, 4, 4), (20, 4, 4)
    sizes = Sizes("float32", 3, 9, 1, 5, 1, 4, 1, 2, 1, 1, *strides, None)
    plan = Plan(sizes, 1)
    same = table_of(plan, Lengths(np.array([5, 0, 9]), 4, 2, SAME_ZEROS))
    assert same[:-1].tolist() == [[0, 5, 1, 3], [3, 0, 1, 0], [3, 9, 1, 5]]
    assert same[-1, 0] == 8
    explicit = table_of(plan, Lengths(np.array([5, 0, 9]), 4, 2, 2))
    assert explicit[:-1].tolist() == [[0, 5, 1, 2], [2, 0, 1, 0], [2, 9, 1, 4]]


def counting(make, made):
    def init(self, plan, lengths):
        make(self, plan, lengths)
        made.append(self.tickets)

    return init


def glu(y):
    """A function that halves the channels."""
    return y[..., : y.shape[-1] // 2] * activations.sigmoid(y[..., y.shape[-1] // 2 :])


@pytest.mark.parametrize(
    ("layout", "activation"),
    [*itertools.product(["channels_last", "channels_first"], ["gelu", "softmax", np.log]), ("channels_last", glu)],
)
def test_activations_of_numpy_see_each_example_alone(layout, activation):
    rng = np.random.default_rng(9)
    x, *weights = (np.abs(array) + 1 for array in operands(rng, 5, 20, 3, 3, 1, 6))
    lengths = np.array([20, 0, 2, 11, 3])
    given = transposed(layout, poisoned(x, lengths))
    got = ops.separable_conv1d(given, *weights, data_format=layout, activation=activation, lengths=lengths)
    for n, length in enumerate(lengths):
        one = got[n : n + 1, : length - 2] if layout == "channels_last" else got[n : n + 1, :, : length - 2]
        if length > 2:
            cut = transposed(layout, np.ascontiguousarray(x[n : n + 1, :length]))
            assert_same_bits(one, ops.separable_conv1d(cut, *weights, data_format=layout, activation=activation))
            one[...] = 0
    assert not got.any()
    nothing = ops.separable_conv1d(given, *weights, data_format=layout, activation=activation, lengths=[0] * 5)
    assert nothing.shape == got.shape
    assert not nothing.any()


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([1.0, 2.0], TypeError, "`lengths` must be integers. Received: float64"),
        ([True, False], TypeError, "`lengths` must be integers. Received: bool"),
        ([1], ValueError, r"`lengths` must have the shape \(2,\), one for each example. Received: shape \(1,\)"),
        (3, ValueError, r"`lengths` must have the shape \(2,\)"),
        ([[1, 2]], ValueError, r"`lengths` must have the shape \(2,\)"),
        ([9, 10], ValueError, "`lengths` must be from 0 to 9, the steps of `inputs`. Received: "),
        ([-1, 3], ValueError, "`lengths` must be >= 0. Received: "),
        (np.array([9, 10]), ValueError, r"`lengths` must be from 0 to 9, .*. Received: array\(\[ 9, 10\]\)"),
        (np.array([-1, 3]), ValueError, r"`lengths` must be from 0 to 9, .*. Received: array\(\[-1,  3\]\)"),
    ],
)
def test_errors(lengths, error, message):
    x, *weights = operands(np.random.default_rng(0), 2, 9, 3, 2, 1, 4)
    with pytest.raises(error, match=message):
        ops.separable_conv1d(x, *weights, lengths=lengths)
    with pytest.raises(error, match=message):
        ops.depthwise_conv1d(x, weights[0], lengths=lengths)
    with pytest.raises(error, match=message):
        ops.separable_conv1d_gradients(np.ones((2, 8, 4), np.float32), x, *weights, lengths=lengths)


def test_errors_of_output_lengths():
    with pytest.raises(TypeError, match=r"`lengths` must be integers. Received: float64"):
        ops.output_lengths(2.5, 3)
    with pytest.raises(ValueError, match=r"`lengths` must be >= 0. Received: -1"):
        ops.output_lengths(-1, 3)
    with pytest.raises(ValueError, match="The `kernel_size` argument must be a tuple of 1 integers"):
        ops.output_lengths(3, 0)
    with pytest.raises(ValueError, match="The `padding` argument"):
        ops.output_lengths(3, 1, padding="full")
    assert ops.output_lengths(np.arange(6).reshape(2, 3), 2, 2, "same").tolist() == [[0, 1, 1], [2, 2, 3]]


def test_the_whole_batch_must_be_long_enough():
    x, *weights = operands(np.random.default_rng(0), 2, 2, 3, 3, 1, 4)
    with pytest.raises(ValueError, match="`inputs` is too short: the kernel spans 3 steps"):
        ops.separable_conv1d(x, *weights, lengths=[0, 2])


def test_on_a_gpu_lengths_are_refused_by_name():
    x, *weights = operands(np.random.default_rng(0), 2, 9, 3, 2, 1, 4)
    with pytest.raises(TypeError, match="`lengths` are for arrays in the host's memory"):
        ops.separable_conv1d(x, *weights, lengths=[1, 2], device="cuda")
