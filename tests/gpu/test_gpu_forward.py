"""The convolutions on a GPU against float64: every small geometry, every kernel, type and layout."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import reference
from device_data import FULL, LENGTHS, in_layout, poisoned, random, to_gpu, to_host

from nb_sepconv import activations, ops
from nb_sepconv.kernels.cuda import FUSED_ACTIVATIONS, Plan
from nb_sepconv.kernels.protocol import Sizes

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
LAYOUTS = ("channels_last", "channels_first")
TYPES = (np.dtype(np.float16), BFLOAT16, np.dtype(np.float32), np.dtype(np.float64))
GEOMETRIES = [
    (length, taps, stride, dilation, padding)
    for length, taps, stride, dilation, padding in itertools.product(
        LENGTHS, range(1, 5), (1, 2, 3), (1, 2, 3), ("valid", "same", "causal", (2, 1))
    )
    if reference.output_length(length, taps, stride, dilation, padding) > 0
]


def convolve(function, layout, x, *weights, **keywords):
    """Run on the GPU into poisoned memory; the result on the host in channels_last."""
    last = layout == "channels_last"
    on_gpu = [to_gpu(each) for each in (in_layout(layout, x), *weights)]
    out = poisoned(output_shape(layout, x, *weights, **keywords), x.dtype)
    assert function(*on_gpu, data_format=layout, out=out, **keywords) is out
    got = to_host(out)
    return got if last else got.transpose(0, 2, 1)


def output_shape(layout, x, kernel, *others, strides=1, padding="valid", dilation_rate=1, **_):
    steps = reference.output_length(x.shape[1], len(kernel), strides, dilation_rate, padding)
    columns = others[0].shape[-1] if others else kernel.shape[1] * kernel.shape[2]
    return (len(x), steps, columns) if layout == "channels_last" else (len(x), columns, steps)


def numbers(layout, channels=3, length=8, steps=8, taps=3, stride=1, dilation=1, dtype="float32", multiplier=1):
    """The Sizes of a depthwise convolution of contiguous arrays."""
    hidden = channels * multiplier
    last = layout == "channels_last"
    return Sizes(
        *(dtype, 2, length, channels, steps, None, taps, multiplier, stride, dilation, 0),
        input_strides=(length * channels, channels, 1) if last else (length * channels, 1, length),
        output_strides=(steps * hidden, hidden, 1) if last else (steps * hidden, 1, steps),
        aligned=True,
    )


def kernel_of(sizes):
    return Plan(sizes)._launcher.step.kernel.py_func.__qualname__.split(".")[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_small_geometry_exactly(layout):
    rng = np.random.default_rng(0)
    for number, (length, taps, stride, dilation, padding) in enumerate(GEOMETRIES):
        multiplier = 1 + number % 2
        x, *weights = random(rng, (2, length, 1), (taps, 1, multiplier), (1, multiplier, 3), (3,), integers=True)
        geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        if FULL or (number + (layout == "channels_last")) % 2:
            wanted = reference.depthwise_conv1d(x, weights[0], **geometry)
            got = convolve(ops.depthwise_conv1d, layout, x, weights[0], **geometry)
            np.testing.assert_array_equal(got, wanted, err_msg=f"{length} {taps} {multiplier} {geometry}")
        if FULL or (number + (layout == "channels_first")) % 2:
            wanted = reference.separable_conv1d(x, *weights, **geometry)
            got = convolve(ops.separable_conv1d, layout, x, *weights, **geometry)
            np.testing.assert_array_equal(got, wanted, err_msg=f"{length} {taps} {multiplier} {geometry}")


def test_each_kernel_takes_what_it_is_made_for():
    assert kernel_of(numbers("channels_last", channels=8)) == "vectors_of_channels"
    assert kernel_of(numbers("channels_last", channels=8, stride=2, dilation=3)) == "vectors_of_channels"
    assert kernel_of(numbers("channels_last", channels=6)) == "any_layout"
    assert kernel_of(numbers("channels_last", channels=6, dtype="float64")) == "vectors_of_channels"
    assert kernel_of(numbers("channels_last", channels=8, multiplier=2)) == "any_layout"
    assert kernel_of(numbers("channels_last", channels=8)._replace(aligned=False)) == "any_layout"
    assert kernel_of(numbers("channels_first", multiplier=2)) == "vectors_of_steps"
    assert kernel_of(numbers("channels_first", stride=2)) == "any_layout"
    assert kernel_of(numbers("channels_first", length=9)) == "any_layout"
    assert kernel_of(numbers("channels_first", dtype="bfloat16")) == "vectors_of_steps"
    assert kernel_of(numbers("channels_first", length=12, dtype="bfloat16")) == "any_layout"


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 2), (4, 2), (2, 4)])
def test_windows_over_vectors_of_channels(dtype, stride, dilation):
    rng = np.random.default_rng([stride, dilation])
    for taps in (1, 3, 8, 9, 17) if dtype == np.float32 else (5,):
        for padding in ("same", (3, 0)):
            length = 3 + taps * dilation
            channels = 16 // dtype.itemsize
            x, kernel = random(rng, (2, length, channels), (taps, channels, 1), dtype=dtype, integers=True)
            geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
            wanted = reference.depthwise_conv1d(x, kernel, **geometry)
            got = convolve(ops.depthwise_conv1d, "channels_last", x, kernel, **geometry)
            np.testing.assert_array_equal(got.astype(float), wanted.astype(dtype).astype(float))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("taps", [1, 2, 4, 5, 8, 9, 11])
def test_windows_over_vectors_of_steps(dtype, taps):
    rng = np.random.default_rng(taps)
    for left in range(9) if FULL else (0, 1, 3, 6):
        x, kernel = random(rng, (1, 24, 1), (taps, 1, 2), dtype=dtype, integers=True)
        right = (taps - 1 - left) % 8  # so that as many steps come out as vectors hold
        got = convolve(ops.depthwise_conv1d, "channels_first", x, kernel, padding=(left, right))
        wanted = reference.depthwise_conv1d(x, kernel, padding=(left, right))
        np.testing.assert_array_equal(got.astype(float), wanted.astype(dtype).astype(float))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_tiles_of_the_product_and_their_edges(layout, dtype):
    rng = np.random.default_rng(1)
    for steps, channels, filters in ((17, 5, 9), (16, 4, 8), (33, 3, 4)) if FULL else ((17, 5, 9), (16, 4, 8)):
        x, *weights = random(
            rng, (2, steps, channels), (9, channels, 1), (channels, filters), (filters,), dtype=dtype, integers=True
        )
        wanted = reference.separable_conv1d(x, *weights, padding="same")
        got = convolve(ops.separable_conv1d, layout, x, *weights, padding="same")
        np.testing.assert_array_equal(got.astype(float), wanted.astype(dtype).astype(float))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_round_as_sums_do(dtype):
    rng = np.random.default_rng(2)
    x, *weights = random(rng, (1, 20, 8), (9, 8, 1), (8, 8), (8,), dtype=dtype)
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights, padding="same")
    error = np.abs(got - reference.separable_conv1d(x, *weights, padding="same"))
    scale = reference.error_scale(x, *weights, padding="same")
    assert np.all(error <= 20 * np.finfo(dtype).eps * scale)


@pytest.mark.parametrize("dtype", TYPES[:2], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_sixteen_bits_are_summed_in_float32_and_rounded_once(dtype, layout):
    rng = np.random.default_rng(3)
    x, kernel = random(rng, (1, 16, 8), (5, 8, 1), dtype=dtype)
    got = convolve(ops.depthwise_conv1d, layout, x, kernel, padding="same").astype(float)
    wanted = reference.depthwise_conv1d(x, kernel, padding="same")
    np.testing.assert_allclose(got, wanted, rtol=0.51 * ml_dtypes.finfo(dtype).eps, atol=1e-6)
    assert np.mean(got == wanted.astype(dtype).astype(float)) > 0.98  # all but what float32 put on the other side


@pytest.mark.parametrize("name", sorted(FUSED_ACTIVATIONS))
def test_activations_are_fused(name):
    special = [-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30, -100.0, 100.0]
    values = np.array([*np.linspace(-8, 8, 43), *special], np.float32).reshape(1, -1, 4)
    one = np.ones((1, 4, 1), np.float32)
    got = convolve(ops.depthwise_conv1d, "channels_last", values, one, activation=name)
    with np.errstate(all="ignore"):
        wanted = activations.get(name)(values.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=2e-7)


def test_activation_follows_the_bias_of_the_product():
    rng = np.random.default_rng(4)
    x, *weights = random(rng, (1, 5, 3), (2, 3, 1), (3, 5), (5,))
    for layout in LAYOUTS:
        got = convolve(ops.separable_conv1d, layout, x, *weights, activation="tanh")
        wanted = np.tanh(reference.separable_conv1d(x, *weights))
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_function_of_the_caller_gets_the_caller_s_array():
    rng = np.random.default_rng(5)
    x, kernel = (to_gpu(each) for each in random(rng, (1, 5, 3), (2, 3, 1)))
    seen = []
    got = ops.depthwise_conv1d(x, kernel, activation=lambda y: seen.append(y) or y)
    assert seen == [got]
    assert type(got) is type(x)


def test_function_of_the_library_that_only_numpy_has_is_refused():
    x, kernel = (to_gpu(each) for each in random(np.random.default_rng(5), (1, 5, 3), (2, 3, 1)))
    with pytest.raises(TypeError, match=r"`activation` must be one of elu, .* on a GPU. Received: <function softmax"):
        ops.depthwise_conv1d(x, kernel, activation="softmax")


@pytest.mark.parametrize("function", [ops.depthwise_conv1d, ops.separable_conv1d])
def test_views_of_any_strides(function):
    rng = np.random.default_rng(6)
    base = rng.integers(-3, 4, (4, 20, 12)).astype(np.float32)
    weights = random(rng, (3, 5, 1), (5, 4), (4,), integers=True)[: 1 if function is ops.depthwise_conv1d else 3]
    for view in (np.s_[::2, 1:18:2, 2:12:2], np.s_[:2, :9, :5], np.s_[1:2, 3:8, 7:]):
        got = to_host(function(to_gpu(base)[view], *map(to_gpu, weights)))
        wanted = getattr(reference, function.__name__)(base[view], *weights)
        np.testing.assert_array_equal(got, wanted)


def test_steps_that_run_backwards():
    rng = np.random.default_rng(7)
    x, kernel = random(rng, (2, 9, 4), (3, 4, 1), integers=True)
    backwards = to_gpu(x)[:, ::-1]
    np.testing.assert_array_equal(
        to_host(ops.depthwise_conv1d(backwards, to_gpu(kernel))), reference.depthwise_conv1d(x[:, ::-1], kernel)
    )


def test_weights_that_are_views():
    rng = np.random.default_rng(8)
    x, kernel, mixing, bias = random(rng, (1, 6, 3), (3, 3, 4), (6, 10), (8,), integers=True)
    views = np.s_[:, :, ::2], np.s_[:, 1:6], np.s_[:5]
    arrays = [to_gpu(each)[view] for each, view in zip((kernel, mixing, bias), views, strict=True)]
    wanted = reference.separable_conv1d(x, *(each[v] for each, v in zip((kernel, mixing, bias), views, strict=True)))
    np.testing.assert_array_equal(to_host(ops.separable_conv1d(to_gpu(x), *arrays)), wanted)


def test_out_that_is_a_view_keeps_its_neighbours():
    rng = np.random.default_rng(9)
    x, *weights = random(rng, (1, 6, 4), (3, 4, 1), (4, 4), (4,), integers=True)
    whole = poisoned((1, 8, 6), np.float32)
    ops.separable_conv1d(to_gpu(x), *map(to_gpu, weights), out=whole[:, 2:6, 1:5])
    got = to_host(whole)
    np.testing.assert_array_equal(got[:, 2:6, 1:5], reference.separable_conv1d(x, *weights))
    assert np.isnan(got).sum() == got.size - 16


def test_nothing_is_convolved_to_nothing():
    weights = [to_gpu(each) for each in random(np.random.default_rng(10), (3, 4, 1), (4, 5))]
    assert ops.separable_conv1d(to_gpu(np.zeros((0, 9, 4), np.float32)), *weights).shape == (0, 7, 5)
    assert ops.separable_conv1d(to_gpu(np.zeros((2, 0, 4), np.float32)), *weights, padding="same").shape == (2, 0, 5)


def test_nan_and_infinity_stay_where_the_kernel_sees_them():
    x = np.zeros((1, 12, 4), np.float32)
    x[0, 5, 1], x[0, 6, 2] = np.nan, np.inf
    kernel = np.arange(1, 13, dtype=np.float32).reshape(3, 4, 1)
    for layout in LAYOUTS:
        got = convolve(ops.depthwise_conv1d, layout, x, kernel, padding="same")
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(got, reference.depthwise_conv1d(x, kernel, padding="same"))


def test_host_arrays_are_taken_there_and_back():
    rng = np.random.default_rng(11)
    x, *weights = random(rng, (2, 6, 4), (3, 4, 1), (4, 5), (5,), integers=True)
    wanted = reference.separable_conv1d(x, *weights)
    got = ops.separable_conv1d(x, *weights, device="cuda")
    assert type(got) is np.ndarray
    np.testing.assert_array_equal(got, wanted)
    out = np.full(wanted.shape, np.nan, np.float32)
    assert ops.separable_conv1d(x, *weights, device="cuda", out=out, stream=0) is out
    np.testing.assert_array_equal(out, wanted)
    soft = ops.separable_conv1d(x, *weights, device="cuda", activation="softmax")
    np.testing.assert_allclose(soft, activations.softmax(wanted), rtol=1e-5, atol=1e-30)


def test_offsets_take_64_bits_where_32_do_not_reach():
    def is_wide(**changes):
        kernel = Plan(numbers("channels_last", channels=8)._replace(**changes))._launcher.step.kernel.py_func
        cells = dict(zip(kernel.__code__.co_freevars, (c.cell_contents for c in kernel.__closure__), strict=True))
        return cells["index"]

    narrow, far = is_wide(), is_wide(examples=2**28)
    if FULL:
        assert (narrow.name, far.name) == ("int32", "int64")
        assert is_wide(length=2**29, input_strides=(2**32, 8, 1)).name == "int64"
