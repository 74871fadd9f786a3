"""A product of integers on a unit, compared with what it must be."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from nb_sepconv.kernels.bf16.codegen.amx import TILE_ROWS, TILES
from nb_sepconv.kernels.bf16.codegen.procedures import procedure
from nb_sepconv.kernels.bf16.codegen.products import ORDERS
from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.storage import storage

PARTS, STEPS, BLOCKS = 3, 5, 2  # steps together and one by one, a block in full and one in part


def passes(unit: Any) -> bool:
    """Whether the unit of tiles multiplies exactly what is exact."""
    width = storage("float32").lanes.width
    rng = np.random.default_rng(0)
    row_shape = BLOCKS, STEPS, PARTS, TILES, TILE_ROWS, width, 2
    weight_shape = STEPS, PARTS, PANEL_VECTORS, width, width, 2
    rows, weights = (rng.integers(-8, 9, shape).astype(np.float32) for shape in (row_shape, weight_shape))
    count = BLOCKS * TILES * TILE_ROWS - 3
    filters = PANEL_VECTORS * width
    start, found = _aligned((filters,), np.float32), _aligned((count, filters), np.float32)
    start[...] = np.arange(filters)
    found[...] = np.nan
    _multiply(unit, _words(rows), _words(weights), start, found)
    products = sum(_product(rows[:, :, part], weights[:, other]) for part, other in ORDERS[PARTS])
    return np.array_equal(found, start + products[:count])


def _multiply(unit, rows, weights, start, found):
    sums = _aligned((len(rows), TILES, TILE_ROWS, start.size), np.float32)
    arguments = (
        rows.ctypes.data,
        rows[0].nbytes,
        weights.ctypes.data,
        weights[0].nbytes,
        STEPS,
        start.ctypes.data,
        0,
        found.ctypes.data,
        found.strides[0],
        len(found),
        sums.ctypes.data,
    )
    if UNITS[unit].configured:
        _call(procedure("begin", unit, PARTS), 0, 0)
    _call(procedure("product:2", unit, PARTS), *arguments)
    if UNITS[unit].configured:
        _call(procedure("end", unit, PARTS), 0, 0)


def _call(address, *arguments):
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * len(arguments))(address)(*arguments)


def _product(rows, weights):
    """(block, step, tile, row, pair, 2) by (step, vector, pair, filter, 2) to (row of all, filter of all)."""
    rows = rows.transpose(0, 2, 3, 1, 4, 5).reshape(np.prod(rows.shape[:1] + rows.shape[2:4]), -1)
    weights = weights.transpose(0, 2, 4, 1, 3).reshape(rows.shape[1], -1)
    return rows @ weights


def _words(numbers):
    """Pairs of bfloat16, the last axis, the first of them low."""
    halves = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    words = _aligned(numbers.shape[:-1], np.uint32)
    words[...] = halves.view(np.uint32)[..., 0]
    return words


def _aligned(shape, dtype):
    """A new array that begins with a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % ALIGNMENT
    return memory[first : first + size].view(dtype).reshape(shape)
