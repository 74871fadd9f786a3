"""Gradients in bfloat16 parts: every test of the gradients on tiles, and what parts add to them."""

import itertools

import numpy as np
import pytest
import reference
import test_gradients
import test_ops
from test_bf16 import PRECISIONS, SPECIAL, TILES

from nb_sepconv import ops
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.bf16 import availability
from nb_sepconv.kernels.bf16.backward.plan import GradientPartsPlan
from nb_sepconv.kernels.cpu.backward.plan import GradientPlan

ERRORS = {"float32": 1e-6, "bf16x3": 2.0**-14, "bf16": 2.0**-6}  # two products and a sum over rows, of their terms
NAMES = test_gradients.NAMES


@pytest.fixture(autouse=True)
def _on_tiles(monkeypatch):
    monkeypatch.setattr(availability, "tiles_unit", lambda: TILES)
    monkeypatch.setenv(engines.VARIABLE, "amx")
    planned_calls.clear()
    yield
    planned_calls.clear()


globals().update({name: test for name, test in vars(test_gradients).items() if name.startswith("test_")})


@pytest.mark.slow  # its numbers are of float64, which are multiplied as in test_gradients
@test_gradients.LAYOUTS
def test_inner_products_on_every_small_geometry(layout):
    test_gradients.test_inner_products_on_every_small_geometry(layout)


def operands(channels=70, filters=65, examples=2, length=60, multiplier=1, seed=0, **kinds):
    """(d_outputs, inputs, depthwise, pointwise, bias)."""
    rng = np.random.default_rng(seed)
    x, *weights = test_ops.operands(rng, examples, length, channels, 3, multiplier, filters, **kinds)
    return [test_gradients.cotangent(rng, np.empty((examples, length - 2, filters)), **kinds), x, *weights]


def by_fma(*arrays, **keywords):
    return ops.separable_conv1d_gradients(*arrays, engine="fma", **keywords)


def assert_within(arrays, precision, **keywords):
    """Each gradient within the precision's error of the sum of its terms' magnitudes, or no worse than by FMA."""
    wanted = reference.separable_conv1d_gradients(*arrays)
    scales = reference.separable_conv1d_gradients(*map(np.abs, arrays))
    got = ops.separable_conv1d_gradients(*arrays, precision=precision, **keywords)
    for name, one, exact, scale, other in zip(NAMES, got, wanted, scales, by_fma(*arrays), strict=True):
        bound = np.maximum(ERRORS[precision] * scale, 2 * np.abs(other - exact))
        assert (np.abs(one - exact) <= bound).all(), name


def test_tiles_multiply_here(monkeypatch):
    plans, run = [], GradientPlan.run
    monkeypatch.setattr(GradientPlan, "run", lambda plan, *given: plans.append(plan) or run(plan, *given))
    ops.separable_conv1d_gradients(*operands())
    assert [type(plan) for plan in plans] == [GradientPartsPlan]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_integers_are_exact_in_every_precision(precision, layout):
    for channels, multiplier, filters in itertools.product((1, 16, 17, 47), (1, 2, 3), (1, 16, 33, 64)):
        arrays = operands(channels, filters, length=70, multiplier=multiplier, integers=True)
        got = test_gradients.gradients(layout, *arrays, precision=precision)
        test_gradients.assert_equal(got, reference.separable_conv1d_gradients(*arrays), (channels, multiplier, filters))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("channels", "multiplier", "filters"), [(64, 1, 64), (70, 3, 65), (300, 5, 40)])
def test_errors_are_those_of_the_precision(precision, channels, multiplier, filters):
    assert_within(operands(channels, filters, multiplier=multiplier, length=700), precision)


def test_float32_is_closer_than_fused_multiply_adds():
    arrays = operands(256, 256, length=700)
    wanted = reference.separable_conv1d_gradients(*arrays)
    ours, fma = ops.separable_conv1d_gradients(*arrays), by_fma(*arrays)
    for name, exact, one, other in zip(NAMES[:3], wanted, ours, fma, strict=False):
        assert np.linalg.norm(one - exact) <= 1.02 * np.linalg.norm(other - exact), name


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("scale", [1e-38, 1e-25, 1e-14, 1e13, 1e25])
@pytest.mark.parametrize("which", [0, 1, 3])
def test_tiny_and_huge_numbers(precision, scale, which):
    arrays = operands()
    arrays[which] = (arrays[which] * scale).astype(np.float32)
    assert_within(arrays, precision)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_sixty_decades_and_cancellation(precision):
    arrays = operands()
    rng = np.random.default_rng(2)
    arrays[0] *= 10.0 ** rng.uniform(-30, 0, arrays[0].shape).astype(np.float32)
    arrays[1] *= 10.0 ** rng.uniform(0, 30, arrays[1].shape).astype(np.float32)
    assert_within(arrays, precision)
    arrays = operands(filters=64)
    arrays[0][..., 1::2] = arrays[0][..., ::2]
    arrays[3][..., 1::2] = -arrays[3][..., ::2] * np.float32(1 + 1e-6)
    assert_within(arrays, precision)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("which", [0, 1, 3])
def test_what_cannot_be_split_is_the_fma_engines_and_a_row_spoils_no_other(precision, special, which):
    arrays = operands(length=700)
    plain = ops.separable_conv1d_gradients(*arrays, precision=precision)
    arrays[which].reshape(-1, arrays[which].shape[-1])[40, 3] = special
    got, wanted = ops.separable_conv1d_gradients(*arrays, precision=precision), by_fma(*arrays)
    for name, one, other in zip(NAMES, got, wanted, strict=True):
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other), err_msg=name)
        np.testing.assert_array_equal(np.isinf(one), np.isinf(other), err_msg=name)
    if which == 0:
        np.testing.assert_array_equal(
            np.delete(got[0], slice(40, 43), axis=1)[0], np.delete(plain[0], slice(40, 43), axis=1)[0]
        )
    if which == 1:
        np.testing.assert_array_equal(got[0], plain[0])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_same_bits_for_any_threads(precision, monkeypatch):
    arrays = operands(160, 130, examples=5, length=500)
    arrays[0][1, 40, 3], arrays[1][2, 100, 7] = 1e-40, np.inf
    with cpu.num_threads(1):
        serial = ops.separable_conv1d_gradients(*arrays, precision=precision)
    for threads in (2, 3, 16):
        monkeypatch.setattr(cpu, "get_num_threads", lambda threads=threads: threads)
        test_gradients.assert_equal(ops.separable_conv1d_gradients(*arrays, precision=precision), serial, threads)


def test_dots_multiply_as_tiles_do(monkeypatch):
    if availability.why_no_dots():
        pytest.skip(availability.why_no_dots())
    monkeypatch.setattr(availability, "tiles_unit", lambda: None)
    monkeypatch.setattr(availability, "dots_unit", lambda: availability.DOTS)
    for channels, multiplier, filters in itertools.product((64, 70), (1, 3), (64, 81)):
        for length in (3, 17, 31, 700):
            arrays = operands(channels, filters, length=length, multiplier=multiplier)
            assert_within(arrays, "bf16", engine="auto")
            got = ops.separable_conv1d_gradients(*arrays, precision="bf16", engine="auto")
            assert not np.array_equal(got[2], by_fma(*arrays)[2])
