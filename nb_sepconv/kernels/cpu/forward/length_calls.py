"""Calls whose examples have lengths of their own: a plan's problem with fewer rows, in fewer tiles.

Compiled code writes it: NumPy took five times as long for the table of a few examples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.intrinsics import copy_bytes, data_of, store_intp
from nb_sepconv.kernels.cpu.forward.lengths import Line, fill_table
from nb_sepconv.kernels.cpu.forward.problem import Problem, problem_at, shape_at
from nb_sepconv.kernels.cpu.forward.tiling import tiles_of

_TABLE, _ROW_GROUPS, _TILES = map(Problem._fields.index, ("lengths", "row_groups", "tiles"))


class ProblemWithLengths:
    """What all calls with lengths of one plan are told alike: its problem and the addresses that such calls need."""

    __slots__ = ("_told", "address", "fields", "filter_parts", "most", "row_multiple", "size", "workers")

    def __init__(self, plan: Any, problem: np.ndarray) -> None:
        self._told = problem.copy()
        for name, address in plan.for_lengths().items():
            self._told[Problem._fields.index(name)] = address
        self.address: int = self._told.ctypes.data
        self.fields = len(problem)
        self.size: int = self.fields + (plan.examples + 1) * len(Line._fields)
        self.most: int = plan.length
        self.row_multiple: int = plan.row_multiple
        self.workers: int = plan.workers
        self.filter_parts: int = plan.filter_parts


class CallWithLengths:
    """The problem of one call: fewer rows, in fewer tiles, and behind the fields the table of its examples."""

    __slots__ = ("_told", "address", "tickets", "workers")

    def __init__(self, problem: ProblemWithLengths, lengths: Any) -> None:
        self._told = told = np.empty(problem.size, np.intp)
        steps, *rule = lengths
        copied = problem.address, problem.fields
        self.address: int = problem_writer()(*copied, id(steps), *rule, problem.row_multiple, id(told))
        if not self.address:
            raise refused(lengths, problem.most)
        self.workers: int = problem.workers
        self.tickets: int = told.item(_TILES) * problem.filter_parts


@callable_from_python
def problem_writer(
    problem: Any, fields: Any, lengths: Any, span: Any, stride: Any, zeros: Any, row_multiple: Any, told: Any
) -> Any:
    """Write the ``fields`` of a ``problem`` and the table of lengths to ``told``; arrays by their ``id``, the problem
    by its address. Returns the address of the new problem, or 0 where a length does not fit.
    """
    p, at = problem_at(problem), data_of(told)
    table = at + fields * INTP_BYTES
    copy_bytes(at, problem, fields * INTP_BYTES)
    rows = fill_table(shape_at(problem), data_of(lengths), span, stride, zeros, row_multiple, table)
    if rows < 0:
        return 0
    groups = ceil_div(rows, p.row_group)
    store_intp(table, at + _TABLE * INTP_BYTES)
    store_intp(groups, at + _ROW_GROUPS * INTP_BYTES)
    most = ceil_div(p.tile_rows, p.row_group)
    store_intp(tiles_of(groups, p.row_group, most, p.row_workers), at + _TILES * INTP_BYTES)
    return at


@callable_from_python
def table_writer(problem: Any, lengths: Any, span: Any, stride: Any, zeros: Any, table: Any) -> Any:
    """Write the table of lengths for a problem; arrays by their ``id``. Returns the number of all rows, or -1 where a
    length does not fit.
    """
    return fill_table(shape_at(problem), data_of(lengths), span, stride, zeros, 1, data_of(table))


def table_of(plan: Any, lengths: Any) -> np.ndarray:
    """The table for :class:`~nb_sepconv.kernels.protocol.Lengths`, whose examples have as many rows as steps."""
    table = np.empty((plan.examples + 1, len(Line._fields)), np.intp)
    steps, *rule = lengths
    if table_writer()(plan.address, id(steps), *rule, id(table)) < 0:
        raise refused(lengths, plan.length)
    return table


def refused(lengths: Any, most: int) -> ValueError:
    """What to raise for lengths of which one is none of 0 to ``most``."""
    return ValueError(f"`lengths` must be from 0 to {most}, the steps of `inputs`. Received: {lengths.lengths!r}")
