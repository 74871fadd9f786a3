"""The pointwise product by cuBLAS, which CuPy reaches, between a depthwise kernel and one for bias and activation.

Whether it is faster than the fused kernel depends on the filters. Depthwise results are written and read once more
each, and outputs again where a bias or an activation follows; a library's product runs nearer to the peak, and computes
no depthwise result twice, which the fused kernel does for each 256 filters. By the memory's and the processors' peaks
of an H200, fusing can win up to about 57 channels with multiply-adds, 150 with three TF32 products and 455 with one.
How near to its peak either kernel comes is not measured. So the choice is the user's, by ``NB_SEPCONV_CUBLAS_FILTERS``,
until it is: `make bench-gpu` measures both, and prints where cuBLAS was the faster.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any

import numpy as np

from nb_sepconv.kernels.cuda.codegen import instructions
from nb_sepconv.kernels.cuda.codegen.activations import activation
from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.forward import plan
from nb_sepconv.kernels.cuda.precision import served
from nb_sepconv.kernels.cuda.runtime.launch import REACH, Launcher, one_thread_each, wide
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, cuda, index_type, kernel, real_type

VARIABLE = "NB_SEPCONV_CUBLAS_FILTERS"
AS_IT_IS = 0  # CUBLAS_OP_N
EXACT, TF32 = 0, 3  # CUBLAS_DEFAULT_MATH, CUBLAS_TF32_TENSOR_OP_MATH
ONE, ZERO = ({name: np.array(value, name) for name in ("float32", "float64")} for value in (1, 0))


def wanted(sizes: Any) -> Any:
    """Whether a convolution's product is cuBLAS's: it has as many filters as the environment says, and it can be."""
    least = os.environ.get(VARIABLE)
    return bool(least) and sizes.filters is not None and sizes.filters >= _number(least) and _possible(sizes)


def _number(text):
    if not text.isdecimal():
        raise ValueError(f"`{VARIABLE}` must be a number of filters, from which on cuBLAS is used. Received: {text!r}")
    return int(text)


def _possible(sizes):
    """Whether outputs are one matrix, of a type and size that cuBLAS takes, and CuPy is there."""
    rows, filters = sizes.examples * sizes.steps, sizes.filters
    return (
        sizes.dtype in ONE
        and rows * filters * sizes.hidden > 0
        and max(rows, filters, sizes.hidden) < REACH
        and sizes.output_strides == (sizes.steps * filters, filters, 1)
        and ("cupy" in sys.modules or importlib.util.find_spec("cupy") is not None)
    )


class ApartPlan:
    """The three launches that a convolution is. ``scratch`` has the shape of the depthwise results."""

    def __init__(self, sizes: Any) -> None:
        self.sizes = sizes = sizes._replace(precision=served(sizes))
        self.scratch: tuple[tuple[Any, Any]] = ((sizes.examples * sizes.steps, sizes.hidden),)
        strides = (sizes.steps * sizes.hidden, sizes.hidden, 1)
        alone = sizes._replace(filters=None, activation=None, biased=False, output_strides=strides)
        self._depthwise = Launcher(plan.depthwise_step(alone))
        self._finish = Launcher(_finish(sizes)) if sizes.biased or sizes.activation else None

    def run(self, stream: Any, inputs: Any, weights: Any, outputs: Any, *scratch: Any) -> None:
        """Fill ``outputs``; ``weights`` are contiguous: (depthwise, pointwise, bias or None)."""
        (depthwise, pointwise, bias), (hidden,) = weights, scratch
        self._depthwise(stream, inputs, depthwise, hidden)
        multiply(stream, hidden, pointwise, outputs, TF32 if self.sizes.precision == "tf32" else EXACT)
        if self._finish is not None:
            self._finish(stream, bias, outputs)


def multiply(stream: Any, left: Any, right: Any, outputs: Any, exactness: Any) -> None:
    """``outputs = left @ right`` of contiguous matrices, ``left`` by rows; what lies by rows is cuBLAS's transposed."""
    import cupy

    cublas, dtype = cupy.cuda.cublas, left.dtype.name
    (rows, depth), columns = left.shape, right.shape[-1]
    product = cublas.sgemm if dtype == "float32" else cublas.dgemm
    factors = right.address, columns, left.address, depth
    with cupy.cuda.ExternalStream(stream) if stream else cupy.cuda.Stream.null:
        handle = cupy.cuda.Device().cublas_handle
        before = cublas.getMathMode(handle)
        cublas.setMathMode(handle, exactness)
        try:
            product(
                *(handle, AS_IT_IS, AS_IT_IS, columns, rows, depth, ONE[dtype].ctypes.data, *factors),
                *(ZERO[dtype].ctypes.data, outputs.address, columns),
            )
        finally:
            cublas.setMathMode(handle, before)


def _finish(sizes):
    storage, count = STORAGE[sizes.dtype], sizes.examples * sizes.steps * sizes.filters
    finish = bias_and_activation(storage, sizes.activation, sizes.biased, wide(2 * count))
    return one_thread_each(finish, count, count, sizes.filters)


@compile_once
def bias_and_activation(storage: Any, name: str, biased: Any, wide: Any) -> Any:
    """``y[i] = act(y[i] + b[i mod F])`` in place; one thread for each number."""
    index, real = index_type(wide), real_type(storage.sums)
    load, store, divide = instructions.loader(storage), instructions.storer(storage), instructions.divide
    act = activation(name, storage.sums)

    def finish(b, y, count, filters):
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        if number < count:
            _, f = divide(number, index(filters))
            bias = load(b, f) if biased else real(0)
            store(y, number, act(load(y, number) + bias))

    return kernel(finish)
