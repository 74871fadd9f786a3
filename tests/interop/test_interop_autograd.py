"""The convolution under HIPS autograd."""

import autograd
import numpy as np
import pytest
from autograd.test_util import check_grads
from interop_cases import NAMES, SETTINGS, arrays, assert_names_functions_and_refusals, like

from nb_sepconv import ops
from nb_sepconv.interop.autograd import separable_conv1d


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_are_those_of_the_operation(settings):
    operands = arrays(settings)
    outputs = ops.separable_conv1d(*operands, **settings)
    np.testing.assert_array_equal(separable_conv1d(*operands, **settings), outputs)
    d_outputs = like(outputs)
    wanted = ops.separable_conv1d_gradients(d_outputs, *operands, **settings)

    def loss(*operands):
        return autograd.numpy.sum(separable_conv1d(*operands, **settings) * d_outputs)

    found = autograd.grad(loss, argnum=(0, 1, 2, 3))(*operands)
    for name, got, expected in zip(NAMES, found, wanted, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_are_slopes(settings):
    check_grads(lambda *operands: separable_conv1d(*operands, **settings), modes=["rev"], order=1)(*arrays(settings))


def test_only_what_is_asked_for_is_computed(monkeypatch):
    asked, operands = [], arrays({})
    gradients = ops.separable_conv1d_gradients

    def spy(*args, wanted, **keywords):
        asked.append(wanted)
        return gradients(*args, wanted=wanted, **keywords)

    monkeypatch.setattr(ops, "separable_conv1d_gradients", spy)
    autograd.grad(lambda kernel: separable_conv1d(operands[0], kernel, *operands[2:]).sum())(operands[1])
    assert asked == [("depthwise_kernel",)]


def test_activations():
    assert_names_functions_and_refusals(separable_conv1d, np.asarray)


def test_without_bias():
    inputs, *kernels, bias = arrays({}, bias=False)
    assert bias is None
    found = autograd.grad(lambda inputs: separable_conv1d(inputs, *kernels).sum())(inputs)
    wanted, *_ = ops.separable_conv1d_gradients(np.ones((2, 9, 4)), inputs, *kernels)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_second_derivatives_are_refused():
    inputs, *others = arrays({})
    slope = autograd.grad(lambda x: autograd.numpy.sum(separable_conv1d(x, *others, activation="tanh")))
    with pytest.raises(NotImplementedError, match="not defined"):
        autograd.grad(lambda x: autograd.numpy.sum(slope(x)))(inputs)
