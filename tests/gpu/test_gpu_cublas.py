"""Wide pointwise products by cuBLAS: when they are, that streams and exactness reach it, and that the rest follows."""

import contextlib
import ctypes
import sys
import types

import numpy as np
import pytest
import reference
from device_data import FULL, random, to_gpu, to_host
from test_gpu_forward import convolve

from nb_sepconv import ops
from nb_sepconv.convolution import device as device_convolution
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels.cuda.forward import cublas as library_product


class Stream(contextlib.AbstractContextManager):
    current = 0

    def __init__(self, handle):
        self.handle = handle

    def __enter__(self):
        Stream.current = self.handle

    def __exit__(self, *error):
        Stream.current = 0


def matrix(address, rows, columns, dtype):
    """A matrix by columns at an address."""
    memory = (ctypes.c_char * (rows * columns * dtype.itemsize)).from_address(address)
    return np.frombuffer(memory, dtype).reshape(columns, rows).T


class CuBLAS:
    """What CuPy offers of cuBLAS, on the simulator's memory; it notes its products."""

    def __init__(self):
        self.mode, self.products = 7, []

    def getMathMode(self, handle):
        return self.mode

    def setMathMode(self, handle, mode):
        self.mode = mode

    def product(self, dtype, handle, left_as, right_as, m, n, k, one, left, m_too, right, k_too, zero, out, m_again):
        assert (left_as, right_as, m_too, k_too, m_again) == (0, 0, m, k, m)
        assert (matrix(one, 1, 1, dtype), matrix(zero, 1, 1, dtype)) == (1, 0)
        matrix(out, m, n, dtype)[...] = matrix(left, m, k, dtype) @ matrix(right, k, n, dtype)
        self.products.append((handle, m, n, k, self.mode, Stream.current))

    def sgemm(self, *arguments):
        self.product(np.dtype(np.float32), *arguments)

    def dgemm(self, *arguments):
        self.product(np.dtype(np.float64), *arguments)


@pytest.fixture
def cublas(monkeypatch):
    """cuBLAS for products of 8 filters and more; on the simulator a stand-in for it, which is returned."""
    stand_in = CuBLAS()
    if not FULL:
        device = types.SimpleNamespace(cublas_handle=3)
        cuda = types.SimpleNamespace(
            cublas=stand_in, Device=lambda: device, ExternalStream=Stream, Stream=types.SimpleNamespace(null=Stream(0))
        )
        monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(cuda=cuda))
    monkeypatch.setenv(library_product.VARIABLE, "8")
    planned_calls.clear()
    yield stand_in
    planned_calls.clear()


def operands(seed, filters=8, dtype=np.float32):
    return random(
        np.random.default_rng(seed), (2, 9, 3), (3, 3, 2), (1, 6, filters), (filters,), dtype=dtype, integers=True
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("biased", [True, False])
def test_product_lies_between_two_kernels(cublas, dtype, biased):
    x, *weights = operands(0, dtype=dtype)
    weights = weights[: 3 if biased else 2]
    for activation in (None, "relu"):
        got = convolve(ops.separable_conv1d, "channels_last", x, *weights, strides=2, activation=activation)
        wanted = reference.separable_conv1d(x, *weights, strides=2)
        np.testing.assert_array_equal(got, wanted if activation is None else np.maximum(wanted, 0))
    calls = [call for call in planned_calls if isinstance(call, device_convolution.Call)]
    assert {type(call.plan) for call in calls} == {library_product.ApartPlan}
    if not FULL:
        assert cublas.products == [(3, 8, 8, 6, library_product.EXACT, 0)] * 2
        assert cublas.mode == 7  # as it was


def test_streams_and_tf32_reach_it(cublas):
    x, *weights = operands(1)
    on_gpu = [to_gpu(each) for each in (x, *weights)]
    handle = 0 if FULL else 5
    got = ops.separable_conv1d(*on_gpu, precision="tf32", stream=handle)
    np.testing.assert_array_equal(to_host(got), reference.separable_conv1d(x, *weights))
    ops.separable_conv1d(*on_gpu, precision="tf32x3", stream=handle)
    if not FULL:
        assert [found[-2:] for found in cublas.products] == [(library_product.TF32, 5), (library_product.EXACT, 5)]


@pytest.mark.parametrize("change", ["filters", "layout", "type", "environment", "depthwise"])
def test_everything_else_is_fused(cublas, change, monkeypatch):
    dtype = np.float16 if change == "type" else np.float32
    x, *weights = operands(2, 7 if change == "filters" else 8, dtype)
    if change == "environment":
        monkeypatch.delenv(library_product.VARIABLE)
    if change == "depthwise":
        got, wanted = ops.depthwise_conv1d(to_gpu(x), to_gpu(weights[0])), reference.depthwise_conv1d(x, weights[0])
        np.testing.assert_array_equal(to_host(got), wanted)
    else:
        layout = "channels_first" if change == "layout" else "channels_last"
        got = convolve(ops.separable_conv1d, layout, x, *weights)
        np.testing.assert_array_equal(got, reference.separable_conv1d(x, *weights).astype(dtype))
    assert not cublas.products


def test_what_is_no_number_is_refused(cublas, monkeypatch):
    monkeypatch.setenv(library_product.VARIABLE, "yes")
    x, *weights = operands(3)
    with pytest.raises(ValueError, match=r"`NB_SEPCONV_CUBLAS_FILTERS` must be a number of filters.* Received: 'yes'"):
        ops.separable_conv1d(*(to_gpu(each) for each in (x, *weights)))
