"""Products on tensor cores: where their fragments lie, how exact they are, and who gets them."""

import ml_dtypes
import numpy as np
import pytest
import reference
from device_data import FULL, in_layout, random, to_gpu
from test_gpu_forward import BFLOAT16, LAYOUTS, convolve
from test_gpu_gradients import assert_equal, gradients, like

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels.cuda import Plan, precision
from nb_sepconv.kernels.cuda.backward import plan as backward
from nb_sepconv.kernels.cuda.codegen import mma_instructions
from nb_sepconv.kernels.cuda.forward import plan as forward
from nb_sepconv.kernels.cuda.forward.form import Tile
from nb_sepconv.kernels.protocol import Sizes

REDUCED = ("tf32x3", "tf32")
EPSILON = np.finfo(np.float32).eps


def operands(rng, length=37, taps=3, channels=5, filters=21, multiplier=1, integers=True, dtype=np.float32, examples=2):
    hidden = channels * multiplier
    shapes = (examples, length, channels), (taps, channels, multiplier), (1, hidden, filters), (filters,)
    return random(rng, *shapes, dtype=dtype, integers=integers)


def errors(asked, x, *weights, **geometry):
    """Each output's error as a part of the sum of its terms' magnitudes."""
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights, precision=asked, **geometry)
    wanted = reference.separable_conv1d(x, *weights, **geometry)
    return np.abs(got - wanted) / reference.error_scale(x, *weights, **geometry)


@pytest.mark.parametrize("parts", [(1, 1), (2, 1), (2, 2)])
def test_fragments_lie_as_the_instruction_set_says(parts):
    rng = np.random.default_rng(0)
    a, b, c = random(rng, (16, 8), (8, 8), (16, 8), integers=True)
    where = [(lane >> 2, lane % 4) for lane in range(32)]
    lefts = [(a[g, t], a[g + 8, t], a[g, t + 4], a[g + 8, t + 4]) for g, t in where]
    rights = [(b[t, g], b[t + 4, g]) for g, t in where]
    for lane, (g, t) in enumerate(where):
        at = [g, g, g + 8, g + 8], [2 * t, 2 * t + 1, 2 * t, 2 * t + 1]
        got = mma_instructions._twin_add(lane, lefts, rights, c[at], parts)
        np.testing.assert_array_equal(got, (a @ b + c)[at])


def test_rounding_to_tf32():
    step = 2.0**-10
    below, half, above = np.float32(1 + 0.499 * step), np.float32(1 + step / 2), np.float32(-1 - 0.501 * step)
    assert mma_instructions.tf32([1 / 3, below, half, above]).tolist() == [0.333251953125, 1, 1 + step, -1 - step]
    special = [np.inf, -np.inf, np.nan, 0.0]
    np.testing.assert_array_equal(mma_instructions.tf32(special), np.array(special, np.float32))


@pytest.mark.parametrize("asked", REDUCED)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("geometry", [{}, {"strides": 3, "padding": "same"}, {"dilation_rate": 2, "padding": (3, 0)}])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_integers_exactly(asked, layout, geometry, multiplier):
    rng = np.random.default_rng([multiplier, len(geometry)])
    for length, filters in ((37, 21), (16, 16)) + ((200, 300),) * FULL:
        x, *weights = operands(rng, length=length, filters=filters, multiplier=multiplier)
        got = convolve(ops.separable_conv1d, layout, x, *weights, precision=asked, **geometry)
        np.testing.assert_array_equal(got, reference.separable_conv1d(x, *weights, **geometry))


@pytest.mark.parametrize("rows_and_columns", [(16, 8), (32, 8), (16, 16)])
def test_warps_share_a_tile(rows_and_columns, monkeypatch):
    if not FULL:
        monkeypatch.setattr(forward, "_tile_of_warps", lambda filters, depth: Tile(32, 16, 8, rows_and_columns))
    x, *weights = operands(np.random.default_rng(1), channels=19)
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights, precision="tf32", activation="relu")
    np.testing.assert_array_equal(got, np.maximum(reference.separable_conv1d(x, *weights), 0))


def test_three_products_are_as_exact_as_float32():
    x, *weights = operands(np.random.default_rng(2), channels=33, integers=False)
    assert errors("float32", x, *weights).max() < 4 * EPSILON
    assert errors("tf32x3", x, *weights).max() < 4 * EPSILON


def test_long_sums_of_one_sign_do_not_drift():
    """Each addition on tensor cores cuts off bits: 64 times three, one after another, would lose 42 epsilon."""
    x, *weights = map(np.abs, operands(np.random.default_rng(3), 16, 1, 512, 16, integers=False, examples=1))
    assert errors("tf32x3", x, *weights).max() < 4 * EPSILON


def test_one_product_rounds_its_factors():
    x, *weights = operands(np.random.default_rng(4), channels=33, integers=False)
    found = errors("tf32", x, *weights)
    assert 1e-5 < found.max() < 2.0**-10
    assert 1e-6 < np.sqrt(np.mean(found**2)) < 3e-4


def test_bfloat16_is_summed_as_in_float32():
    x, *weights = operands(np.random.default_rng(5), channels=33, integers=False, dtype=BFLOAT16)
    wanted = reference.separable_conv1d(x, *weights)
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights).astype(float)
    scale = reference.error_scale(x, *weights)
    half_a_step = 0.5 * ml_dtypes.finfo(BFLOAT16).eps * np.abs(wanted)
    assert np.all(np.abs(got - wanted) <= 1.01 * half_a_step + 4 * EPSILON * scale)


@pytest.mark.parametrize("asked", REDUCED)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_of_integers_exactly(asked, layout):
    rng = np.random.default_rng(6)
    for geometry in ({}, {"strides": 2, "padding": "same", "dilation_rate": 2}):
        x, *weights = operands(rng, length=21, multiplier=2)
        g = like(rng, reference.separable_conv1d(x, *weights, **geometry))
        got = gradients(layout, g, x, *weights, precision=asked, **geometry)
        assert_equal(got, reference.separable_conv1d_gradients(g, x, *weights, **geometry), geometry)


@pytest.mark.parametrize(("asked", "exactness"), [("tf32x3", 2e-6), ("tf32", 2e-3)])
def test_gradients_are_as_exact_as_their_products(asked, exactness):
    rng = np.random.default_rng(7)
    x, *weights = operands(rng, integers=False)
    g = like(rng, reference.separable_conv1d(x, *weights), integers=False)
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    for one, other in zip(gradients("channels_last", g, x, *weights, precision=asked), wanted, strict=True):
        error = np.linalg.norm(one - other) / np.linalg.norm(other)
        assert error < exactness


def test_nan_and_infinity_reach_their_own_rows_alone():
    x, *weights = operands(np.random.default_rng(8), taps=1, integers=False)
    x[0, 3, 1], x[1, 4, 2] = np.nan, np.inf
    for asked in REDUCED:
        got = convolve(ops.separable_conv1d, "channels_last", x, *weights, precision=asked)
        bad = np.zeros(got.shape, bool)
        bad[0, 3], bad[1, 4] = True, True
        np.testing.assert_array_equal(~np.isfinite(got), bad)


SERVED = [
    ("float32", "float32", "float32"),
    ("float32", "bf16x3", "tf32x3"),
    ("float32", "tf32x3", "tf32x3"),
    ("float32", "tf32", "tf32"),
    ("float32", "bf16", "tf32"),
    ("bfloat16", "float32", "float32"),
    ("bfloat16", "bf16", "tf32x3"),
    ("float16", "bf16", "float32"),
    ("float64", "tf32", "float32"),
]


def sizes(dtype="float32", asked="float32", filters=8):
    return Sizes(
        *(dtype, 1, 9, 4, 9, filters, 1, 1, 1, 1, 0, (36, 4, 1), (9 * (filters or 4), filters or 4, 1)),
        precision=asked,
        aligned=True,
    )


@pytest.mark.parametrize(("dtype", "asked", "given"), SERVED)
def test_what_is_served_is_never_less_than_what_is_asked(dtype, asked, given):
    plan = Plan(sizes(dtype, asked))
    assert plan.sizes.precision == given
    assert Plan(sizes(dtype, asked, None)).sizes.precision == "float32"  # a depthwise convolution has no product


def test_a_gpu_without_tensor_cores_serves_float32(monkeypatch):
    monkeypatch.setattr(precision, "_has_tensor_cores", lambda: False)
    assert Plan(sizes(asked="tf32")).sizes.precision == "float32"


@pytest.fixture
def planned(monkeypatch):
    """The precision that each plan made from here on is asked for."""
    found, make = [], precision.served
    for module in (forward, backward):
        monkeypatch.setattr(module, "served", lambda sizes: found.append(sizes.precision) or make(sizes))
    planned_calls.clear()
    return found


def test_blocks_and_layers_ask_for_it(planned):
    (x,) = random(np.random.default_rng(9), (1, 11, 3))
    layer, on_gpu = tf.layers.SeparableConv1D(5, 2), to_gpu(x)
    layer(on_gpu)
    with tf.precision("tf32"):
        layer(on_gpu)
        layer.precision = "tf32x3"
        outputs, pullback = layer.value_and_pullback(on_gpu)
    pullback(outputs)
    assert planned == ["float32", "tf32", "tf32x3", "tf32x3"]


def test_host_arrays_carry_it_to_the_gpu(planned):
    x, *weights = operands(np.random.default_rng(10), length=9)
    got = ops.separable_conv1d(x, *weights, device="cuda", precision="tf32", data_format="channels_last")
    np.testing.assert_array_equal(got, reference.separable_conv1d(x, *weights))
    g = in_layout("channels_last", like(np.random.default_rng(11), got))
    ops.separable_conv1d_gradients(g, x, *weights, device="cuda", precision="bf16x3", wanted="bias")
    assert planned == ["tf32", "bf16x3"]
