"""Copies inside of the GPU's memory, for weights that do not lie in one piece."""

from __future__ import annotations

import math
from typing import Any

from nb_sepconv.kernels.cuda.backward.kernels import through_activation
from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.runtime.launch import Launcher, extent, one_thread_each, wide


class CopyPlan:
    """Copies an array of up to three axes into a contiguous one; strides count elements."""

    def __init__(self, dtype: Any, shape: Any, strides: Any) -> None:
        shape, strides = (1,) * (3 - len(shape)) + shape, (0,) * (3 - len(strides)) + strides
        far = wide(math.prod(shape), extent(shape[1:], strides[1:]))
        kernel = through_activation(STORAGE[dtype], STORAGE[dtype], None, far)
        self._launcher = Launcher(one_thread_each(kernel, math.prod(shape), *strides, *strides, *shape))

    def run(self, stream: Any, source: Any, target: Any) -> None:
        """Fill ``target``."""
        self._launcher(stream, source, source, target)
