"""Every ticket is taken once, whoever takes it; a worker begins with its own share."""

import numpy as np
import pytest

from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.runtime import work_queue


@callable_from_python
def ticket_taker(table, worker):
    return work_queue.next_ticket(table, worker)


@callable_from_python
def emptiness(table):
    return int(work_queue.all_taken(table))


def take(table, worker):
    return ticket_taker()(table.ctypes.data, int(worker))


def nothing_left(table):
    return emptiness()(table.ctypes.data)


@pytest.mark.parametrize("shares", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_every_ticket_is_taken_once(count, shares):
    table = work_queue.ticket_table(count, shares)
    order = np.random.default_rng(count).integers(shares, size=count)
    taken = []
    for worker in order:
        assert not nothing_left(table)
        taken.append(take(table, worker))
    assert sorted(taken) == list(range(count))
    assert nothing_left(table)
    assert [take(table, worker) for worker in range(shares)] == [-1] * shares


def test_a_worker_takes_its_share_in_order_and_then_what_the_others_left():
    table = work_queue.ticket_table(10, 3)
    assert take(table, 2) == 6
    assert [take(table, 1) for _ in range(9)] == [3, 4, 5, 7, 8, 9, 0, 1, 2]
