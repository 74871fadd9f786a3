"""The convolution under JAX."""

import jax
import numpy as np
import pytest
from interop_cases import NAMES, SETTINGS, arrays, assert_names_functions_and_refusals, like
from jax.test_util import check_grads

from nb_sepconv import ops
from nb_sepconv.interop.jax import separable_conv1d


@pytest.fixture(autouse=True, scope="module")
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def both_ways(function):
    return [function, jax.jit(function)]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_are_those_of_the_operation(settings):
    operands = arrays(settings)
    outputs = ops.separable_conv1d(*operands, **settings)
    d_outputs = like(outputs)
    wanted = ops.separable_conv1d_gradients(d_outputs, *operands, **settings)
    for convolve in both_ways(lambda *operands: separable_conv1d(*operands, **settings)):
        found, pull_back = jax.vjp(convolve, *operands)
        np.testing.assert_array_equal(found, outputs)
        for name, got, expected in zip(NAMES, pull_back(d_outputs), wanted, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_are_slopes(settings):
    check_grads(lambda *operands: separable_conv1d(*operands, **settings), arrays(settings), order=1, modes=["rev"])


def test_activations():
    assert_names_functions_and_refusals(separable_conv1d, jax.numpy.asarray)


def test_without_bias():
    *operands, _ = arrays({}, bias=False)
    found = jax.grad(lambda *operands: separable_conv1d(*operands).sum(), argnums=(0, 1, 2))(*operands)
    wanted = ops.separable_conv1d_gradients(np.ones((2, 9, 4)), *operands)
    for got, expected in zip(found, wanted, strict=False):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_types_stay(dtype):
    operands = [jax.numpy.asarray(array, dtype) for array in arrays({})]
    outputs, pull_back = jax.vjp(separable_conv1d, *operands)
    assert {outputs.dtype, *(gradient.dtype for gradient in pull_back(outputs))} == {np.dtype(dtype)}
    expected = ops.separable_conv1d(*(np.asarray(operand, float) for operand in operands))
    np.testing.assert_allclose(np.asarray(outputs, float), expected, rtol=2e-2, atol=1e-1)


def test_only_what_is_asked_for_is_computed(monkeypatch):
    asked, operands = [], arrays({})
    gradients = ops.separable_conv1d_gradients

    def spy(*args, wanted, **keywords):
        asked.append(wanted)
        return gradients(*args, wanted=wanted, **keywords)

    monkeypatch.setattr(ops, "separable_conv1d_gradients", spy)
    slope = jax.grad(lambda kernel: separable_conv1d(operands[0], kernel, *operands[2:]).sum())
    for differentiate in both_ways(slope):
        jax.block_until_ready(differentiate(operands[1]))
    assert asked == [("depthwise_kernel",)] * 2


def test_many_at_once():
    _, *others = arrays({})
    many = np.random.default_rng(4).standard_normal((3, 2, 11, 3))
    found = jax.vmap(lambda x: separable_conv1d(x, *others))(many)
    np.testing.assert_array_equal(found, [ops.separable_conv1d(x, *others) for x in many])
    slopes = jax.vmap(jax.grad(lambda x: (separable_conv1d(x, *others) ** 2).sum()))(many)
    wanted = [
        ops.separable_conv1d_gradients(2 * y, x, *others)[0] for x, y in zip(many, np.asarray(found), strict=True)
    ]
    np.testing.assert_allclose(slopes, wanted, rtol=1e-12, atol=1e-12)


def test_activation_of_jax():
    operands = arrays({})
    found, pull_back = jax.vjp(lambda *operands: separable_conv1d(*operands, activation=jax.nn.gelu), *operands)
    before, straight = jax.vjp(separable_conv1d, *operands)
    wanted, through = jax.vjp(jax.nn.gelu, before)
    np.testing.assert_array_equal(found, wanted)
    for got, expected in zip(pull_back(wanted), straight(*through(wanted)), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_errors_come_when_it_is_traced():
    inputs, depthwise, *others = arrays({})
    with pytest.raises(ValueError, match="`depthwise_kernel`"):
        jax.jit(separable_conv1d).lower(inputs, depthwise[:, :2], *others)
    with pytest.raises(ValueError, match="span"):
        jax.jit(separable_conv1d).lower(inputs[:, :2], depthwise, *others)
