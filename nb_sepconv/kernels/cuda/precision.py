"""By which products the kernels serve the precision that is asked for: never less exact."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, cuda

TENSOR_CORES_SINCE = (8, 0)  # compute capability with TF32
OF_FLOAT32 = {"float32": "float32", "bf16x3": "tf32x3", "tf32x3": "tf32x3", "tf32": "tf32", "bf16": "tf32"}


def served(sizes: Any) -> str:
    """The precision of the product, one of :class:`Form`'s, for a convolution's Sizes on this thread's current GPU.

    Weights of bfloat16 are TF32 numbers, so that splitting the left factor alone loses nothing that their sums in
    float32 would keep. Nobody rounds factors of float16 or float64.
    """
    reduced = sizes.precision != "float32" and sizes.filters is not None and sizes.dtype in ("float32", "bfloat16")
    if not reduced or not _has_tensor_cores():
        return "float32"
    return "tf32x3" if sizes.dtype == "bfloat16" else OF_FLOAT32[sizes.precision]


def parts_of_right(precision: Any, storage: Any) -> int:
    """Into how many TF32 numbers a product splits its right factor; the left one is split in two with "tf32x3"."""
    return 2 if precision == "tf32x3" and storage is STORAGE["float32"] else 1


def _has_tensor_cores():
    return SIMULATED or cuda.get_current_device().compute_capability >= TENSOR_CORES_SINCE
