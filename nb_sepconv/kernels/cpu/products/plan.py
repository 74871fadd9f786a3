"""Plans for products of rows with a matrix, without a depthwise stage before them."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT, INTP_BYTES, PAGE_ROWS, aligned, apart, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import FEW, PANEL_VECTORS, ROWS
from nb_sepconv.kernels.cpu.codegen.procedures import procedure, side_by_side
from nb_sepconv.kernels.cpu.forward.packing import packer_address, sharing_packer_address
from nb_sepconv.kernels.cpu.forward.plan import distance, vectors_of
from nb_sepconv.kernels.cpu.forward.prepared_plan import PreparedPlan
from nb_sepconv.kernels.cpu.forward.problem import Problem
from nb_sepconv.kernels.cpu.forward.tiling import FEW_ROWS, HIDDEN_BYTES, LARGEST_TILE, READING_WORK, tiles_of
from nb_sepconv.kernels.cpu.products.loops import rows_worker_address
from nb_sepconv.kernels.cpu.products.problem import Rows, RowsProblem
from nb_sepconv.kernels.cpu.products.transposed_plan import transposed_product_plan

PAGE_BYTES = PAGE_ROWS * ALIGNMENT  # rows so far apart, or multiples of it, share sets of the first-level cache
NOTHING: Any = Problem(*(0,) * len(Problem._fields))


def product_plan(sizes: Any, workers: int) -> Any:
    """The plan for a convolution of all channels at once, whose multiplier is 1; a dense layer has one tap."""
    base = base_of(sizes)
    return transposed_product_plan(sizes, workers, base) or RowsPlan(sizes, workers, base)


def base_of(sizes: Any) -> Any:
    """The fields that do not depend on how the work is cut: those of a layer of K*C channels without taps."""
    vectors, item = vectors_of(sizes.dtype), vectors_of(sizes.dtype).stored_bytes
    example, step, channel = sizes.input_strides
    return NOTHING._replace(
        **vectors._asdict(),
        examples=sizes.examples,
        length=sizes.length,
        channels=sizes.kernel_size * sizes.channels,
        steps=sizes.steps,
        filters=sizes.filters,
        multiplier=1,
        stride=sizes.stride,
        left=sizes.left,
        input_example_stride=example,
        input_step_stride=step,
        input_channel_stride=channel,
        output_example_stride=sizes.output_strides[0],
        output_step_stride=sizes.output_strides[1],
        output_filter_stride=sizes.output_strides[2],
        blocks=ceil_div(sizes.kernel_size * sizes.channels, vectors.width),
        panels=ceil_div(sizes.filters, PANEL_VECTORS * vectors.width),
        pointwise=aligned(ceil_div(sizes.filters, vectors.width) * vectors.width * vectors.item_bytes),
        fused=1,
        load_rows=procedure(sizes.dtype, "load_rows"),
        activate=procedure(sizes.dtype, sizes.activation) if sizes.activation else 0,
        store=procedure(sizes.dtype, f"store_{side_by_side(sizes.output_strides[1:], item)}"),
    )


class RowsPlan(PreparedPlan):
    """The problem of one product for some workers, whose vectors are of filters."""

    packing = "panels of filters alone"
    reads_before = False
    worker_address: Any = staticmethod(rows_worker_address)
    packer_address: Any = staticmethod(packer_address)
    sharing_packer_address: Any = staticmethod(sharing_packer_address)

    def __init__(self, sizes: Any, workers: int, base: Any) -> None:
        problem = _rows_problem(sizes, workers, base)
        super().__init__(problem, workers, problem.panels)

    def pack_kernel(self, kernel: Any, bias: Any = None) -> Any:
        """The weights as the kernels read them, from C-contiguous arrays of K*C rows of F numbers, and (F,) or None."""
        return self.pack(kernel, kernel, bias)


def _rows_problem(sizes, workers, p):
    rows_of = _where_rows_lie(sizes, p)
    rows, vector_bytes, item = sizes.examples * sizes.steps, p.width * p.item_bytes, p.stored_bytes
    row_groups = ceil_div(rows, ROWS)
    tiles, parts = _cut(sizes, p, rows_of, rows, workers)
    tile_rows = max(1, min(ceil_div(row_groups, max(tiles, 1)) * ROWS, rows))
    if rows_of.copied and not rows_of.copy_numbers:
        rows_of = rows_of._replace(table_steps=(tile_rows - 1) * sizes.stride + rows_of.span + p.width)
    x = aligned(rows_of.table_steps * INTP_BYTES)
    y = x + _copied_bytes(sizes, p, rows_of, tile_rows)
    pack_table = aligned(p.pointwise + ceil_div(p.filters, p.width) * vector_bytes * p.channels)
    problem = p._replace(
        tile_rows=tile_rows,
        tiles=tiles,
        row_groups=row_groups,
        row_group=ROWS,
        row_workers=max(1, workers // parts),
        filter_parts=parts,
        part_panels=ceil_div(p.panels, parts),
        x=x,
        y=y,
        scratch_bytes=y + tile_rows * PANEL_VECTORS * vector_bytes,
        pack_table=pack_table,
        packed_bytes=pack_table + p.width * INTP_BYTES,
        rows_in_place=int(sizes.output_strides[2] == item == p.item_bytes),
        **_procedures(sizes, p, rows_of),
    )
    return RowsProblem(*problem, *rows_of)


def _cut(sizes, p, rows_of, rows, workers):
    """How many tiles there are, and parts of the filters."""
    around = (rows_of.span + p.width) * rows_of.step_bytes if rows_of.copied else 0
    row_bytes = sizes.stride * sizes.channels * p.item_bytes + around // max(1, min(sizes.steps, LARGEST_TILE))
    largest = min(LARGEST_TILE, HIDDEN_BYTES // row_bytes)
    row_groups = ceil_div(rows, ROWS)
    tiles = tiles_of(row_groups, ROWS, max(1, largest // ROWS), workers)
    share = min(ceil_div(row_groups, workers) * ROWS, rows)
    if workers > 1 and rows <= min(FEW_ROWS, largest):
        part = min(p.filters, ceil_div(p.panels, workers) * PANEL_VECTORS * p.width)
        if (rows + READING_WORK) * part < (share + READING_WORK) * p.filters:
            tiles = min(tiles, 1)
    parts = 1 if tiles >= workers else min(p.panels, ceil_div(workers, max(tiles, 1)))
    return tiles, parts


def _copied_bytes(sizes, p, rows_of, tile_rows):
    """The most that the pieces of a tile take, each of one example."""
    if not rows_of.copied:
        return 0
    pieces = min(sizes.examples, ceil_div(tile_rows - 1, max(1, sizes.steps)) + 1)
    around = aligned((rows_of.span + p.width) * rows_of.step_bytes) + ALIGNMENT
    return aligned(tile_rows * sizes.stride * rows_of.step_bytes) + pieces * around


def _procedures(sizes, p, rows_of):
    """The addresses of the inner loops, by their fields."""
    far, loads = distance(p), side_by_side(sizes.input_strides[1:], p.stored_bytes)
    used = {
        "load": (f"load_{loads}", rows_of.copied and not rows_of.copy_numbers),
        "pack_panel": ("pack_panel", p.filters >= PANEL_VECTORS * p.width),
        "multiply_panel": ("multiply_rows_panel" + far, p.filters > p.width),
        "multiply_vector": ("multiply_rows_vector" + far, ceil_div(p.filters, p.width) % PANEL_VECTORS == 1),
    }
    return {field: procedure(sizes.dtype, name) for field, (name, needed) in used.items() if needed}


def _where_rows_lie(sizes, p):
    """Rows of the inputs themselves where these are what is computed with and nothing surrounds the series."""
    item, channels, taps = p.stored_bytes, sizes.channels, sizes.kernel_size
    _, step_stride, channel_stride = sizes.input_strides
    span = (taps - 1) * sizes.dilation + 1
    side_by_side_channels = channels == 1 or channel_stride == item
    steps_follow = step_stride == channels * item and side_by_side_channels
    padded = sizes.left > 0 or (sizes.steps - 1) * sizes.stride + span > sizes.length
    collide = step_stride * sizes.stride % PAGE_BYTES == 0 and sizes.examples * sizes.steps > FEW
    in_place = item == p.item_bytes and not padded and side_by_side_channels and not collide
    if in_place:
        step_bytes = step_stride
    elif steps_follow and not collide:
        step_bytes = channels * p.item_bytes
    else:
        step_bytes = apart(ceil_div(channels, p.width), p.width * p.item_bytes)
    adjacent = taps == 1 or (sizes.dilation == 1 and step_bytes == channels * p.item_bytes)
    return Rows(
        series_channels=channels,
        span=span,
        segments=1 if adjacent else taps,
        segment_bytes=sizes.dilation * step_bytes,
        count=p.channels if adjacent else channels,
        row_bytes=sizes.stride * step_bytes,
        step_bytes=step_bytes,
        copied=int(not in_place),
        table_steps=0,
        copy_numbers=procedure(sizes.dtype, "copy_numbers") if steps_follow and not in_place and not collide else 0,
    )
