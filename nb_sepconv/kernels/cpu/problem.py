"""One call's sizes as plain integers: what the compiled loops are told, and how the work is cut into tiles."""

from typing import NamedTuple

ROWS = 14  # rows of the pointwise micro-kernel: with two vectors of filters, 28 accumulators
STEPS = 16  # steps of the depthwise micro-kernel
PANEL_VECTORS = 2


class Problem(NamedTuple):
    """All integers; strides, offsets and ``*_bytes`` are in bytes. A row is one output step of one example."""

    examples: int
    length: int
    channels: int
    steps: int
    filters: int
    kernel_size: int
    multiplier: int
    stride: int
    dilation: int
    left: int
    input_example_stride: int
    input_step_stride: int
    input_channel_stride: int
    output_example_stride: int
    output_step_stride: int
    output_filter_stride: int
    tile_rows: int
    sum_blocks: int
    windows: int
    window_span: int
    phase_rows: int
    filter_parts: int
    activation: int
    pointwise: int


def ceil_div(a, b):
    return -(-a // b)
