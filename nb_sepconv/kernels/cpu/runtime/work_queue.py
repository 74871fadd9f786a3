"""Tickets for the tiles of a launch: each worker takes a share of neighbours in order, then what others left of theirs.

A table of integers, a cache line apart: the number of shares; then for each share its next ticket and its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, store_intp, take_ticket

LINE = 8  # integers in a cache line
LINE_BYTES = 64
NEXT, END = 0, 8  # bytes


def ticket_table(count: int, shares: Any) -> Any:
    """The table of tickets ``0..count-1``, a new array."""
    table = np.zeros((shares + 1) * LINE, np.intp)
    table[0] = shares
    for share in range(shares):
        table[(share + 1) * LINE] = count * share // shares
        table[(share + 1) * LINE + 1] = count * (share + 1) // shares
    return table


@compiled
def fill_table(table: Any, count: int, shares: Any) -> None:
    """The same table at an address."""
    store_intp(shares, table)
    for share in range(shares):
        at = table + (share + 1) * LINE_BYTES
        store_intp(count * share // shares, at + NEXT)
        store_intp(count * (share + 1) // shares, at + END)


@compiled
def next_ticket(table: Any, worker: int) -> Any:
    """A ticket that nobody else gets, first from the share of this worker; -1 where none is left."""
    shares = load_intp(table)
    for turn in range(shares):
        share = table + ((worker + turn) % shares + 1) * LINE_BYTES
        ticket = take_ticket(share + NEXT)
        if ticket < load_intp(share + END):
            return ticket
    return -1


@compiled
def all_taken(table: Any) -> Any:
    """Whether no ticket is left."""
    for share in range(load_intp(table)):
        at = table + (share + 1) * LINE_BYTES
        if load_intp(at + NEXT) < load_intp(at + END):
            return False
    return True
