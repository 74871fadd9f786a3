"""Tiles are whole groups of rows, and no worker has much more to do than another."""

import numpy as np
import pytest

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, ROWS
from nb_sepconv.kernels.cpu.forward.tiling import (
    HIDDEN_BYTES,
    LARGEST_TILE,
    LEAST_TILE,
    PART_OF_COLUMNS,
    PART_OF_ROWS,
    WHOLE,
    first_row_of,
    tiling,
)

WIDTH, VECTOR_BYTES = 16, 64
LAYERS = {  # channels, filters, kernel_size, stride
    "wide": (512, 512, 39, 1),
    "narrow": (16, 16, 16, 1),
    "long kernel, stride 2": (64, 256, 33, 2),
    "no pointwise stage": (64, 0, 5, 1),
}


def cut(rows, layer, workers):
    channels, filters, kernel_size, stride = LAYERS[layer]
    return tiling(rows, channels, filters, kernel_size, 1, stride, 1, WIDTH, VECTOR_BYTES, workers, ROWS, WHOLE)


def edges(rows, tiles, parts):
    """Where the rows of so many equal parts of the tiles begin, and the end."""
    places = [tiles.tiles * part // parts for part in range(parts + 1)]
    return [min(first_row_of(tile, tiles.tiles, tiles.row_groups, tiles.row_group), rows) for tile in places]


@pytest.mark.parametrize("workers", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("layer", LAYERS)
def test_tiles_are_whole_groups_and_workers_have_even_shares(layer, workers):
    for rows in (1, 14, 100, 1672, 2048, 3992, 6688, 8192, 12800, 47984):
        tiles = cut(rows, layer, workers)
        starts = edges(rows, tiles, tiles.tiles)
        lengths = np.diff(starts)
        assert starts[0] == 0
        assert starts[-1] == rows
        assert min(lengths) > 0
        assert max(lengths) <= tiles.tile_rows < max(lengths) + ROWS  # the longest may end amid a group
        assert not any(start % ROWS for start in starts[:-1])
        even = ceil_div(ceil_div(rows, ROWS), workers) * ROWS
        by_rows = tiles.filter_parts == 1 or not LAYERS[layer][1]  # else some filters of few rows each
        assert not by_rows or max(np.diff(edges(rows, tiles, workers))) <= even, (rows, tiles)


def test_tiles_are_as_long_as_fit_where_workers_have_many():
    assert (
        cut(20480, "wide", 2).tile_rows == cut(20480, "wide", 1).tile_rows == HIDDEN_BYTES // (512 * 4) // ROWS * ROWS
    )


@pytest.mark.parametrize("rows", [1, 13, 14, 15, 29])
def test_few_rows_are_one_tile_of_one_worker(rows):
    assert cut(rows, "narrow", 1).tile_rows == rows


@pytest.mark.parametrize("rows", [160, 400, 700])
def test_tiles_of_few_rows_are_long_where_every_worker_has_one(rows):
    tiles = cut(rows, "wide", 2)
    assert tiles.tiles % 2 == 0
    assert tiles.tile_rows >= LEAST_TILE // 2


@pytest.mark.parametrize("part", [PART_OF_ROWS, PART_OF_COLUMNS])
@pytest.mark.parametrize("channels", [1, 64, 65, 256, 257, 1536])
def test_channels_without_a_sum_are_convolved_in_even_parts(channels, part):
    for workers in (1, 2, 16):
        tiles = tiling(1000, channels, 0, 4, 1, 1, 1, WIDTH, VECTOR_BYTES, workers, ROWS, part)
        blocks = ceil_div(channels, WIDTH)
        assert tiles.filter_parts == ceil_div(channels, part.channels)
        assert tiles.filter_parts == 1 or tiles.sum_blocks % BLOCKS_TOGETHER == 0
        assert (tiles.filter_parts - 1) * tiles.sum_blocks < blocks <= tiles.filter_parts * tiles.sum_blocks
        assert tiles.tile_rows <= part.rows
        assert tiles.tiles * tiles.filter_parts >= workers


def far(channels, multiplier, filters, kernel_size, dilation):
    return tiling(6000, channels, filters, kernel_size, multiplier, 1, dilation, WIDTH, VECTOR_BYTES, 2, ROWS, WHOLE)


def test_far_taps_take_longer_tiles_where_these_fit_into_the_cache():
    assert far(512, 1, 128, 3, 128).tile_rows > LARGEST_TILE
    assert far(512, 1, 128, 3, 1).tile_rows <= LARGEST_TILE
    for channels, multiplier, filters, kernel_size in ((16, 100, 8, 5), (2048, 1, 1, 1), (16, 6200, 0, 3)):
        assert far(channels, multiplier, filters, kernel_size, 200).tile_rows <= LARGEST_TILE
