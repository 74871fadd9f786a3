"""Weights in the order that the gradients read them.

In one aligned buffer for all workers: depthwise ``[block][m][k][lane]``, and again
``[block][phase][k of phase, the last first][m][lane]``. Transposed pointwise weights ``[block][m][filter][lane]``, with
two vectors of hidden channels side by side, are made by each worker for the channels that it works on.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.backward.problem import gradient_problem_at
from nb_sepconv.kernels.cpu.codegen.addressing import aligned
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call3, call10
from nb_sepconv.kernels.cpu.forward.packing import pack_depthwise, space


def pack_gradient_weights(problem: Any, depthwise: Any, pointwise: Any, bias: Any, buffer: Any) -> None:
    """Pack a C-contiguous kernel (K, C, M); all arguments are addresses, ``pointwise`` and ``bias`` are not used."""
    p = gradient_problem_at(problem)
    target = aligned(buffer)
    pack_depthwise(p, depthwise, target, target + p.pack_table)
    if p.d_inputs:
        _pack_phased(p, target, target + p.phased)


@compiled
def _pack_phased(p, depthwise, target):
    vector_bytes = p.width * p.item_bytes
    for block in range(p.blocks):
        for phase in range(p.series_stride):
            for k in range(p.kernel_size - 1, -1, -1):
                if k * p.series_dilation % p.series_stride == phase:
                    for m in range(p.multiplier):
                        row = (block * p.multiplier + m) * p.kernel_size + k
                        call3(p.copy_rows, depthwise + row * vector_bytes, 1, target)
                        target += vector_bytes


@compiled
def pack_transposed(p: Any, pointwise: Any, scratch: Any, first_block: int, last_block: int) -> None:
    """The pointwise weights of some blocks of channels: each panel is two vectors of hidden channels of a strip, or the
    last one alone; filters are the rows.
    """
    item, vector_bytes = p.stored_bytes, p.width * p.item_bytes
    target = scratch + p.panels
    for strip in range(first_block, last_block, p.strip_blocks):
        last = min(strip + p.strip_blocks, last_block) * p.multiplier
        for first in range(strip * p.multiplier, last, PANEL_VECTORS):
            vectors = min(PANEL_VECTORS, last - first)
            space(scratch + p.panel_table, p.filters + p.width, vectors * vector_bytes)
            for v in range(vectors):
                block, m = (first + v) // p.multiplier, (first + v) % p.multiplier
                channel = block * p.width
                call10(
                    p.load_columns,
                    pointwise + (channel * p.multiplier + m) * p.filters * item,
                    item,
                    p.multiplier * p.filters * item,
                    min(p.width, p.channels - channel),
                    0,
                    p.filters,
                    p.filters,
                    target + v * vector_bytes,
                    scratch + p.panel_table,
                    0,
                )
            target += vectors * p.filters * vector_bytes


gradient_packer_address: Any = pointer_to(pack_gradient_weights)
