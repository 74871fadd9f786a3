"""The engine's product alone: dense layers' rows, and the overlapping rows of a convolution of all channels."""

import itertools

import numpy as np
import pytest
import reference

from nb_sepconv import num_threads
from nb_sepconv.convolution import product, settings
from nb_sepconv.convolution.rows import rows_of

FORMATS = "channels_last", "channels_first"
GEOMETRIES = [
    case
    for case in itertools.product(range(1, 8), range(1, 5), range(1, 4), range(1, 4), ("valid", "same", "causal"))
    if reference.output_length(*case) > 0
]


def whole(random, *shape, dtype=np.float32):
    return random.integers(-4, 5, shape).astype(dtype)


def in_format(series, data_format):
    return series if data_format == "channels_last" else np.ascontiguousarray(np.swapaxes(series, 1, 2))


def chosen(strides=1, padding="valid", dilation_rate=1, data_format="channels_last", **keywords):
    return settings.from_arguments(strides, padding, data_format, dilation_rate, **keywords)


def sums(*pairs):
    return [np.sum(one.astype(np.float64) * other) for one, other in pairs]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_every_small_geometry(padding, data_format):
    random = np.random.default_rng(1)
    for length, taps, strides, dilation_rate, _ in [case for case in GEOMETRIES if case[4] == padding]:
        geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        x, kernel, bias = whole(random, 2, length, 3), whole(random, taps, 3, 5), whole(random, 5)
        got = product.multiplied(in_format(x, data_format), kernel, bias, chosen(**geometry, data_format=data_format))
        expected = in_format(reference.conv1d(x, kernel, bias, **geometry), data_format)
        np.testing.assert_array_equal(got, expected, f"{length} steps, {taps} taps, {geometry}")


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_gradients_of_every_small_geometry(padding, data_format):
    """<conv(x', k), g> = <x', d_x> and <conv(x, k'), g> = <k', d_k>, exactly, on whole numbers."""
    random = np.random.default_rng(2)
    for length, taps, strides, dilation_rate, _ in [case for case in GEOMETRIES if case[4] == padding]:
        geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        x, other = whole(random, 2, 2, length, 3)
        kernel, other_kernel = whole(random, 2, taps, 3, 5)
        g = whole(random, *reference.conv1d(x, kernel, **geometry).shape)
        where = rows_of(in_format(x, data_format).shape, taps, chosen(**geometry, data_format=data_format))
        d_outputs, rows = where.parted(in_format(g, data_format)), where.rows(in_format(x, data_format))
        bias = np.zeros(5, np.float32)
        of_rows = product.ProductGradients(None, None)
        found = of_rows(d_outputs, rows, [kernel, bias], None, ("inputs", "kernel", "bias"))
        d_x, d_kernel = where.d_inputs(found["inputs"]), found["kernel"].reshape(kernel.shape)
        assert d_x.flags.c_contiguous
        along = reference.conv1d(other, kernel, **geometry), reference.conv1d(x, other_kernel, **geometry)
        assert sums((g, along[0]), (g, along[1])) == sums(
            (in_format(d_x, data_format), other), (d_kernel, other_kernel)
        )
        np.testing.assert_array_equal(found["bias"], g.sum((0, 1)))


@pytest.mark.parametrize("taps", [1, 3])
@pytest.mark.parametrize("data_format", FORMATS)
def test_slices_of_larger_arrays_are_read_and_nothing_around_them(data_format, taps):
    random = np.random.default_rng(3)
    buffer = np.full((4, 30, 20), np.nan, np.float32)
    x = whole(random, 2, 11, 5)
    kernel = whole(random, taps, 5, 7)
    view = buffer[1:3, 8:19, 6:11] if data_format == "channels_last" else buffer[1:3, 6:11, 8:19]
    view[...] = in_format(x, data_format)
    got = product.multiplied(view, kernel, None, chosen(2, data_format=data_format))
    np.testing.assert_array_equal(got, in_format(reference.conv1d(x, kernel, strides=2), data_format))


def test_rows_are_a_view_where_nothing_is_padded_or_rearranged():
    x = np.zeros((2, 11, 5), np.float32)
    for strides in (1, 2, 3):
        rows = rows_of(x.shape, 4, chosen(strides)).rows(x)
        assert np.shares_memory(rows, x)
        assert not rows.flags.writeable
    assert np.shares_memory(rows_of(x.shape, 1, chosen(2, "same", data_format="channels_first")).rows(x), x)


def test_the_copy_of_padded_or_dilated_series_has_each_step_once():
    x = np.zeros((1, 1000, 8), np.float32)
    for case in (chosen(padding="same"), chosen(dilation_rate=16), chosen(3, "same", 2), chosen(2, "causal", 4)):
        rows = rows_of(x.shape, 5, case).rows(x)
        spanned = sum(stride * (size - 1) for stride, size in zip(rows.strides, rows.shape, strict=True))
        assert spanned < 1.2 * x.nbytes
        assert rows.nbytes > 1.6 * x.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_numbers_pass_as_they_are(dtype):
    """The ones before the product: 1.0 * x is x for infinities, NaN and subnormals, which no other row meets."""
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([[np.inf, 1], [tiny, -tiny], [np.nan, 0], [2, 3], [-np.inf, 1]], dtype)
    got = product.multiplied(x[None], np.array([[1, 0.5], [0, 1]], dtype), None, chosen())[0]
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, [[np.inf, np.inf], [tiny, -tiny], [np.nan, np.nan], [2, 4], [-np.inf] * 2])


def test_an_infinite_number_reaches_only_the_steps_whose_kernel_covers_it():
    x = np.ones((1, 9, 2), np.float32)
    x[0, 4, 1] = np.inf
    got = product.multiplied(x, np.ones((3, 2, 4), np.float32), None, chosen(padding="same"))
    assert np.isinf(got).all(axis=2).tolist() == [[3 <= step <= 5 for step in range(9)]]
    assert np.isfinite(got[0, [0, 1, 2, 6, 7, 8]]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("width", [(24, 3, 40), (96, 2, 200)])
def test_the_same_bits_for_any_threads_and_batches(dtype, width):
    channels, taps, filters = width
    random = np.random.default_rng(4)
    x = np.asarray(random.standard_normal((5, 130, channels)), np.float32).astype(_dtype(dtype))
    kernel = np.asarray(random.standard_normal((taps, channels, filters)), np.float32).astype(_dtype(dtype))
    for case in (chosen(padding="same"), chosen(dilation_rate=3, padding="causal")):
        with num_threads(1):
            expected = _bits(product.multiplied(x, kernel, None, case))
        with num_threads(2):
            assert np.array_equal(_bits(product.multiplied(x, kernel, None, case)), expected)
        parts = [product.multiplied(x[i : i + 1], kernel, None, case) for i in range(5)]
        assert np.array_equal(_bits(np.concatenate(parts)), expected)
    rows = x.reshape(1, -1, channels)
    expected = _bits(product.multiplied(rows, kernel[0], None, chosen()))
    for start, stop in ((0, 1), (1, 8), (300, 650)):
        part = np.ascontiguousarray(rows[:, start:stop])
        assert np.array_equal(_bits(product.multiplied(part, kernel[0], None, chosen())), expected[:, start:stop])


def _dtype(name):
    import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def _bits(array):
    return array.view(f"u{array.dtype.itemsize}")


@pytest.mark.parametrize("size", [127, 128, 129])
@pytest.mark.parametrize("data_format", FORMATS)
def test_block_edges(size, data_format):
    random = np.random.default_rng(size)
    x, kernel = whole(random, 1, size, size), whole(random, 2, size, size)
    got = product.multiplied(in_format(x, data_format), kernel, None, chosen(data_format=data_format))
    np.testing.assert_array_equal(got, in_format(reference.conv1d(x, kernel), data_format))


def test_no_examples_and_no_steps():
    kernel = np.ones((2, 3, 4), np.float32)
    for shape, padding, expected in (((0, 5, 3), "valid", (0, 4, 4)), ((2, 0, 3), "same", (2, 0, 4))):
        x = np.zeros(shape, np.float32)
        for dilation_rate in (1, 2):
            got = product.multiplied(x, kernel, None, chosen(1, padding, dilation_rate))
            assert got.shape == (expected if dilation_rate == 1 or padding == "same" else (0, 3, 4))


def test_too_short_series_are_refused():
    with pytest.raises(ValueError, match=r"`inputs` is too short: the kernel spans 5 steps and the input has 4"):
        product.multiplied(
            np.zeros((1, 4, 3), np.float32), np.ones((3, 3, 2), np.float32), None, chosen(dilation_rate=2)
        )


def test_rows_that_share_cache_sets_are_copied():
    """1024 channels of float32 are a page of memory; so is a stride of two steps of 512."""
    random = np.random.default_rng(6)
    for shape, taps, strides in (((3, 11, 1024), 1, 1), ((1, 20, 512), 3, 2), ((2, 3, 2048), 2, 1)):
        x, kernel = whole(random, *shape), whole(random, taps, shape[2], 33)
        got = product.multiplied(x, kernel, None, chosen(strides))
        np.testing.assert_array_equal(got, reference.conv1d(x, kernel, strides=strides))


@pytest.mark.parametrize("filters", [1, 15, 16, 17, 31, 33, 47, 100, 120])
@pytest.mark.parametrize("data_format", FORMATS)
def test_all_ways_to_cut_filters_and_rows(filters, data_format):
    """Whole numbers, so that each missing, repeated or exchanged product shows."""
    random = np.random.default_rng(filters)
    for steps in (1, 2, 3, 5, 7, 13, 14, 15, 16, 17, 28, 31, 33, 48, 65):
        x, kernel, bias = whole(random, 2, steps + 2, 3), whole(random, 3, 3, filters), whole(random, filters)
        for activation in (None, "relu"):
            case = chosen(data_format=data_format, activation=activation)
            got = product.multiplied(in_format(x, data_format), kernel, bias, case)
            expected = reference.conv1d(x, kernel, bias)
            expected = np.maximum(expected, 0) if activation else expected
            np.testing.assert_array_equal(got, in_format(expected, data_format), f"{steps} steps")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_formats_have_the_same_bits(dtype):
    random = np.random.default_rng(7)
    for shape, taps, filters in (((2, 70, 5), 7, 19), ((1, 9, 40), 3, 100), ((3, 130, 1), 16, 33), ((2, 3, 8), 2, 6)):
        x = random.standard_normal(shape).astype(dtype)
        kernel, bias = (random.standard_normal(sizes).astype(dtype) for sizes in ((taps, shape[2], filters), filters))
        for case in ({"padding": "same"}, {"strides": 3, "padding": "causal"}, {"padding": "same", "dilation_rate": 4}):
            last = product.multiplied(x, kernel, bias, chosen(**case))
            first = product.multiplied(
                in_format(x, "channels_first"), kernel, bias, chosen(**case, data_format="channels_first")
            )
            assert np.array_equal(_bits(last), _bits(np.ascontiguousarray(first.swapaxes(1, 2))))


@pytest.mark.parametrize("data_format", FORMATS)
def test_zeros_around_a_series_meet_none_of_its_numbers(data_format):
    """Infinities and NaN at both ends, negative zeros and subnormals: only the steps whose kernel covers them see them,
    and a weight of infinity beside the padding makes NaN, as 0 * Inf does.
    """
    tiny = np.finfo(np.float32).smallest_subnormal
    x = np.zeros((1, 40, 3), np.float32)
    x[0, 0], x[0, -1], x[0, 20] = np.nan, -np.inf, -0.0
    x[0, 10] = tiny
    kernel = np.ones((3, 3, 2), np.float32)
    case = chosen(padding="same", data_format=data_format)
    got = in_format(product.multiplied(in_format(x, data_format), kernel, None, case), data_format)[0, :, 0]
    assert np.isnan(got[:2]).all()
    assert np.isneginf(got[-2:]).all()
    np.testing.assert_array_equal(got[9:12], [3 * tiny] * 3)
    np.testing.assert_array_equal(np.delete(got[2:-2], [7, 8, 9]), np.zeros(33))
    kernel[0], x[...] = np.inf, 1
    got = in_format(product.multiplied(in_format(x, data_format), kernel, None, case), data_format)[0]
    assert np.isnan(got[0]).all()
    assert np.isposinf(got[1:]).all()


def test_no_bit_depends_on_which_rows_are_multiplied_together():
    """Rows of one layer alone, few and many: the same bits for one row as for hundreds."""
    random = np.random.default_rng(8)
    for channels, filters in ((512, 10), (1024, 70), (96, 96), (7, 300)):
        x, kernel = (random.standard_normal(sizes, np.float32) for sizes in ((65, channels), (channels, filters)))
        bias = random.standard_normal(filters, np.float32)
        expected = product.multiplied(x, kernel, bias, chosen())
        for rows in (*range(1, 20), 33, 64):
            with num_threads(1 + rows % 2):
                part = product.multiplied(np.ascontiguousarray(x[-rows:]), kernel, bias, chosen())
            assert np.array_equal(_bits(part), _bits(expected[-rows:])), (channels, filters, rows)
