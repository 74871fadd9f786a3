"""Products of matrices, and sums of products in general."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.convert import is_floating, widely
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import matched, matched_all, plain, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import ArrayInput


def _product(function, *arrays):
    """A product of plain arrays of one type; 16-bit floats are multiplied and summed in float32."""
    dtype = arrays[0].dtype
    if dtype.kind not in "iufc" and not is_floating(dtype):
        raise TypeError(f"`a` must be an array of numbers. Received: {dtype.name}")
    if dtype.itemsize == 2 and is_floating(dtype):
        arrays = [array.astype(np.float32) for array in arrays]
    return tensor(np.asarray(quietly(function, *arrays)).astype(dtype, copy=False))


@word
def matmul(
    a: ArrayInput,
    b: ArrayInput,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of matrices, or of batches of these; ``transpose_a`` and ``transpose_b`` transpose them before.

    >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).tolist()
    [[19, 22], [43, 50]]
    """
    if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        raise ValueError("`transpose_a` and `adjoint_a` (or those of `b`) must not both be True. Received: True, True")
    a, b = matched(a, b, ("a", "b"))
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(f"`a` and `b` must have two axes or more. Received: the shapes {a.shape} and {b.shape}")
    a, b = _turned(a, transpose_a, adjoint_a), _turned(b, transpose_b, adjoint_b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"`b` must have as many rows as `a` has columns. Received: the shapes {a.shape} and {b.shape}")
    return _product(np.matmul, a, b)


def _turned(matrices, transposed, adjoint):
    if transposed or adjoint:
        matrices = np.swapaxes(matrices, -1, -2)
    return matrices.conj() if adjoint and matrices.dtype.kind == "c" else matrices


@word
def tensordot(a: ArrayInput, b: ArrayInput, axes: Any, name: str | None = None) -> Tensor:
    """The sums of products along axes of both: the last ``axes`` of ``a`` and the first of ``b``, or lists of each.

    >>> tensordot([[1, 2], [3, 4]], [1, 10], 1).tolist()
    [21, 43]
    """
    a, b = matched(a, b, ("a", "b"))
    axes = plain(axes).tolist() if hasattr(axes, "dtype") else axes
    try:
        return _product(lambda a, b: np.tensordot(a, b, axes), a, b)
    except (ValueError, IndexError):
        raise ValueError(
            f"`axes` must name axes of the same sizes of the shapes {a.shape} and {b.shape}. Received: {axes!r}"
        ) from None


@word
def einsum(equation: str, *inputs: Any, name: str | None = None) -> Tensor:
    """The sums of products that the equation writes with a letter for each axis.

    >>> einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10]).tolist()
    [21, 43]
    """
    arrays = matched_all(inputs, [f"inputs[{i}]" for i in range(len(inputs))])
    try:
        return _product(lambda *arrays: np.array(np.einsum(equation, *arrays, optimize=True)), *arrays)
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"`equation` must fit the shapes {shapes}. Received: {equation!r}") from None


@word
def trace(x: ArrayInput, name: str | None = None) -> Tensor:
    """The sum of each matrix's diagonal.

    >>> trace([[1, 2], [3, 4]]).item()
    5
    """
    x = plain(x)
    if x.ndim < 2:
        raise ValueError(f"`x` must have two axes or more. Received: an array of shape {x.shape}")
    return (
        tensor(np.trace(x, axis1=-2, axis2=-1, dtype=x.dtype))
        if x.dtype.itemsize > 2
        else tensor(widely(lambda wide: np.trace(wide, axis1=-2, axis2=-1), x))
    )
