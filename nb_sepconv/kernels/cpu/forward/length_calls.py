"""One call whose examples have lengths of their own: a plan's problem with fewer rows, in fewer tiles.

Compiled code writes it: NumPy took five times as long for the table of a few examples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.intrinsics import copy_bytes, data_of, store_intp
from nb_sepconv.kernels.cpu.forward.lengths import Line, fill_table
from nb_sepconv.kernels.cpu.forward.problem import Problem, problem_at
from nb_sepconv.kernels.cpu.forward.tiling import tiles_of

_TOLD = "lengths", "clear", "store_last", "row_groups", "tiles"
_LENGTHS, _CLEAR, _STORE_LAST, _ROW_GROUPS, _TILES = map(Problem._fields.index, _TOLD)


class CallWithLengths:
    """A plan's problem for one call: its fields, and behind them the table of its examples."""

    __slots__ = ("_told", "address", "tickets", "workers")

    def __init__(self, plan: Any, lengths: Any) -> None:
        self._told = told = np.empty(plan.fields + (plan.examples + 1) * len(Line._fields), np.intp)
        arrays = id(lengths.lengths), id(lengths.lefts), id(lengths.steps)
        multiple, clear = plan.row_multiple, plan.clearer_address()
        self.address: int = problem_writer()(plan.address, plan.fields, *arrays, multiple, clear, id(told))
        self.workers: int = plan.workers
        self.tickets: int = told.item(_TILES) * plan.filter_parts
        if plan.last_storer:
            told[_STORE_LAST] = plan.last_storer()


@callable_from_python
def problem_writer(
    problem: Any, fields: Any, lengths: Any, lefts: Any, steps: Any, row_multiple: Any, clear: Any, told: Any
) -> Any:
    """Write the ``fields`` of a ``problem`` and the table of lengths to ``told``; arrays by their ``id``, the others by
    their addresses. Returns the address of the new problem.
    """
    p, at = problem_at(problem), data_of(told)
    table = at + fields * INTP_BYTES
    copy_bytes(at, problem, fields * INTP_BYTES)
    rows = fill_table(data_of(lengths), data_of(lefts), data_of(steps), p.examples, row_multiple, table)
    groups = ceil_div(rows, p.row_group)
    store_intp(table, at + _LENGTHS * INTP_BYTES)
    store_intp(clear, at + _CLEAR * INTP_BYTES)
    store_intp(groups, at + _ROW_GROUPS * INTP_BYTES)
    most = ceil_div(p.tile_rows, p.row_group)
    store_intp(tiles_of(groups, p.row_group, most, p.row_workers), at + _TILES * INTP_BYTES)
    return at


@callable_from_python
def table_writer(lengths: Any, lefts: Any, steps: Any, examples: Any, row_multiple: Any, table: Any) -> Any:
    """Write the table of lengths; arrays by their ``id``. Returns the number of all rows."""
    return fill_table(data_of(lengths), data_of(lefts), data_of(steps), examples, row_multiple, data_of(table))


def table_of(lengths: Any) -> np.ndarray:
    """The table for :class:`~nb_sepconv.kernels.protocol.Lengths`, whose examples have as many rows as steps."""
    examples = len(lengths.steps)
    table = np.empty((examples + 1, len(Line._fields)), np.intp)
    table_writer()(id(lengths.lengths), id(lengths.lefts), id(lengths.steps), examples, 1, id(table))
    return table
