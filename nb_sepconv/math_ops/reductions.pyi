"""The words of ``reductions.py``, most of which come from its tables, for editors and type checkers."""

from collections.abc import Sequence

from numpy.typing import DTypeLike

from nb_sepconv.tensors.tensor import Tensor
from nb_sepconv.tensors.typing import ArrayInput

Axes = int | Sequence[int] | None

def argmax(
    input: ArrayInput,
    axis: Axes = None,
    name: str | None = None,
    dimension: int | None = None,
    output_type: DTypeLike = ...,
) -> Tensor: ...
def argmin(
    input: ArrayInput,
    axis: Axes = None,
    name: str | None = None,
    dimension: int | None = None,
    output_type: DTypeLike = ...,
) -> Tensor: ...
def count_nonzero(
    input_tensor: ArrayInput | None = None,
    axis: Axes = None,
    keepdims: bool | None = None,
    dtype: DTypeLike = ...,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
    input: ArrayInput | None = None,
) -> Tensor: ...
def cumprod(
    x: ArrayInput, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor: ...
def cumsum(
    x: ArrayInput, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor: ...
def norm(
    tensor: ArrayInput,
    ord: str | float = "euclidean",
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_all(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_any(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_logsumexp(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_max(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_mean(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_min(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_prod(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def reduce_sum(
    input_tensor: ArrayInput,
    axis: Axes = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Axes = None,
    keep_dims: bool | None = None,
) -> Tensor: ...
def segment_sum(data: ArrayInput, segment_ids: ArrayInput, name: str | None = None) -> Tensor: ...
def unsorted_segment_max(
    data: ArrayInput, segment_ids: ArrayInput, num_segments: ArrayInput, name: str | None = None
) -> Tensor: ...
def unsorted_segment_sum(
    data: ArrayInput, segment_ids: ArrayInput, num_segments: ArrayInput, name: str | None = None
) -> Tensor: ...
