"""Tiles are whole groups of rows, and no worker has much more to do than another."""

import itertools

import pytest

from nb_sepconv.kernels.cpu.tiling import LARGEST_TILE, ROWS, ceil_div, tiling

WIDTH, VECTOR_BYTES = 16, 64
LAYERS = {  # channels, filters, kernel_size, stride
    "wide": (512, 512, 39, 1),
    "narrow": (16, 16, 16, 1),
    "long kernel, stride 2": (64, 256, 33, 2),
    "no pointwise stage": (64, 0, 5, 1),
}


def cut(rows, layer, workers):
    channels, filters, kernel_size, stride = LAYERS[layer]
    return tiling(rows, channels, filters, kernel_size, 1, stride, 1, WIDTH, VECTOR_BYTES, workers, ROWS)


def busiest(rows, tile_rows, workers):
    """Rows of the worker with the most, each taking its own share of neighbouring tiles."""
    tiles = ceil_div(rows, tile_rows)
    edges = [min(tiles * worker // workers * tile_rows, rows) for worker in range(workers + 1)]
    return max(after - before for before, after in itertools.pairwise(edges))


@pytest.mark.parametrize("workers", [2, 3, 8, 64])
@pytest.mark.parametrize("layer", LAYERS)
def test_workers_have_even_shares(layer, workers):
    for rows in (1672, 3992, 6688, 8192, 12800, 47984):
        tile_rows = cut(rows, layer, workers).tile_rows
        assert tile_rows % ROWS == 0
        even = ceil_div(ceil_div(rows, ROWS), workers) * ROWS
        assert busiest(rows, tile_rows, workers) <= 1.08 * even + ROWS, (rows, tile_rows)


@pytest.mark.parametrize("rows", [1, 13, 14, 15, 29])
def test_few_rows_are_one_tile_of_one_worker(rows):
    assert cut(rows, "narrow", 1).tile_rows == rows


def far(channels, multiplier, filters, kernel_size, dilation):
    return tiling(6000, channels, filters, kernel_size, multiplier, 1, dilation, WIDTH, VECTOR_BYTES, 2, ROWS)


def test_far_taps_take_longer_tiles_where_these_fit_into_the_cache():
    assert far(512, 1, 128, 3, 128).tile_rows > LARGEST_TILE
    assert far(512, 1, 128, 3, 1).tile_rows <= LARGEST_TILE
    for channels, multiplier, filters, kernel_size in ((16, 100, 8, 5), (2048, 1, 1, 1), (16, 6200, 0, 3)):
        assert far(channels, multiplier, filters, kernel_size, 200).tile_rows <= LARGEST_TILE
