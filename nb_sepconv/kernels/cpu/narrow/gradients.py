"""A plan of gradients for inputs of one channel: those of a layer with as many channels as there are hidden ones.

All of these channels are the one, and their gradients are added up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.kernels.cpu.backward.plan import GradientPlan
from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.forward.plan import Plan, vectors_of
from nb_sepconv.kernels.protocol import Sizes

MOST_BYTES = 64 * 1024 * 1024  # of the gradients that are added up
ADDING_WORK = 3  # vectors of multiply-adds that take as long as loading a vector and adding up its gradients

D_INPUTS, D_DEPTHWISE = 4, 5  # among the operands


def narrow_gradient_plan(sizes: Any, workers: int) -> Any:
    """The plan, or None where it takes longer or too much memory, and for several channels, where it gains nothing."""
    c = sizes.convolution
    vectors = vectors_of(c.dtype)
    blocks = ceil_div(c.hidden, vectors.width)
    if c.channels != 1 or vectors.stored_bytes != vectors.item_bytes:
        return None
    if c.kernel_size * (c.multiplier - blocks) < ADDING_WORK * blocks * c.stride:
        return None
    if c.examples * c.length * c.hidden * vectors.item_bytes > MOST_BYTES:
        return None
    return NarrowGradientPlan(sizes, workers)


class NarrowGradientPlan(GradientPlan):
    """The problem of the gradients of a wide convolution, and what makes it of a narrow one."""

    def __init__(self, sizes: Any, workers: int) -> None:
        c = self._narrow = sizes.convolution
        item = vectors_of(c.dtype).item_bytes
        wide = c._replace(channels=c.hidden, multiplier=1, input_strides=(*c.input_strides[:2], 0))
        strides = c.length * c.hidden * item, c.hidden * item, item
        super().__init__(sizes._replace(convolution=wide, d_input_strides=strides), workers)
        self._sum = _SumOfChannels(c, strides, sizes.d_input_strides, workers)

    def pack(self, depthwise: Any) -> np.ndarray:
        """The depthwise weights as the gradients read them, from a C-contiguous array (K, C, M)."""
        return super().pack(depthwise.reshape(len(depthwise), self._narrow.hidden, 1))

    def run(self, packed: Any, operands: Any) -> None:
        """Fill the gradients, as :meth:`GradientPlan.run` does."""
        wide = self._wide(operands)
        super().run(packed, wide)
        self._add_up(wide, operands)

    def run_with_lengths(self, packed: Any, operands: Any, lengths: Any) -> None:
        """The same where each example has a length of its own."""
        wide = self._wide(operands)
        super().run_with_lengths(packed, wide, lengths)
        self._add_up(wide, operands)

    def _wide(self, operands):
        """The operands of the wide convolution."""
        c, wide = self._narrow, list(operands)
        if wide[D_INPUTS] is not None:
            make = np.zeros if self.sparse else np.empty
            wide[D_INPUTS] = make((c.examples, c.length, c.hidden), wide[D_INPUTS].dtype)
        if wide[D_DEPTHWISE] is not None:
            wide[D_DEPTHWISE] = wide[D_DEPTHWISE].reshape(-1, c.kernel_size, c.hidden, 1)
        return tuple(wide)

    def _add_up(self, wide, operands):
        """The gradients of the inputs, from those of all channels."""
        if operands[D_INPUTS] is not None:
            self._sum.run(wide[D_INPUTS], operands[D_INPUTS])


class _SumOfChannels:
    """``total[n, t, 0] = sum_c parts[n, t, c]``: the pointwise product with ones."""

    def __init__(self, c, part_strides, total_strides, workers):
        sizes = Sizes(
            dtype=c.dtype,
            examples=c.examples,
            length=c.length,
            channels=c.hidden,
            steps=c.length,
            filters=1,
            kernel_size=1,
            multiplier=1,
            stride=1,
            dilation=1,
            left=0,
            input_strides=part_strides,
            output_strides=total_strides,
        )
        self._plan = Plan(sizes, workers)
        self._ones = self._plan.pack(np.ones((1, c.hidden, 1), c.dtype), np.ones((c.hidden, 1), c.dtype))

    def run(self, parts, total):
        self._plan.run(parts, total, self._ones)
