"""The operations against the float64 oracle: every small geometry, both layouts, every type, serial and threaded."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import reference

from nb_sepconv import ops
from nb_sepconv.checks import array_arguments
from nb_sepconv.kernels import cpu

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
GEOMETRIES = [
    (length, taps, stride, dilation, padding, multiplier)
    for length, taps, stride, dilation, padding, multiplier in itertools.product(
        range(1, 8), range(1, 5), (1, 2, 3), (1, 2, 3), ("valid", "same", "causal", (2, 1)), (1, 2)
    )
    if reference.output_length(length, taps, stride, dilation, padding) > 0
]


def operands(rng, examples, length, channels, taps, multiplier, filters, dtype=np.float32, integers=False):
    shapes = (examples, length, channels), (taps, channels, multiplier), (1, channels * multiplier, filters), (filters,)
    if integers:
        return [rng.integers(-3, 4, shape).astype(dtype) for shape in shapes]
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def convolve(layout, x, *weights, **keywords):
    """Run in a layout, into poisoned memory; the result in channels_last."""
    last = layout == "channels_last"
    x = x if last else np.ascontiguousarray(x.transpose(0, 2, 1))
    fresh = ops.separable_conv1d(x, *weights, data_format=layout, **keywords)
    poisoned = np.full(fresh.shape, np.nan, fresh.dtype)
    assert ops.separable_conv1d(x, *weights, data_format=layout, out=poisoned, **keywords) is poisoned
    np.testing.assert_array_equal(fresh, poisoned)
    return fresh if last else fresh.transpose(0, 2, 1)


def assert_close(got, wanted, scale, terms, dtype=np.float32):
    """Within ``gamma_terms * scale``, the bound of a sum of that many rounded products."""
    unit = np.finfo(dtype).eps / 2
    np.testing.assert_array_less(np.abs(got.astype(np.float64) - wanted), terms * unit * scale + 1e-300)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("integers", [False, True])
def test_every_small_geometry(layout, threads, integers):
    rng = np.random.default_rng([threads, integers])
    with cpu.num_threads(threads):
        for length, taps, stride, dilation, padding, multiplier in GEOMETRIES:
            x, *weights = operands(rng, 2, length, 3, taps, multiplier, 5, integers=integers)
            geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
            got = convolve(layout, x, *weights, **geometry)
            wanted = reference.separable_conv1d(x, *weights, **geometry)
            assert got.shape == wanted.shape, (length, geometry, multiplier)
            if integers:
                np.testing.assert_array_equal(got, wanted)
            else:
                scale = reference.error_scale(x, *weights, **geometry)
                assert_close(got, wanted, scale, taps + 3 * multiplier + 2)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2, 15, 16, 17, 31, 33, 40])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_channel_and_filter_edges(layout, dtype, channels, multiplier):
    rng = np.random.default_rng([channels, multiplier])
    for filters in (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 65):
        x, *weights = operands(rng, 2, 40, channels, 3, multiplier, filters, dtype, integers=True)
        wanted = reference.separable_conv1d(x, *weights, padding="same")
        np.testing.assert_array_equal(convolve(layout, x, *weights, padding="same"), wanted)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("steps", [*range(1, 36), 127, 128, 129, 335, 336, 337])
def test_step_edges_and_rows_through_examples(steps, threads):
    rng = np.random.default_rng(steps)
    x, *weights = operands(rng, 5, steps, 70, 3, 1, 70, integers=True)
    with cpu.num_threads(threads):
        for layout in ("channels_last", "channels_first"):
            wanted = reference.separable_conv1d(x, *weights, padding="causal")
            np.testing.assert_array_equal(convolve(layout, x, *weights, padding="causal"), wanted)


@pytest.mark.parametrize(("channels", "multiplier"), [(600, 1), (1030, 1), (300, 4), (4096, 1)])
def test_wide_sums_are_blocked(channels, multiplier):
    rng = np.random.default_rng(channels)
    x, *weights = operands(rng, 2, 20, channels, 2, multiplier, 37, integers=True)
    for layout in ("channels_last", "channels_first"):
        np.testing.assert_array_equal(convolve(layout, x, *weights), reference.separable_conv1d(x, *weights))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("taps", [1, 2, 3, 4, 5, 7, 12])
def test_strides_and_dilations_over_long_series(stride, dilation, taps):
    rng = np.random.default_rng([stride, dilation, taps])
    x, *weights = operands(rng, 3, 401, 17, taps, 1, 5, integers=True)
    geometry = {"strides": stride, "padding": "same", "dilation_rate": dilation}
    for layout in ("channels_last", "channels_first"):
        wanted = reference.separable_conv1d(x, *weights, **geometry)
        np.testing.assert_array_equal(convolve(layout, x, *weights, **geometry), wanted)


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("dilation", [64, 200, 1000])
def test_long_dilations(stride, dilation):
    rng = np.random.default_rng([stride, dilation])
    x, *weights = operands(rng, 2, 2500, 17, 3, 1, 5, integers=True)
    geometry = {"strides": stride, "padding": "same", "dilation_rate": dilation}
    for layout in ("channels_last", "channels_first"):
        wanted = reference.separable_conv1d(x, *weights, **geometry)
        np.testing.assert_array_equal(convolve(layout, x, *weights, **geometry), wanted)


@pytest.mark.parametrize("dtype", [np.dtype(np.float16), BFLOAT16])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_sixteen_bits_are_summed_in_float32_and_rounded_once(dtype, layout):
    rng = np.random.default_rng(3)
    x, *weights = operands(rng, 2, 50, 35, 5, 2, 37, dtype)
    got = convolve(layout, x, *weights, strides=2, precision="float32")
    wide = ops.separable_conv1d(*(a.astype(np.float32) for a in (x, *weights)), strides=2)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype(np.float32), wide.astype(dtype).astype(np.float32))


def test_every_float16_value_survives():
    values = np.arange(65536, dtype=np.uint16).view(np.float16)
    one = np.ones((1, 1, 1), np.float16)
    got = ops.separable_conv1d(values.reshape(1, -1, 1), one, one).ravel()
    np.testing.assert_array_equal(got, values)


def test_every_bfloat16_value_survives():
    values = np.arange(65536, dtype=np.uint16).view(BFLOAT16)
    one = np.ones((1, 1, 1), BFLOAT16)
    got = ops.separable_conv1d(values.reshape(1, -1, 1), one, one).ravel()
    np.testing.assert_array_equal(got.astype(np.float32), values.astype(np.float32))


def views(x):
    """The values of ``x`` in memory of every kind."""
    n, length, c = x.shape
    buffer = np.full((n, 2 * length + 1, 3 * c + 2), np.nan, x.dtype)
    buffer[:, 1::2, 2::3][:, :length, :c] = x
    yield "strided slice", buffer[:, 1::2, 2::3][:, :length, :c]
    yield "Fortran order", np.asfortranarray(x)
    yield "negative strides", np.ascontiguousarray(x[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    yield "byte-swapped", x.astype(x.dtype.newbyteorder())
    read_only = x.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    raw = np.empty(x.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(x.dtype).reshape(x.shape)
    unaligned[...] = x
    yield "unaligned", unaligned
    yield "subclass", x.view(np.matrix if x.ndim == 2 else np.recarray)
    yield "broadcast", np.broadcast_to(x[:1], x.shape)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_memory_of_every_kind(dtype, layout):
    rng = np.random.default_rng(4)
    x, *weights = operands(rng, 3, 41, 19, 4, 1, 33, dtype, integers=True)
    for kind, view in views(x):
        wanted = reference.separable_conv1d(np.asarray(view, np.float64), *weights, padding="same")
        given = view if layout == "channels_last" else view.transpose(0, 2, 1)
        before = np.array(given)
        got = ops.separable_conv1d(given, *weights, padding="same", data_format=layout)
        got = got if layout == "channels_last" else got.transpose(0, 2, 1)
        np.testing.assert_array_equal(got, wanted.astype(dtype), err_msg=kind)
        np.testing.assert_array_equal(given, before, err_msg=kind)


def test_weights_of_every_kind():
    rng = np.random.default_rng(5)
    x, d, p, b = operands(rng, 2, 20, 6, 3, 2, 5, integers=True)
    wanted = reference.separable_conv1d(x, d, p, b)
    for kernel in (np.asfortranarray(d), np.repeat(d, 2, axis=1)[:, ::2], d.tolist(), d[::-1, ::-1].copy()[::-1, ::-1]):
        np.testing.assert_array_equal(ops.separable_conv1d(x, kernel, np.asfortranarray(p[0]), b.tolist()), wanted)


@pytest.mark.parametrize("order", ["C", "F", "slice", "reversed"])
def test_out_of_every_kind(order):
    rng = np.random.default_rng(6)
    x, *weights = operands(rng, 2, 30, 6, 3, 1, 21, integers=True)
    wanted = reference.separable_conv1d(x, *weights)
    out = np.full((4, 56, 42), np.nan, np.float32)
    out = {"C": out[:2, :28, :21].copy(), "F": np.asfortranarray(out[:2, :28, :21])}.get(
        order, out[1:3, ::2, ::2] if order == "slice" else out[1::-1, 27::-1, 20::-1]
    )
    assert ops.separable_conv1d(x, *weights, out=out) is out
    np.testing.assert_array_equal(out, wanted)


def test_out_is_filled_in_place(monkeypatch):
    x, *weights = operands(np.random.default_rng(6), 2, 30, 6, 3, 1, 21, integers=True)
    out = np.full((2, 28, 21), np.nan, np.float32)
    monkeypatch.setattr(array_arguments, "allocated", None)
    assert ops.separable_conv1d(x, *weights, out=out) is out
    np.testing.assert_array_equal(out, reference.separable_conv1d(x, *weights))


def test_out_may_overlap_the_inputs():
    rng = np.random.default_rng(7)
    x, *weights = operands(rng, 2, 30, 6, 3, 1, 6, integers=True)
    wanted = reference.separable_conv1d(x, *weights, padding="same")
    assert ops.separable_conv1d(x, *weights, padding="same", out=x) is x
    np.testing.assert_array_equal(x, wanted)


def test_a_failed_call_leaves_out_alone():
    x = np.zeros((1, 3, 2), np.float32)
    out = np.full((1, 3, 2), 7, np.float32)
    with pytest.raises(ValueError, match="too short"):
        ops.depthwise_conv1d(x, np.zeros((5, 2, 1), np.float32), out=out)
    assert (out == 7).all()


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_alone(layout, multiplier):
    rng = np.random.default_rng([8, multiplier])
    for channels in (1, 5, 16, 33):
        x, d, *_ = operands(rng, 3, 37, channels, 4, multiplier, 1, integers=True)
        given = x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 2, 1))
        geometry = {"strides": 2, "padding": "same"}
        got = ops.depthwise_conv1d(given, d, data_format=layout, **geometry)
        got = got if layout == "channels_last" else got.transpose(0, 2, 1)
        np.testing.assert_array_equal(got, reference.depthwise_conv1d(x, d, **geometry))


@pytest.mark.parametrize("dtype", [np.dtype(np.float32), np.dtype(np.float64), BFLOAT16])
@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_depthwise_of_more_rows_and_channels_than_are_stored_at_a_time(layout, multiplier, dtype):
    rng = np.random.default_rng([16, multiplier])
    for steps, channels in ((15, 260), (17, 257), (129, 40), (21, 75), (600, 67), (400, 300)):
        x, d, *_ = operands(rng, 2, steps, channels, 3, multiplier, 1, dtype, integers=True)
        given = x if layout == "channels_last" else x.transpose(0, 2, 1).copy()
        got = ops.depthwise_conv1d(given, d, padding="causal", activation="relu", data_format=layout).astype(float)
        got = got if layout == "channels_last" else got.transpose(0, 2, 1)
        np.testing.assert_array_equal(got, np.maximum(reference.depthwise_conv1d(x, d, padding="causal"), 0))


@pytest.mark.parametrize("dtype", [np.dtype(np.float16), BFLOAT16])
def test_depthwise_of_sixteen_bits_stores_each_item_alone(dtype):
    """Storing channel by channel once wrote over the neighbour."""
    x, d, *_ = operands(np.random.default_rng(15), 2, 9, 5, 2, 3, 1, dtype, integers=True)
    np.testing.assert_array_equal(ops.depthwise_conv1d(x, d).astype(float), reference.depthwise_conv1d(x, d))


def test_depthwise_activation():
    x = np.random.default_rng(9).standard_normal((2, 9, 3)).astype(np.float32)
    d = np.random.default_rng(10).standard_normal((2, 3, 2)).astype(np.float32)
    got = ops.depthwise_conv1d(x, d, activation="tanh")
    np.testing.assert_allclose(got, np.tanh(reference.depthwise_conv1d(x, d)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 9, 3), (2, 0, 3)])
def test_sizes_of_zero(shape):
    x = np.zeros(shape, np.float32)
    d, p = np.zeros((2, 3, 1), np.float32), np.zeros((1, 3, 4), np.float32)
    assert ops.separable_conv1d(x, d, p, padding="same").shape == (*shape[:2], 4)
    first = ops.separable_conv1d(x.transpose(0, 2, 1), d, p, padding="same", data_format="channels_first")
    assert first.shape == (shape[0], 4, shape[1])


def test_nan_and_infinity_propagate_to_what_they_touch_and_no_further():
    rng = np.random.default_rng(11)
    x, *weights = operands(rng, 2, 40, 20, 3, 1, 40)
    for special in (np.nan, np.inf, -np.inf):
        for channel in (0, 15, 16, 19):
            y = x.copy()
            y[1, 20, channel] = special
            got = ops.separable_conv1d(y, *weights, padding="same")
            with np.errstate(invalid="ignore"):
                wanted = reference.separable_conv1d(y, *weights, padding="same")
            np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
            np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize(("stride", "dilation"), [(4, 2), (7, 2), (8, 2), (100, 2), (2**62, 1), (2**62, 3)])
def test_a_step_alone_has_the_bits_that_it_has_among_others(stride, dilation, multiplier):
    rng = np.random.default_rng([stride % 97, dilation])
    length = 3 * dilation + 1
    x, *weights = operands(rng, 2, length, 35, 4, multiplier, 33)
    alone = ops.separable_conv1d(x, *weights, strides=stride, dilation_rate=dilation)
    assert alone.shape == (2, 1, 33)
    np.testing.assert_array_less(
        np.abs(alone - reference.separable_conv1d(x, *weights, dilation_rate=dilation)), 1e-4
    )  # fmt: skip
    if stride < 2**20:
        longer = np.concatenate([x, rng.standard_normal((2, 2 * stride, 35)).astype(np.float32)], axis=1)
        among = ops.separable_conv1d(longer, *weights, strides=stride, dilation_rate=dilation)
        np.testing.assert_array_equal(alone, among[:, :1])


def test_the_same_bits_for_any_threads_batch_split_and_layout():
    rng = np.random.default_rng(12)
    x, *weights = operands(rng, 7, 301, 70, 5, 1, 75)
    with cpu.num_threads(1):
        serial = ops.separable_conv1d(x, *weights, padding="same")
    np.testing.assert_array_equal(ops.separable_conv1d(x, *weights, padding="same"), serial)
    parts = [ops.separable_conv1d(part, *weights, padding="same") for part in np.split(x, [1, 4])]
    np.testing.assert_array_equal(np.concatenate(parts), serial)
    np.testing.assert_array_equal(ops.separable_conv1d(x[:, :100], *weights), ops.separable_conv1d(x, *weights)[:, :96])
    np.testing.assert_array_equal(convolve("channels_first", x, *weights, padding="same"), serial)


REFUSALS = [
    ({"inputs": np.zeros((2, 9), np.float32)}, ValueError, r"`inputs` must have 3 axes.*Received: shape \(2, 9\)"),
    ({"inputs": np.zeros((2, 9, 3), np.int32)}, TypeError, "`inputs` must be an array of float16.*Received: int32"),
    ({"inputs": np.zeros((2, 9, 3), bool)}, TypeError, "`inputs`.*Received: bool"),
    ({"inputs": np.zeros((2, 9, 3), complex)}, TypeError, "`inputs`.*Received: complex128"),
    ({"inputs": np.zeros((2, 9, 3), object)}, TypeError, "`inputs`.*Received: object"),
    ({"inputs": "text"}, TypeError, "`inputs`.*Received"),
    ({"inputs": None}, TypeError, "`inputs`.*Received"),
    ({"inputs": [[[1.0, 2.0, 3.0], [1.0]]]}, ValueError, "`inputs`.*Received: list"),
    (
        {"depthwise_kernel": np.zeros((2, 4, 1), np.float32)},
        ValueError,
        r"`depthwise_kernel`.*\(K, 3, M\).*\(2, 4, 1\)",
    ),
    ({"depthwise_kernel": np.zeros((0, 3, 1), np.float32)}, ValueError, "`depthwise_kernel`.*size 0"),
    ({"depthwise_kernel": np.zeros((2, 3), np.float32)}, ValueError, r"`depthwise_kernel`.*Received: shape \(2, 3\)"),
    ({"depthwise_kernel": np.zeros((2, 3, 1))}, TypeError, "`depthwise_kernel`.*float32. Received: float64"),
    ({"pointwise_kernel": np.zeros((1, 4, 5), np.float32)}, ValueError, r"`pointwise_kernel`.*\(1, 3, F\)"),
    ({"pointwise_kernel": np.zeros((4, 5), np.float32)}, ValueError, r"`pointwise_kernel`.*\(3, F\)"),
    ({"bias": np.zeros(6, np.float32)}, ValueError, r"`bias` must have the shape \(5\)"),
    ({"bias": np.zeros(5, np.float64)}, TypeError, "`bias`.*float32. Received: float64"),
    ({"strides": 0}, ValueError, "`strides`"),
    ({"strides": (1, 2)}, ValueError, r"`strides`.*Received: \(1, 2\)"),
    ({"strides": 1.5}, (TypeError, ValueError), "`strides`"),
    ({"strides": True}, (TypeError, ValueError), "`strides`"),
    ({"dilation_rate": -1}, ValueError, "`dilation_rate`"),
    ({"padding": "full"}, ValueError, "`padding`.*Received: 'full'"),
    ({"padding": (1, -1)}, ValueError, r"`padding`.*Received: \(1, -1\)"),
    ({"padding": 3}, ValueError, "`padding`.*Received: 3"),
    ({"data_format": "NWC"}, ValueError, "`data_format`.*Received: 'NWC'"),
    ({"activation": "nonsense"}, ValueError, "nonsense"),
    ({"dilation_rate": 9}, ValueError, r"kernel spans 10 steps and the input has 9.*\(2, 9, 3\)"),
    ({"out": np.zeros((2, 8, 4), np.float32)}, ValueError, r"`out` must have the shape \(2, 8, 5\)"),
    ({"out": np.zeros((2, 8, 5))}, ValueError, "`out`.*float32.*float64"),
    ({"out": [1]}, TypeError, "`out` must be a NumPy array"),
]


@pytest.mark.parametrize(("wrong", "error", "message"), REFUSALS, ids=lambda value: str(value)[:40])
def test_refusals_name_the_argument(wrong, error, message):
    rng = np.random.default_rng(13)
    names = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")
    arrays = dict(zip(names, operands(rng, 2, 9, 3, 2, 1, 5), strict=True))
    with pytest.raises(error, match=message):
        ops.separable_conv1d(**{**arrays, **wrong})


def test_a_read_only_out_is_refused():
    x, *weights = operands(np.random.default_rng(14), 2, 9, 3, 2, 1, 5)
    out = np.zeros((2, 8, 5), np.float32)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="`out` must be writable"):
        ops.separable_conv1d(x, *weights, out=out)


def test_an_output_that_no_memory_holds_is_refused_before_any_work():
    one = np.ones((1, 1, 1), np.float32)
    for examples, filters in ((2**40, 2**20), (2**30, 2**10)):
        x = np.broadcast_to(np.float32(0), (examples, 2**10, 1))
        with pytest.raises(MemoryError, match="GiB"):
            ops.separable_conv1d(x, one, np.ones((1, 1, filters), np.float32))
