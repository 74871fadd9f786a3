"""How the work of the gradients is cut: plain integers in, plain integers out.

The cut into parts decides the order of the sums over rows, so it depends on the shapes alone; all else here depends on
the number of threads as well and changes no bit of any result.
"""

from math import gcd
from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.addressing import ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import ROWS
from nb_sepconv.kernels.cpu.forward.tiling import LARGEST_TILE

GRADIENT_BYTES = 384 * 1024  # a tile of ``d_outputs``: a part of the second-level cache
WINDOW_BYTES = 512 * 1024  # the input that a tile of few channels sees
SUM_BYTES = 2 * 1024 * 1024  # sums over rows that one worker keeps at a time
PARTIAL_BYTES = 4 * 1024 * 1024  # sums of all parts together
CARRIED_BYTES = 1024 * 1024
LARGEST_SPAN = 1024  # input steps; kernels that reach further are taken phase by phase of their dilation
PARTS = 16
ROWS_OF_A_PART = 2 * LARGEST_TILE
TICKETS_PER_WORKER = 3


class Series(NamedTuple):
    """Each example as ``phases`` series of its own, whose kernels are dense where ``phases`` > 1."""

    phases: int
    stride: int
    dilation: int
    input_stride: int


class Cut(NamedTuple):
    """Rows of a tile, blocks of channels taken together, and which rows and blocks make a ticket.

    The strips are dealt to the groups as evenly as can be, ``group_blocks`` blocks at most.
    """

    tile_rows: int
    strip_blocks: int
    strips: int
    group_blocks: int
    groups: int
    part_rows: int
    parts: int


def series(kernel_size: int, stride: int, dilation: int) -> Series:
    """How the rows of an example are numbered: as they are, or phase by phase where the taps lie far apart."""
    if (kernel_size - 1) * dilation < LARGEST_SPAN or dilation == 1:
        return Series(1, stride, dilation, 1)
    common = gcd(stride, dilation)
    return Series(dilation // common, stride // common, 1, dilation)


def cut(
    rows_of: Any,
    segments: Any,
    channels: int,
    filters: int,
    kernel_size: int,
    multiplier: int,
    window: Any,
    halo: Any,
    stride: int,
    lanes: int,
    workers: int,
) -> Cut:
    """The cut of ``segments`` series of ``rows_of`` (output rows, rows of the input gradient).

    ``filters`` is 0 where there is no pointwise stage, ``window`` the input steps under a kernel, ``halo`` the earlier
    rows of hidden gradients that a row of the input gradient needs.
    """
    segment_rows, all_rows = rows_of
    blocks, filter_blocks = ceil_div(channels, lanes.width), ceil_div(filters, lanes.width)
    strip_blocks = min(blocks, 1 + multiplier % 2)
    tile_rows = LARGEST_TILE
    if filters:
        tile_rows = min(tile_rows, GRADIENT_BYTES // (filter_blocks * lanes.bytes) // ROWS * ROWS)
    tile_rows = min(tile_rows, (WINDOW_BYTES // (strip_blocks * lanes.bytes) - window) // stride)
    tile_rows = max(1, min(max(tile_rows, ROWS), all_rows))
    parts, part_rows = _parts(
        segment_rows, segments, channels * multiplier * (filters + kernel_size) * lanes.item_bytes, halo
    )
    sum_bytes = multiplier * lanes.bytes * (lanes.width * filter_blocks + kernel_size)
    carried_bytes = multiplier * lanes.bytes * halo
    most = min(SUM_BYTES // sum_bytes, CARRIED_BYTES // max(carried_bytes, 1)) // strip_blocks
    strips = ceil_div(blocks, strip_blocks)
    wanted = ceil_div(TICKETS_PER_WORKER * workers, parts) if workers > 1 else 1
    groups = min(strips, max(wanted, ceil_div(strips, max(most, 1))))
    return Cut(tile_rows, strip_blocks, strips, ceil_div(strips, groups) * strip_blocks, groups, part_rows, parts)


def _parts(segment_rows, segments, sum_bytes, halo):
    """Parts and their rows: whole series where there are enough of them, else pieces of a series."""
    rows = max(segment_rows * segments, 1)
    wanted = min(PARTS, PARTIAL_BYTES // max(sum_bytes, 1), rows // max(ROWS_OF_A_PART, 8 * halo))
    pieces = wanted // max(segments, 1)
    part_rows = ceil_div(segment_rows, pieces) if pieces else ceil_div(segments, max(wanted, 1)) * segment_rows
    return ceil_div(rows, max(part_rows, 1)), max(part_rows, 1)
