"""What each thread of a forward pass runs."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, aligned
from nb_sepconv.kernels.cpu.codegen.function_pointers import pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, release
from nb_sepconv.kernels.cpu.forward.problem import problem_at


def worker_of(fill_tiles: Any) -> Any:
    """A function that returns the address of a worker, which fills tiles of the output until none is left.

    ``fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch)`` is compiled; all arguments but
    ``worker``, the worker's number, are addresses. ``scratch`` belongs to this worker, ``tickets`` to all of them.
    Where there is no memory, nothing is filled, and tickets are left.
    """

    def run_worker(problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
        buffer = allocate(problem_at(problem).scratch_bytes + ALIGNMENT)
        if buffer:
            fill_tiles(problem, inputs, outputs, aligned(weights), tickets, worker, aligned(buffer))
            release(buffer)

    return pointer_to(run_worker, f"{fill_tiles.__module__}.run_worker")
