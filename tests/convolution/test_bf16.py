"""Products in bfloat16 parts: every test of the operations on tiles, and what parts add to them.

Where there are no tiles, plain vectors play them: the packing, the order of products and the fallback are the same.
"""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import plain_tiles
import pytest
import reference
import test_ops
from test_narrow_vectors import pytestmark as on_x86
from test_narrow_vectors import run_as

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.cli import main
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.bf16 import availability, choice, selftest
from nb_sepconv.kernels.bf16.codegen import products
from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.bf16.forward.plan import PartsPlan
from nb_sepconv.kernels.protocol import Sizes

TILES = availability.tiles_unit() or plain_tiles.NAME
PRECISIONS = ["float32", "bf16x3", "bf16"]
ERRORS = {"float32": 8 * 2.0**-24, "bf16x3": 2.0**-15, "bf16": 2.0**-7}  # of a product's terms, whatever they are


@pytest.fixture(autouse=True)
def _on_tiles(monkeypatch):
    monkeypatch.setattr(availability, "tiles_unit", lambda: TILES)
    monkeypatch.setenv(engines.VARIABLE, "amx")
    planned_calls.clear()
    yield
    planned_calls.clear()


globals().update({name: test for name, test in vars(test_ops).items() if name.startswith("test_")})


def operands(channels=70, filters=65, examples=2, length=60, multiplier=1, seed=0):
    rng = np.random.default_rng(seed)
    return test_ops.operands(rng, examples, length, channels, 3, multiplier, filters)


def by_fma(*arrays, **keywords):
    return ops.separable_conv1d(*arrays, engine="fma", **keywords)


def assert_within(arrays, precision, **keywords):
    """Each output within the precision's error of the sum of its terms' magnitudes, or as exact as the FMA engine's."""
    wanted, scale = reference.separable_conv1d(*arrays), reference.error_scale(*arrays)
    error = np.abs(ops.separable_conv1d(*arrays, precision=precision, **keywords) - wanted)
    other = np.abs(by_fma(*arrays) - wanted)
    assert (error <= np.maximum(ERRORS[precision] * scale, other)).all()


def test_tiles_multiply_here():
    plan = engines.engine().plan(sizes(), 1)
    assert isinstance(plan, PartsPlan)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_integers_are_exact_in_every_precision(precision, layout):
    rng = np.random.default_rng(1)
    for channels, multiplier, filters in itertools.product((1, 16, 17, 47), (1, 2, 3), (1, 16, 33, 64)):
        arrays = test_ops.operands(rng, 2, 37, channels, 3, multiplier, filters, integers=True)
        got = test_ops.convolve(layout, *arrays, precision=precision, activation="relu")
        np.testing.assert_array_equal(got, np.maximum(reference.separable_conv1d(*arrays), 0))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("channels", "multiplier", "filters"), [(64, 1, 64), (70, 3, 65), (1100, 2, 40), (450, 5, 48)])
def test_errors_are_those_of_the_precision(precision, channels, multiplier, filters):
    assert_within(operands(channels, filters, multiplier=multiplier), precision)


def test_float32_is_closer_than_fused_multiply_adds():
    arrays = operands(512, 256, length=300)
    wanted = reference.separable_conv1d(*arrays)
    ours, fma = (np.linalg.norm(y - wanted) for y in (ops.separable_conv1d(*arrays), by_fma(*arrays)))
    assert ours < fma


@pytest.mark.parametrize("precision", PRECISIONS)
def test_two_hundred_octaves_and_cancellation(precision):
    """60 decades within a row, whose terms then cancel but for the last digits."""
    rng = np.random.default_rng(2)
    x, d, p, b = operands(64, 65)
    x *= 10.0 ** rng.uniform(-30, 30, x.shape).astype(np.float32)
    assert_within((x, d, p, b), precision)
    p[1::2] = -p[::2] * (1 + rng.uniform(-1e-6, 1e-6, p[::2].shape))
    d[...] = 1
    x = np.repeat(operands(32, 65)[0], 2, axis=2)
    assert_within((x, d, p.astype(np.float32), b), precision)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("scale", [1e-44, 1e-38, 1e-30, 1e-20, 1e-14, 1e13, 1e20, 1e30])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_tiny_and_huge_numbers(precision, scale, which):
    arrays = operands()
    arrays[which] = (arrays[which] * scale).astype(np.float32)
    assert_within(arrays, precision)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_next_to_the_largest_number(precision):
    x, d, p, b = operands()
    x[0, 10], d[...], p[...] = np.finfo(np.float32).max, 0, np.sign(p) * 0.01
    d[1] = 1
    with np.errstate(over="ignore"):
        got, wanted = ops.separable_conv1d(x, d, p, b, precision=precision), by_fma(x, d, p, b)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(wanted))
    np.testing.assert_array_equal(got[0, 9], wanted[0, 9])


SPECIAL = [np.nan, np.inf, -np.inf, 3e38, 1e-42, 1e-33]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("channels", [70, 2100])
def test_a_row_that_cannot_be_split_is_the_fma_engines_and_no_other_is(precision, special, channels):
    x, d, p, b = operands(channels, 65)
    d = np.ones_like(d[:1])  # output step 20 is input step 20
    plain = ops.separable_conv1d(x, d, p, b, precision=precision)
    x[1, 20, 5] = special
    got, wanted = ops.separable_conv1d(x, d, p, b, precision=precision), by_fma(x, d, p, b)
    if channels == 70:
        np.testing.assert_array_equal(got[1, 20], wanted[1, 20])
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))
    got[1, 20] = plain[1, 20]
    np.testing.assert_array_equal(got, plain)


@pytest.mark.parametrize("special", SPECIAL)
def test_a_panel_that_cannot_be_split_is_the_fma_engines(special):
    x, d, p, b = operands()
    plain = ops.separable_conv1d(x, d, p, b)
    p[0, 3, 1] = special
    got = ops.separable_conv1d(x, d, p, b)
    np.testing.assert_array_equal(got[..., :8], by_fma(x, d, p, b)[..., :8])  # the narrowest panel
    np.testing.assert_array_equal(got[..., 64:], plain[..., 64:])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_same_bits_however_a_series_is_cut_even_where_rows_cannot_be_split(precision):
    x, *weights = operands(70, 75, examples=7, length=301)
    x[2, 100:130, 3], x[4, 7, 69], x[5, :, 8] = np.inf, 1e-40, 1e-30
    with cpu.num_threads(1):
        serial = ops.separable_conv1d(x, *weights, padding="same", precision=precision)
    for part, wanted in zip(np.split(x, [1, 4]), np.split(serial, [1, 4]), strict=True):
        got = ops.separable_conv1d(part, *weights, padding="same", precision=precision)
        np.testing.assert_array_equal(got, wanted)
    first = np.ascontiguousarray(x.transpose(0, 2, 1))
    got = ops.separable_conv1d(first, *weights, padding="same", data_format="channels_first", precision=precision)
    np.testing.assert_array_equal(got.transpose(0, 2, 1), serial)
    some = ops.separable_conv1d(x[:, 90:140], *weights, precision=precision)
    np.testing.assert_array_equal(some, ops.separable_conv1d(x, *weights, precision=precision)[:, 90:138])


def test_bfloat16_arrays_are_rounded_after_the_depthwise_stage_and_at_the_end():
    arrays = [array.astype(test_ops.BFLOAT16) for array in operands(128, 128)]
    wide = [array.astype(np.float32) for array in arrays]
    wanted, scale = reference.separable_conv1d(*wide), reference.error_scale(*wide)
    got = ops.separable_conv1d(*arrays).astype(np.float64)
    np.testing.assert_array_less(np.abs(got - wanted), 2.0**-9 * (scale + np.abs(wanted)) * 1.01)


def test_layers_keep_parts_and_follow_the_block():
    x, *weights = operands(128, 128)
    layer = tf.layers.SeparableConv1D(128, 3, weights=weights)
    for _ in range(2):
        for precision in PRECISIONS:
            with tf.precision(precision):
                np.testing.assert_array_equal(layer(x), ops.separable_conv1d(x, *weights, precision=precision))


def test_calls_on_many_threads_at_once_have_tiles_of_their_own():
    x, *weights = operands(130, 130, examples=4, length=300)
    wanted = ops.separable_conv1d(x, *weights)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: ops.separable_conv1d(x, *weights, engine="amx"), range(16)):
            np.testing.assert_array_equal(got, wanted)


def test_dots_multiply_as_tiles_do(monkeypatch):
    if availability.why_no_dots():
        pytest.skip(availability.why_no_dots())
    monkeypatch.setattr(availability, "tiles_unit", lambda: None)
    monkeypatch.setattr(availability, "dots_unit", lambda: availability.DOTS)
    for channels, multiplier, filters in itertools.product((64, 70, 2100), (1, 3), (64, 81)):
        for length in (3, 16, 17, 31, 337):
            arrays = operands(channels, filters, length=length, multiplier=multiplier)
            assert_within(arrays, "bf16", engine="auto")
            assert not np.array_equal(ops.separable_conv1d(*arrays, precision="bf16", engine="auto"), by_fma(*arrays))
    special = operands(128, 128)
    special[0][0, 20, 3] = np.inf
    got = ops.separable_conv1d(*special, precision="bf16", engine="auto")
    np.testing.assert_array_equal(got[0, 18:21], by_fma(*special)[0, 18:21])


# ---- the unit, and the choice of it ----


def sizes(**changes):
    plain = {"examples": 2, "length": 9, "channels": 512, "steps": 9, "filters": 512, "kernel_size": 1}
    moves = {"multiplier": 1, "stride": 1, "dilation": 1, "left": 0, "activation": None}
    strides = {"input_strides": (18432, 2048, 4), "output_strides": (18432, 2048, 4)}
    return Sizes(**{"dtype": "float32", **plain, **moves, **strides, **changes})


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, 3),
        ({"precision": "tf32x3"}, 3),
        ({"precision": "bf16x3"}, 2),
        ({"precision": "tf32"}, 2),
        ({"precision": "bf16"}, 1),
        ({"dtype": "bfloat16", "precision": "bf16"}, 1),
        ({"dtype": "float64"}, None),
        ({"filters": None}, None),
    ],
)
def test_parts_are_as_many_as_the_precision_needs(changes, parts):
    assert choice.tiles(sizes(**changes)) == (parts and (TILES, parts))
    assert choice.fastest(sizes(**changes)) == ((TILES, parts) if parts in (1, 2) else None)


def test_narrow_layers_are_left_to_fused_multiply_adds():
    assert choice.fastest(sizes(channels=16, precision="bf16x3")) is None
    assert choice.fastest(sizes(filters=16, precision="bf16x3")) is None
    assert choice.tiles(sizes(channels=1, filters=1)) == (TILES, 3)


@pytest.mark.parametrize(("precision", "least"), [("bf16x3", 6), ("bf16", 3)])
def test_few_channels_are_left_to_fused_multiply_adds(precision, least):
    assert choice.fastest(sizes(channels=least, multiplier=64, precision=precision)) is not None
    assert choice.fastest(sizes(channels=least - 1, multiplier=64, precision=precision)) is None


def test_the_choice_is_the_layers_alone():
    shapes = [{"examples": n, "length": t, "steps": t, "precision": "bf16x3"} for n in (1, 100) for t in (1, 5000)]
    assert {choice.fastest(sizes(**shape)) for shape in shapes} == {(TILES, 2)}


@pytest.mark.parametrize("name", ["fma", "auto", "amx"])
def test_without_a_unit_every_engine_is_fused_multiply_adds(monkeypatch, name):
    monkeypatch.setattr(availability, "tiles_unit", lambda: None)
    monkeypatch.setattr(availability, "dots_unit", lambda: None)
    arrays = operands(128, 128)
    for precision in PRECISIONS:
        got = ops.separable_conv1d(*arrays, engine=name, precision=precision)
        np.testing.assert_array_equal(got, by_fma(*arrays))


def test_units_of_tiles_pass_the_selftest():
    assert selftest.passes(TILES)


def test_the_selftest_fails_where_products_are_wrong(monkeypatch):
    assert selftest.passes(plain_tiles.NAME)  # which compiles the six products
    monkeypatch.setitem(products.ORDERS, 3, products.ORDERS[3][1:])
    assert not selftest.passes(plain_tiles.NAME)


def found_out(monkeypatch, features=("amx-tile", "amx-bf16"), permitted=True, correct=True):
    """Why a machine such as this has no tiles."""
    monkeypatch.setattr(availability.llvm, "get_host_cpu_features", lambda: dict.fromkeys(features, True))
    monkeypatch.setattr(availability, "vector_unit", lambda: availability.AVX512)
    monkeypatch.setattr(availability, "config", SimpleNamespace(CPU_NAME=None, CPU_FEATURES=None))
    monkeypatch.setattr(availability, "_permitted", lambda: permitted)
    monkeypatch.setattr(availability.selftest, "passes", lambda unit: correct)
    return availability.why_no_tiles.__wrapped__.__wrapped__()


@pytest.mark.parametrize(("processor", "fast"), [("znver4", True), ("znver5", True), ("sapphirerapids", False)])
def test_dots_serve_where_they_are_faster(monkeypatch, processor, fast):
    monkeypatch.setattr(availability, "why_no_dots", lambda: "")
    monkeypatch.setattr(availability.llvm, "get_host_cpu_name", lambda: processor)
    monkeypatch.setattr(availability, "why_no_fast_dots", availability.why_no_fast_dots.__wrapped__.__wrapped__)
    assert availability.dots_unit() == (availability.DOTS if fast else None)


def test_gradients_in_three_parts_gain_nothing():
    assert choice.fastest_for_gradients(sizes()) is None
    assert choice.fastest_for_gradients(sizes(precision="bf16x3")) == (TILES, 2)


def test_why_there_are_no_tiles(monkeypatch):
    assert found_out(monkeypatch, features=("amx-tile",)) == "the processor has no amx-bf16"
    assert found_out(monkeypatch, permitted=False) == "the system does not let this process use it"
    assert found_out(monkeypatch, correct=False) == "its products are not what they should be"
    assert found_out(monkeypatch) == ""


def test_the_command_tells_who_multiplies(capsys, monkeypatch):
    monkeypatch.setenv(engines.VARIABLE, "auto")
    assert main.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^engine +auto$", out, re.MULTILINE)
    assert re.search(r"^AMX +(not used: .+|bf16x3 and bf16 of layers .+; float32 where .+)$", out, re.MULTILINE)
    assert re.search(r"^AVX512-BF16 +(not used: .+|bf16 of layers .+)$", out, re.MULTILINE)


ASSEMBLY = """
import os, re
os.environ["NB_SEPCONV_CACHE"] = "off"
from nb_sepconv.kernels.bf16.codegen.procedures import procedure
from nb_sepconv.kernels.store import units
for name in ("begin", "product:2", "product:1", "end"):
    procedure(name, "amx", 3)
assembly = "".join(each._codegen._tm.emit_assembly(each._final_module) for each in units.libraries)
print(*[len(re.findall(rf"\\b{name}\\b", assembly)) for name in ("ldtilecfg", "tdpbf16ps", "tilerelease")])
"""


@on_x86
def test_what_the_compiler_makes_of_tiles():
    """Six products for each of 4 and of 2 tiles of sums, 4 steps together and one alone."""
    found = run_as("sapphirerapids", "-c", ASSEMBLY, features="+amx-tile,+amx-bf16").split()
    configured, multiplied, released = map(int, found)
    assert (configured, released) == (1, 1)
    assert multiplied >= 6 * (4 + 2) * 5


def test_units_are_known_by_their_names():
    assert {name: unit.name for name, unit in UNITS.items()} == {name: name for name in UNITS}
