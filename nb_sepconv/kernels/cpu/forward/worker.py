"""What each thread of a forward pass runs."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, aligned
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import allocate, release
from nb_sepconv.kernels.cpu.forward.hidden import fill_tables
from nb_sepconv.kernels.cpu.forward.keeping import keep_steps
from nb_sepconv.kernels.cpu.forward.lengths import all_rows, clear_behind
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.cpu.forward.tiling import first_row_of
from nb_sepconv.kernels.cpu.runtime.work_queue import next_ticket


def worker_by_tiles(fill_tile: Any) -> Any:
    """As :func:`worker_of`, for the compiled ``fill_tile(p, inputs, outputs, weights, first_row, last_row, part,
    scratch)``, which fills some rows for one of the ``filter_parts``.
    """

    def fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch):
        p = problem_at(problem)
        fill_tables(p, scratch)
        rows = all_rows(p, p.steps)
        ticket = next_ticket(tickets, worker)
        while ticket >= 0:
            first_row, last_row = rows_of_tile(p, ticket // p.filter_parts, rows)
            part = ticket % p.filter_parts
            fill_tile(p, inputs, outputs, weights, first_row, last_row, part, scratch)
            clear_behind(p, outputs, first_row, last_row, part)
            keep_steps(p, inputs, ticket)
            ticket = next_ticket(tickets, worker)

    return worker_of(fill_tiles, fill_tile.__module__)


@compiled
def rows_of_tile(p: Any, tile: Any, rows: Any) -> tuple[Any, Any]:
    """A tile's first row, and the one behind its last; all tiles together have so many."""
    first = first_row_of(tile, p.tiles, p.row_groups, p.row_group)
    return first, min(first_row_of(tile + 1, p.tiles, p.row_groups, p.row_group), rows)


def worker_of(fill_tiles: Any, module: str | None = None) -> Any:
    """A function that returns the address of a worker, which fills tiles of the output until none is left.

    ``fill_tiles(problem, inputs, outputs, weights, tickets, worker, scratch)`` is compiled; all arguments but
    ``worker``, the worker's number, are addresses. ``scratch`` belongs to this worker, ``tickets`` to all of them.
    Where there is no memory, nothing is filled, and tickets are left. The unit is named by the ``module`` of
    ``fill_tiles``, or by this one.
    """

    def run_worker(problem: Any, inputs: Any, outputs: Any, weights: Any, tickets: Any, worker: Any) -> None:
        buffer = allocate(problem_at(problem).scratch_bytes + ALIGNMENT)
        if buffer:
            fill_tiles(problem, inputs, outputs, aligned(weights), tickets, worker, aligned(buffer))
            release(buffer)

    return pointer_to(run_worker, f"{module or fill_tiles.__module__}.run_worker")
