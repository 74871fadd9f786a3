"""Tickets for the tiles of a launch: each worker takes a share of neighbours in order, then what others left of theirs.

A table of integers, a cache line apart: the number of shares; then for each share its next ticket, its end, and one
more than the ticket that is kept for its worker, or 0. The pool adds the thread that works, and the one that the caller
has pulled to its own processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, store_intp, take_ticket

LINE = 8  # integers in a cache line
LINE_BYTES = 64
NEXT, END, KEPT, THREAD, PULLED = 0, 8, 16, 24, 32  # bytes


def ticket_table(count: Any, shares: Any) -> Any:
    """The table of tickets ``0..count-1``, a new array."""
    table = np.zeros((shares + 1) * LINE, np.intp)
    table[0] = shares
    for share in range(shares):
        table[(share + 1) * LINE] = count * share // shares
        table[(share + 1) * LINE + 1] = count * (share + 1) // shares
    return table


@register_jitable
def fill_table(table: Any, count: Any, shares: Any) -> Any:
    """The same table at an address."""
    store_intp(shares, table)
    for share in range(shares):
        at = share_at(table, share)
        store_intp(count * share // shares, at + NEXT)
        store_intp(count * (share + 1) // shares, at + END)
        store_intp(0, at + KEPT)
        store_intp(0, at + THREAD)


@register_jitable
def share_at(table: Any, share: Any) -> Any:
    return table + (share + 1) * LINE_BYTES


@register_jitable
def next_ticket(table: Any, worker: Any) -> Any:
    """A ticket that nobody else gets, first the one that is kept, then from the share of this worker; -1 where none is
    left.
    """
    kept = load_intp(share_at(table, worker) + KEPT)
    if kept:
        store_intp(0, share_at(table, worker) + KEPT)
        return kept - 1
    shares = load_intp(table)
    for turn in range(shares):
        share = share_at(table, (worker + turn) % shares)
        ticket = take_ticket(share + NEXT)
        if ticket < load_intp(share + END):
            return ticket
    return -1


@compiled
def keep_ticket(table: Any, worker: Any) -> Any:
    """Take a ticket and keep it for this worker; whether there was one."""
    ticket = next_ticket(table, worker)
    store_intp(ticket + 1, share_at(table, worker) + KEPT)
    return ticket >= 0


@compiled
def hand_over_kept(table: Any, worker: Any, others: Any) -> Any:
    """Whether one of the first ``others`` other workers left a ticket behind, which is now kept for this one."""
    for other in range(others):
        place = share_at(table, other) + KEPT
        kept = load_intp(place)
        if kept and other != worker:
            store_intp(0, place)
            store_intp(kept, share_at(table, worker) + KEPT)
            return True
    return False


@register_jitable
def all_taken(table: Any) -> Any:
    """Whether no ticket is left."""
    for share in range(load_intp(table)):
        at = share_at(table, share)
        if load_intp(at + NEXT) < load_intp(at + END) or load_intp(at + KEPT):
            return False
    return True
