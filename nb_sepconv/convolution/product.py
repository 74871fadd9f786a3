"""``rows @ kernel + bias``: the engine's pointwise product alone.

The depthwise kernel before it has one tap of ones: ``x * 1.0`` is ``x``, whatever ``x`` is.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import host, host_gradients, settings
from nb_sepconv.convolution.packed import PackedConvolution
from nb_sepconv.convolution.rows import rows_of

_ROWS = {"strides": 1, "padding": "same", "dilation_rate": 1}


@lru_cache
def ones(width: int, dtype: Any) -> np.ndarray:
    """The depthwise kernel (1, D, 1) that leaves rows of D numbers as they are."""
    return np.ones((1, width, 1), dtype)


def product(rows: np.ndarray, kernel: Any, bias: Any, chosen: Any) -> np.ndarray:
    """The product of rows (N, R, D) with a kernel of D*F numbers, plus ``bias`` where it is not None.

    Args:
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`; of where the kernel moves, only the data format
            counts: "channels_first" takes rows (N, D, R) and gives (N, F, R).
    """
    width = rows.shape[2 if chosen.channels_last else 1]
    arrays = rows, ones(width, rows.dtype), matrix(kernel), bias
    return host.convolve(arrays, chosen._replace(stride=1, dilation=1, padding="same"), None, None)


def conv1d(inputs: np.ndarray, kernel: np.ndarray, bias: Any, chosen: Any) -> np.ndarray:
    """The convolution of series with a kernel (K, C, F) by ``chosen`` settings."""
    where = rows_of(inputs.shape, len(kernel), chosen)
    return convolved(inputs, where, lambda rows, data_format: product(
        rows, kernel, bias, chosen._replace(data_format=data_format)
    ))  # fmt: skip


def conv1d_by(inputs: np.ndarray, kernel: Any, chosen: Any) -> np.ndarray:
    """The same with a variable, which keeps what is packed of it."""
    multiply = kernel.kept.get("multiplier")
    if multiply is None:
        multiply = kernel.kept["multiplier"] = multiplier_of((kernel, None), None, None)
    return convolved(inputs, rows_of(inputs.shape, len(kernel.array), chosen), multiply)


def multiplier_of(weights: Any, activation: Any, precision: Any) -> Any:
    """The function that multiplies rows of a data format with variables, which stay packed."""
    packed = {}

    def multiply(rows, data_format):
        if data_format not in packed:
            packed[data_format] = PackedProduct(data_format, activation, precision)
        return packed[data_format](rows, *weights)

    return multiply


def convolved(inputs: np.ndarray, where: Any, multiply: Any) -> np.ndarray:
    """The convolution of series in rows, by a function that multiplies rows of a data format."""
    rows = where.rows(inputs)
    if where.channels_last or where.phases > 1:
        return where.joined(multiply(rows, "channels_last"))
    return multiply(rows.swapaxes(1, 2), "channels_first")


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


def with_axes_of(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The outputs for series that had more axes of examples than one."""
    return outputs.reshape(*inputs.shape[:-2], *outputs.shape[1:])


class PackedProduct:
    """A product by the same variables again and again, which stay packed as long as their values do.

    Args:
        data_format: how the rows lie; see :func:`product`.
        activation: the name of one that the kernels know, or None.
        precision: as in ``ops``.
    """

    def __init__(self, data_format: Any, activation: Any, precision: Any) -> None:
        self._packed = PackedConvolution(data_format=data_format, activation=activation, precision=precision, **_ROWS)
        self._known, self._weights = (), ()

    def __call__(self, rows: np.ndarray, kernel: Any, bias: Any) -> np.ndarray:
        """The product of ``rows`` with variables; ``bias`` may be None."""
        known, weights = self._known, self._weights
        if not known or known[0] is not kernel or known[1] is not bias:
            weights = _Ones(kernel), _Matrix(kernel), bias
            self._known, self._weights = (kernel, bias), weights
        return self._packed(rows, *weights)


class _Ones:
    """The ones before a kernel, as a variable that never changes."""

    version = 0

    def __init__(self, kernel):
        self.array = ones(matrix(kernel.array).shape[0], kernel.array.dtype)


class _Matrix:
    """A kernel as a variable that is a matrix."""

    def __init__(self, kernel):
        self._kernel = kernel

    @property
    def version(self):
        return self._kernel.version

    @property
    def array(self):
        return matrix(self._kernel.array)


def gradients(
    d_outputs: Any, rows: np.ndarray, kernel: np.ndarray, bias: Any, how: Any, outputs: Any, wanted: Any
) -> dict[str, Any]:
    """The gradients of a product of rows (N, R, D), by the names "inputs", "kernel" and "bias".

    Args:
        d_outputs: array (N, R, F).
        how: (activation that the kernels know, or None; precision).
        outputs: array (N, R, F), for the activation.
        wanted: the names of those to compute; the others are None.
    """
    activation, precision = how
    names = [_OPERANDS[name] for name in wanted]
    chosen = settings.from_arguments(data_format="channels_last", precision=precision, **_ROWS)
    arrays = rows, ones(rows.shape[2], rows.dtype), matrix(kernel), bias
    d_rows, _, d_kernel, d_bias = host_gradients.gradients(d_outputs, arrays, chosen, activation, outputs, names)
    return {"inputs": d_rows, "kernel": d_kernel, "bias": d_bias}


_OPERANDS = {"inputs": "inputs", "kernel": "pointwise_kernel", "bias": "bias"}


def series_and_kernel(inputs: Any, kernel: Any, data_format: str) -> tuple[np.ndarray, np.ndarray]:
    """The arrays of a convolution of all channels, checked: series, and a kernel (K, C, F) of their type."""
    inputs = array_arguments.series(inputs)
    channels = inputs.shape[2 if data_format == "channels_last" else 1]
    return inputs, array_arguments.weight("filters", kernel, ("K", channels, "F"), inputs.dtype)
