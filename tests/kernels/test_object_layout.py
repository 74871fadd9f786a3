"""What compiled loops read of Python's objects lies where they read it, in the Python and the NumPy that run here."""

import ctypes
from types import CellType

import numpy as np

from nb_sepconv.kernels.cpu.backward.loops import TUPLE_HEADER_BYTES


def word_at(address):
    return ctypes.c_ssize_t.from_address(address).value


def test_the_address_of_an_array_s_numbers_is_behind_its_header():
    array = np.arange(3.0)
    assert word_at(id(array) + object.__basicsize__) == array.ctypes.data


def test_the_address_of_what_a_cell_holds_is_behind_its_header():
    held = 1, 2
    cell = CellType(held)
    assert word_at(id(cell) + object.__basicsize__) == id(held)


def test_the_addresses_of_a_tuple_s_items_are_behind_its_header():
    items = tuple(np.empty(1) for _ in range(8))
    found = [word_at(id(items) + TUPLE_HEADER_BYTES + i * ctypes.sizeof(ctypes.c_ssize_t)) for i in range(8)]
    assert found == [id(each) for each in items]
