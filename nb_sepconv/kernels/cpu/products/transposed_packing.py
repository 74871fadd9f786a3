"""Weights for products whose vectors are steps: bias ``[f]``, then ``[group][tap][channel][filter]``.

The groups are those that the inner loop takes at a time; zeros for filters that do not exist in the last of them.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import aligned, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import FEW, ROW_GROUPS
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call5
from nb_sepconv.kernels.cpu.forward.packing import pack_bias, shared_packer
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.products.problem import steps_at


@compiled
def group_size(left: Any) -> Any:
    """How many rows the inner loops take at a time where ``left`` are left."""
    for size in ROW_GROUPS:
        if left >= (size - 1 if size > FEW else 2) and (size == FEW or (left != size + 1 and left != size + 2)):
            return size
    return 1


def pack_weights(problem: Any, unused: Any, kernel: Any, bias: Any, buffer: Any) -> None:
    """Pack C-contiguous kernels (K*C, F) and bias (F,); all arguments are addresses, 0 for none."""
    p, a = problem_at(problem), steps_at(problem)
    target = aligned(buffer)
    pack_bias(p, bias, target + p.bias, target + p.pack_table)
    if kernel:
        for part in range(ceil_div(p.filters, a.group_filters)):
            _pack_filters(p, a, kernel, target + p.pointwise, part)


@compiled
def _pack_filters(p, a, kernel, target, part):
    """The filters that are multiplied at a time."""
    first = part * a.group_filters
    end = min(first + a.group_filters, p.filters)
    target += part * a.group_bytes
    while first < end:
        size = group_size(end - first)
        present = min(size, end - first)
        source = kernel + first * p.stored_bytes
        for _ in range(p.channels):
            call5(a.copy_numbers, source, 0, present, 0, target)
            source += p.filters * p.stored_bytes
            target += size * p.item_bytes
        first += size


@compiled
def _pack_shared_filters(problem, kernel, target, unused, part):
    p, a = problem_at(problem), steps_at(problem)
    _pack_filters(p, a, kernel, target + p.pointwise, part)


steps_packer_address: Any = pointer_to(pack_weights)
sharing_steps_packer_address: Any = shared_packer(_pack_shared_filters)
