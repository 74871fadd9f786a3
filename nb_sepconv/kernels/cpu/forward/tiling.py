"""How the work is cut: plain integers in, plain integers out, for Python and for compiled callers alike.

No choice here changes a bit of any result: every output is summed in one order whatever the tile.
"""

from typing import Any, NamedTuple

from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import BLOCKS_TOGETHER, PANEL_VECTORS, STEPS

HIDDEN_BYTES = 384 * 1024  # a tile's depthwise results: a part of the second-level cache
LOADED_BYTES = 256 * 1024  # the input that is loaded at a time
SUM_LANES = 2048  # channels summed before the next ones are loaded
LARGEST_TILE = 336  # rows
LARGEST_FAR_TILE = 672  # where taps lie far apart
TILES_PER_WORKER = 4
LEAST_TILE = 96  # rows, where every worker has a tile: each reads all weights
LOADING_WORK = 12  # multiply-adds that take as long as loading one number
READING_WORK = 4  # and as long as reading one weight
FEW_ROWS = 64  # that several workers may load and convolve each for itself


class Part(NamedTuple):
    """Channels and rows that are convolved at a time where nothing is summed over channels; zeros for all channels."""

    channels: int = 0
    rows: int = 0


WHOLE = Part()
PART_BYTES = 256 * 1024  # of a part's input and results
PART_OF_ROWS = Part(256, 128)  # where channels lie side by side in the outputs: long pieces of few rows
PART_OF_COLUMNS = Part(64, 512)  # where steps do: long pieces of few channels


class Tiling(NamedTuple):
    """Tiles of at most ``tile_rows`` rows, which are whole groups, for ``row_workers`` workers; blocks of channels in a
    sum and in a load; parts of the filters, or of the channels where there are none; how the input lies in scratch.

    The input steps of a window lie ``phases`` apart: step ``i`` is row ``i // phases`` of phase ``i % phases``, so that
    a tap's rows follow one another. Output steps that lie ``output_phases`` apart are computed together, and the taps
    in ``runs`` whose rows follow one another; no runs: every tap has an offset of its own.
    """

    tile_rows: int
    tiles: int
    row_groups: int
    row_group: int
    row_workers: int
    sum_blocks: int
    load_blocks: int
    filter_parts: int
    windows: int
    window_span: int
    phases: int
    phase_rows: int
    output_phases: int
    runs: int


@register_jitable
def first_row_of(tile: Any, tiles: Any, row_groups: Any, row_group: int) -> Any:
    """Where a tile begins: groups of rows are dealt out evenly, so that no worker has more than one above another."""
    return tile * row_groups // tiles * row_group


@register_jitable
def tiles_of(row_groups: Any, row_group: int, most: Any, workers: int) -> Any:
    """Into how many tiles of ``most`` groups of ``row_group`` rows the groups are dealt."""
    if workers > 1:
        most = min(most, max(LEAST_TILE // row_group, ceil_div(row_groups, workers * TILES_PER_WORKER), 1))
    return min(ceil_div(ceil_div(row_groups, most), workers) * workers, row_groups)


@register_jitable
def _far(kernel_size, span, row_bytes, tile_work):
    """Whether the steps under a kernel that a tile loads beside its own cost so much that longer tiles pay.

    A tile's sums over some channels at a time, and its least hidden rows, must be few enough to wait in the cache.
    """
    one_window = kernel_size > 1 and span - 1 <= (kernel_size - 1) * LARGEST_FAR_TILE
    return one_window and row_bytes * LARGEST_FAR_TILE <= HIDDEN_BYTES and span * LOADING_WORK * 10 > tile_work


@register_jitable
def _whole_sums(blocks, most):
    """``blocks`` blocks of channels or ``most``, but all that are summed before the next multiplier's."""
    return min(blocks, max(1, most // BLOCKS_TOGETHER) * BLOCKS_TOGETHER)


@register_jitable
def _part_blocks(blocks, parts):
    """The blocks of channels of all parts but the last one; those that lie together stay in one part."""
    return ceil_div(ceil_div(blocks, BLOCKS_TOGETHER), parts) * BLOCKS_TOGETHER


@register_jitable
def _part_filters(filters, parts, width):
    """The filters of the largest part."""
    return min(filters, ceil_div(ceil_div(filters, PANEL_VECTORS * width), parts) * PANEL_VECTORS * width)


@register_jitable
def _by_filters(rows, tile_rows, filters, kernel_size, width, workers):
    """Whether workers finish few rows sooner when each computes some filters of all of them, and reads the weights of
    those alone, than when each computes ``tile_rows`` rows.
    """
    part = _part_filters(filters, workers, width)
    row_work = kernel_size + LOADING_WORK
    return rows * (row_work + part) + READING_WORK * part < tile_rows * (row_work + filters) + READING_WORK * filters


@register_jitable
def tiling(
    rows: int,
    channels: int,
    filters: int,
    kernel_size: int,
    multiplier: int,
    stride: int,
    dilation: int,
    width: int,
    vector_bytes: int,
    workers: int,
    row_group: int,
    part: Part,
) -> Tiling:
    """The tiling of ``rows`` rows for some workers. ``filters`` is 0 without a pointwise stage, where the channels
    may be cut into parts like ``part``.
    """
    blocks = ceil_div(channels, width)
    sum_blocks = _whole_sums(blocks, SUM_LANES // (width * multiplier))
    span = (kernel_size - 1) * dilation + 1
    row_work = multiplier * (kernel_size + filters)
    largest = min(LARGEST_TILE, HIDDEN_BYTES // (sum_blocks * multiplier * vector_bytes))
    if _far(kernel_size, span, max(filters * vector_bytes // width, multiplier * vector_bytes), largest * row_work):
        largest = LARGEST_FAR_TILE
        most = HIDDEN_BYTES // (LARGEST_FAR_TILE * multiplier * vector_bytes)
        sum_blocks = _whole_sums(sum_blocks, most)
    parts, row_workers = 1, workers
    if part.rows:
        sum_blocks = _part_blocks(blocks, ceil_div(channels, part.channels))
        parts = ceil_div(blocks, sum_blocks)
        largest = min(part.rows, PART_BYTES // (sum_blocks * (stride + multiplier) * vector_bytes))
        row_workers = workers if parts < workers * TILES_PER_WORKER else 1
    row_groups = ceil_div(rows, row_group)
    tiles = tiles_of(row_groups, row_group, max(1, largest // row_group), row_workers)
    share = min(ceil_div(row_groups, workers) * row_group, rows)
    if (
        workers > 1
        and rows <= min(FEW_ROWS, largest)
        and _by_filters(rows, share, filters, kernel_size, width, workers)
    ):
        tiles = 1
    tile_rows = max(1, min(ceil_div(row_groups, max(tiles, 1)) * row_group, rows))
    covered = (tile_rows - 1) * stride + 1
    windows, window_span = 1, span
    if kernel_size * covered < covered + span - 1:  # taps so far apart that each has a window of its own
        windows, window_span = kernel_size, 1
    phases, output_phases, runs = stride, 1, 0
    if dilation == 1:
        runs = min(stride, kernel_size)
    elif stride == 1 and windows == 1 and tile_rows >= STEPS * dilation:
        phases, output_phases, runs = dilation, dilation, 1
    phase_rows = ceil_div(covered - 1 + window_span + width, phases) + STEPS // 2 * (phases > 1)  # rows in vain
    load_blocks = _whole_sums(sum_blocks, LOADED_BYTES // (windows * phases * phase_rows * vector_bytes))
    panels = ceil_div(filters, PANEL_VECTORS * width)
    if filters and tiles < workers:
        parts = min(panels, ceil_div(workers, max(tiles, 1)))
        row_workers = max(1, workers // parts)
    return Tiling(
        tile_rows,
        tiles,
        row_groups,
        row_group,
        row_workers,
        sum_blocks,
        load_blocks,
        parts,
        windows,
        window_span,
        phases,
        phase_rows,
        output_phases,
        runs,
    )
