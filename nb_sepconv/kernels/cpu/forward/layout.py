"""Where everything lies in a worker's scratch memory and in the packed weights: bytes from an aligned start."""

from typing import Any, NamedTuple

from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, apart, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, STEPS


class Layout(NamedTuple):
    """Counts, and the parts of two buffers.

    Scratch: a table of steps, one of taps, the input, the hidden rows, y. Packed weights: depthwise, bias, pointwise
    panels, and a table that packing needs.
    """

    blocks: int
    panels: int
    part_panels: int
    window_steps: int
    window_bytes: int
    tap_table: int
    x: int
    x_block_bytes: int
    hidden: int
    hidden_block_bytes: int
    y: int
    scratch_bytes: int
    bias: int
    pointwise: int
    pack_table: int
    packed_bytes: int


@register_jitable
def layout(
    cut: Any, channels: int, filters: int, kernel_size: int, multiplier: int, stride: int, width: int, vector_bytes: int
) -> Layout:
    """The layout for a tiling; ``filters`` is 0 where there is no pointwise stage."""
    blocks, panels = ceil_div(channels, width), ceil_div(filters, PANEL_VECTORS * width)
    part_panels = ceil_div(panels, cut.filter_parts)
    behind = STEPS * cut.phases + width  # rows in vain are cleared, and columns are loaded by whole vectors
    window_steps = (cut.tile_rows - 1) * stride + cut.window_span + behind
    window_bytes = cut.phases * cut.phase_rows * vector_bytes
    x_block_bytes = apart(cut.windows * cut.phases * cut.phase_rows + STEPS, vector_bytes)
    hidden_block_bytes = apart(cut.tile_rows + STEPS * cut.output_phases + width, vector_bytes)
    tap_table = aligned(window_steps * INTP_BYTES)
    x = aligned(tap_table + kernel_size * INTP_BYTES)
    hidden = x + cut.load_blocks * x_block_bytes
    y = hidden + cut.sum_blocks * multiplier * hidden_block_bytes
    y_panels = part_panels if cut.sum_blocks < blocks else min(1, panels)
    scratch_bytes = y + (y_panels * cut.tile_rows + width) * PANEL_VECTORS * vector_bytes
    bias = blocks * multiplier * kernel_size * vector_bytes
    pointwise = bias + ceil_div(filters, width) * vector_bytes
    pack_table = aligned(pointwise + ceil_div(filters, width) * vector_bytes * channels * multiplier)
    packed_bytes = pack_table + max(kernel_size, width) * INTP_BYTES
    return Layout(
        blocks,
        panels,
        part_panels,
        window_steps,
        window_bytes,
        tap_table,
        x,
        x_block_bytes,
        hidden,
        hidden_block_bytes,
        y,
        scratch_bytes,
        bias,
        pointwise,
        pack_table,
        packed_bytes,
    )
