"""Where everything lies in a worker's scratch memory and in the packed weights, for the gradients."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, aligned, apart, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS, STEPS


class GradientLayout(NamedTuple):
    """Counts, and the parts of two buffers, bytes from an aligned start.

    Scratch: tables of rows, input steps, taps and phases; a tile's gradients, one vector of outputs, the input, hidden
    rows and their gradients, what is carried from tile to tile, input gradients, sums, transposed pointwise weights and
    a table that packing them needs. Packed weights: depthwise, depthwise by phases, and a table that packing needs.
    """

    blocks: int
    filter_blocks: int
    row_table: int
    step_table: int
    tap_table: int
    phase_table: int
    phase_tap_table: int
    gradients: int
    gradient_block_bytes: int
    outputs: int
    x: int
    x_block_bytes: int
    hidden: int
    hidden_block_bytes: int
    hidden_gradients: int
    carried: int
    dx: int
    pointwise_sums: int
    depthwise_sums: int
    bias_sums: int
    panels: int
    panel_table: int
    scratch_bytes: int
    phased: int
    pack_table: int
    packed_bytes: int


def gradient_layout(
    cut: Any,
    series_stride: Any,
    channels: int,
    filters: int,
    kernel_size: int,
    multiplier: int,
    halo: Any,
    window_steps: Any,
    lanes: int,
) -> GradientLayout:
    """The layout for a cut; ``filters`` is 0 where there is no pointwise stage."""
    vector_bytes, width = lanes.bytes, lanes.width
    blocks, filter_blocks = ceil_div(channels, width), ceil_div(filters, width)
    strip, group = cut.strip_blocks * multiplier, cut.group_blocks * multiplier
    rows = cut.tile_rows + width  # columns are loaded by whole vectors
    gradient_block_bytes = apart(rows, vector_bytes)
    x_block_bytes = apart(ceil_div(window_steps, series_stride) * series_stride + STEPS, vector_bytes)
    hidden_block_bytes = apart(halo + rows + STEPS, vector_bytes)
    dx_rows = (cut.tile_rows + STEPS) * series_stride + width
    row_table, step_table, tap_table, phase_table, phase_tap_table, gradients = _places(
        INTP_BYTES, 0, rows, window_steps, kernel_size, series_stride + 1, kernel_size * multiplier
    )
    outputs = gradients + filter_blocks * gradient_block_bytes
    x = outputs + gradient_block_bytes
    hidden = x + cut.strip_blocks * x_block_bytes
    hidden_gradients = hidden + strip * hidden_block_bytes
    carried, dx, pointwise_sums, depthwise_sums, bias_sums, panels, panel_table = _places(
        vector_bytes,
        hidden_gradients + strip * hidden_block_bytes,
        group * halo,
        dx_rows,
        group * width * filter_blocks,
        group * kernel_size,
        filter_blocks,
        group * filters + PANEL_VECTORS * width,
    )
    scratch_bytes = panel_table + (filters + width) * INTP_BYTES
    phased, pack_table = (place * blocks * multiplier * kernel_size * vector_bytes for place in (1, 2))
    packed_bytes = pack_table + kernel_size * INTP_BYTES
    return GradientLayout(
        blocks,
        filter_blocks,
        row_table,
        step_table,
        tap_table,
        phase_table,
        phase_tap_table,
        gradients,
        gradient_block_bytes,
        outputs,
        x,
        x_block_bytes,
        hidden,
        hidden_block_bytes,
        hidden_gradients,
        carried,
        dx,
        pointwise_sums,
        depthwise_sums,
        bias_sums,
        panels,
        panel_table,
        scratch_bytes,
        phased,
        pack_table,
        packed_bytes,
    )


def _places(item_bytes, start, *counts):
    """Where parts of so many items start, one after the other, and where the last one ends."""
    places = [aligned(start)]
    for count in counts:
        places.append(aligned(places[-1] + count * item_bytes))
    return places
