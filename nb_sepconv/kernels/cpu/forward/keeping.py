"""Steps that are kept for the call that goes on with a series: those before the inputs and the inputs, copied.

It is a unit of its own, compiled when a call keeps steps.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.fields import address_of_fields
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call3, copy_bytes
from nb_sepconv.kernels.cpu.forward.problem import problem_at


@compiled
def keep_steps(p: Any, inputs: Any, ticket: Any) -> None:
    """Copy a ticket's share of the steps that a call keeps."""
    if p.kept_steps:
        call3(p.keep, address_of_fields(p), inputs, ticket)


def copy_kept(problem: Any, inputs: Any, ticket: Any) -> None:
    """The same where there are such steps. All arguments but the last are addresses."""
    p = problem_at(problem)
    old = min(max(p.left - p.first_kept, 0), p.kept_steps)
    new, first_new = p.kept_steps - old, p.first_kept + old - p.left
    for example in range(p.examples):
        kept = p.kept + example * p.before_example_stride
        before = p.before + example * p.before_example_stride + p.first_kept * p.before_step_stride
        chunk = inputs + example * p.input_example_stride + first_new * p.input_step_stride
        _copy_share(p, ticket, kept, before, p.before_step_stride, p.before_channel_stride, old)
        kept += old * p.before_step_stride
        _copy_share(p, ticket, kept, chunk, p.input_step_stride, p.input_channel_stride, new)


@compiled
def _copy_share(p, ticket, kept, source, step_stride, channel_stride, steps):
    """Copy some channels of all steps where steps lie side by side, else some steps."""
    tickets = p.tiles * p.filter_parts
    if p.before_channel_stride == p.stored_bytes:
        for step in range(steps * ticket // tickets, steps * (ticket + 1) // tickets):
            copy_bytes(kept + step * p.before_step_stride, source + step * step_stride, p.channels * p.stored_bytes)
    else:
        for channel in range(p.channels * ticket // tickets, p.channels * (ticket + 1) // tickets):
            at = kept + channel * p.before_channel_stride
            copy_bytes(at, source + channel * channel_stride, steps * p.stored_bytes)


keeper_address: Any = pointer_to(copy_kept)
