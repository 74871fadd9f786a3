"""Dense layers and convolutions of all channels: products of the numbers under a kernel with its matrix.

A dense layer's kernel is (D, F), a convolution's (K, C, F). The FMA engine multiplies the inputs where they lie. A unit
for bfloat16 pairs takes their rows (:mod:`.rows`), behind a depthwise kernel with one tap of ones: ``x * 1.0`` is
``x``, whatever ``x`` is.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import host, host_gradients, precisions, settings
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.packed import Packed
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.convolution.rows import rows_of
from nb_sepconv.convolution.sizes import by_step, contiguous_strides, refuse_too_short
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.protocol import Sizes


@lru_cache
def ones(width: int, dtype: Any) -> np.ndarray:
    """The depthwise kernel (1, D, 1) that leaves rows of D numbers as they are."""
    return np.ones((1, width, 1), dtype)


def multiplied(inputs: np.ndarray, kernel: Any, bias: Any, chosen: Any) -> np.ndarray:
    """The outputs for arrays, plus ``bias`` where it is not None.

    Args:
        inputs: array (..., D) for a kernel (D, F), and (..., L, C) or (..., C, L) for a kernel (K, C, F).
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
    """
    (inputs, *weights), call = planned((inputs, kernel, bias), chosen)
    return call.run(inputs, call.pack(weights))


def product_with(kernel: Any, chosen: Any) -> PackedProduct:
    """The product without bias with a variable, which keeps what is packed of it."""
    products = kernel.kept.setdefault("products", {})
    multiply = products.get(chosen)
    if multiply is None:
        settings_of_product = chosen.stride, chosen.padding, chosen.data_format, chosen.dilation, None
        multiply = products[chosen] = PackedProduct(*settings_of_product)
    return multiply


class PackedProduct(Packed):
    """The product with the same variables (kernel, bias or None) again and again, packed as long as they stay the same.

    The arguments are those of :class:`~nb_sepconv.convolution.packed.Packed`; a dense layer's kernel does not move.
    """

    def _plan(self, arrays, chosen):
        return planned(arrays, chosen)


def planned(arrays: Any, chosen: Any) -> Any:
    """The arrays (inputs, kernel, bias or None) as the kernels take them, and the call for arrays like these, planned
    where it is the first.
    """
    key = host.key_of(arrays, multiplied, chosen)
    call = planned_calls.get(key)
    if call is not None:
        return arrays, call
    inputs, kernel, bias = arrays
    inputs = array_arguments.floating("inputs", inputs)
    series = as_rows(inputs) if kernel.ndim == 2 else as_series(inputs)
    if inputs.size and not np.may_share_memory(series, inputs):  # its axes could not be joined
        return planned((np.ascontiguousarray(inputs), kernel, bias), chosen)
    channels = series.shape[2 if chosen.channels_last else 1]
    kernel = array_arguments.weight("kernel", kernel, (*["K"] * (kernel.ndim - 2), channels, "F"), inputs.dtype)
    if bias is not None:
        bias = array_arguments.weight("bias", bias, (kernel.shape[-1],), inputs.dtype)
    checked = inputs, kernel, bias
    call = _planned(series, checked, chosen)
    planned_calls.remember(key, call, arrays, checked)
    return checked, call


def _planned(series, arrays, chosen):
    inputs, kernel, _ = arrays
    sizes, shape = _sizes_of(series, kernel, chosen)
    plan = engines.engine(chosen.engine).plan_product(sizes, cpu.get_num_threads())
    axes = inputs.shape[:-2] if kernel.ndim == 3 else inputs.shape[:-1]
    shape = (*axes, *shape[-2 if kernel.ndim == 3 else -1 :])
    if plan is None:
        return _ByRows(series, arrays, chosen, shape)
    return _Product(plan, shape, inputs.dtype)


def _sizes_of(series, kernel, chosen):
    """The sizes of a convolution of all channels, and the shape of its outputs."""
    taps, filters = 1 if kernel.ndim == 2 else len(kernel), kernel.shape[-1]
    examples, length, channels = by_step(series.shape, chosen.channels_last)
    where = geometry(length, taps, chosen.stride, chosen.dilation, chosen.padding)
    refuse_too_short(series.shape, length, taps, chosen, where)
    shape = by_step((examples, where.output_length, filters), chosen.channels_last)
    array_arguments.addressable(shape, series.dtype)
    sizes = Sizes(
        dtype=series.dtype.name,
        examples=examples,
        length=length,
        channels=channels,
        steps=where.output_length,
        filters=filters,
        kernel_size=taps,
        multiplier=1,
        stride=chosen.stride,
        dilation=chosen.dilation,
        left=where.left,
        activation=chosen.activation,
        precision=precisions.least(chosen.precision, series.dtype.name),
        input_strides=by_step(series.strides, chosen.channels_last),
        output_strides=by_step(contiguous_strides(shape, series.itemsize), chosen.channels_last),
    )
    return sizes, shape


class _Product(host.Convolution):
    """A planned call that multiplies its inputs where they lie."""

    __slots__ = ()

    def pack(self, weights: Any) -> Any:
        """The weights (kernel, bias or None) as the kernels read them."""
        return self._plan.pack_kernel(*weights)


class _ByRows:
    """A planned call that multiplies rows of its inputs, those of a convolution with one tap."""

    def __init__(self, series: Any, arrays: Any, chosen: Any, shape: Any) -> None:
        _, kernel, bias = arrays
        self.shape, self._series_shape = shape, series.shape
        self._where = rows_of(series.shape, 1 if kernel.ndim == 2 else len(kernel), chosen._replace(engine=None))
        self._swapped = not chosen.channels_last and self._where.phases == 1
        self._ones = ones(kernel.size // kernel.shape[-1], kernel.dtype)
        alone = chosen._replace(
            stride=1, dilation=1, padding="same", data_format="channels_first" if self._swapped else "channels_last"
        )
        _, self._call = host.planned((self._rows(series), self._ones, matrix(kernel), bias), alone)
        self.packing: Any = self._call.packing

    def pack(self, weights: Any) -> Any:
        """The weights (kernel, bias or None) as the kernels read them."""
        kernel, bias = weights
        return self._call.pack((self._ones, matrix(kernel), bias))

    def run(self, inputs: Any, packed: Any, outputs: Any = None) -> Any:
        """The outputs for ``inputs``, in the array ``outputs`` where there is one."""
        rows = self._rows(inputs.reshape(self._series_shape))
        return written(self._where.joined(self._call.run(rows, packed)).reshape(self.shape), outputs)

    def _rows(self, series):
        rows = self._where.rows(series)
        return rows.swapaxes(1, 2) if self._swapped else rows


def matrix(kernel: np.ndarray) -> np.ndarray:
    """A kernel (..., F) as the matrix that rows are multiplied with."""
    return kernel.reshape(-1, kernel.shape[-1])


def as_rows(inputs: np.ndarray) -> np.ndarray:
    """An array (..., D) as three axes, the last one kept; a view wherever one can be."""
    if inputs.ndim == 3 and not inputs.flags.c_contiguous:
        return inputs
    return inputs.reshape(1, math.prod(inputs.shape[:-1]), inputs.shape[-1])


def as_series(inputs: np.ndarray) -> np.ndarray:
    """An array (..., L, C) as three axes, the last two kept; a view wherever one can be."""
    return inputs if inputs.ndim == 3 else inputs.reshape(math.prod(inputs.shape[:-2]), *inputs.shape[-2:])


class ProductGradients:
    """The gradients of products of rows (N, R, D) with the same weights again and again.

    Args:
        activation: the name of one that the kernels know, or None.
        precision: as in ``ops``.
    """

    def __init__(self, activation: Any, precision: Any) -> None:
        chosen = settings.from_arguments(1, "same", "channels_last", 1, precision=precision)
        self._planned = host_gradients.PlannedGradients(chosen, activation)
        self._known = None, None

    def __call__(
        self, d_outputs: Any, rows: np.ndarray, weights: Any, outputs: Any, wanted: tuple[str, ...]
    ) -> dict[str, Any]:
        """The gradients by the names "inputs", "kernel" and "bias".

        Args:
            d_outputs: array (N, R, F).
            weights: the kernel and the bias or None, a list that is never changed.
            outputs: array (N, R, F), for the activation, or None.
            wanted: the names of those to compute; the others are None.
        """
        of_weights, operands = self._known
        if of_weights is not weights:
            kernel, bias = weights
            operands = ones(rows.shape[2], rows.dtype), matrix(kernel), bias
            self._known = weights, operands
        names = tuple([_OPERANDS[name] for name in wanted])
        d_rows, _, d_kernel, d_bias = self._planned(d_outputs, rows, operands, outputs, names)
        return {"inputs": d_rows, "kernel": d_kernel, "bias": d_bias}


_OPERANDS = {"inputs": "inputs", "kernel": "pointwise_kernel", "bias": "bias"}


def checked_kernel(inputs: np.ndarray, kernel: Any, data_format: str) -> np.ndarray:
    """The kernel (K, C, F) of a convolution of all channels, of the type of its inputs."""
    channels = inputs.shape[-1 if data_format == "channels_last" else -2]
    return array_arguments.weight("filters", kernel, ("K", channels, "F"), inputs.dtype)
