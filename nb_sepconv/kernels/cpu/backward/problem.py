"""One call's gradients as plain integers: what the compiled loops are told."""

from typing import NamedTuple

from nb_sepconv.kernels.cpu.forward.problem import fields_at


class GradientProblem(NamedTuple):
    """All integers; strides and ``*_bytes`` are in bytes.

    An example's rows are ``series`` series, each of every ``phases``-th row and of ``series_rows`` at most, in which
    the kernel moves by ``series_stride`` with taps ``series_dilation`` apart over every ``input_stride``-th input step.
    """

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

    phases: int
    series: int
    series_rows: int
    series_stride: int
    series_dilation: int
    input_stride: int

    input_example_stride: int
    input_step_stride: int
    input_channel_stride: int
    gradient_example_stride: int
    gradient_step_stride: int
    gradient_filter_stride: int
    output_example_stride: int
    output_step_stride: int
    output_filter_stride: int
    d_input_example_stride: int
    d_input_step_stride: int
    d_input_channel_stride: int

    width: int
    item_bytes: int
    stored_bytes: int
    tile_rows: int
    strip_blocks: int
    strips: int
    group_blocks: int
    groups: int
    part_rows: int
    parts: int
    halo_rows: int
    window_rows: int
    window_steps: int
    update_channels: int

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

    fused: int
    d_inputs: int
    d_depthwise: int
    d_pointwise: int
    d_bias: int
    through_pointwise: int
    runs: int

    load_rows: int
    load_items: int
    load_columns: int
    load_inputs: int
    load_gradients: int
    load_outputs: int
    convolve: int
    multiply_panel: int
    multiply_vector: int
    correlate: int
    rank_update_1: int
    rank_update_2: int
    rank_update_3: int
    add_rows: int
    copy_rows: int
    clear_rows: int
    differentiate: int
    store_inputs: int
    store_pointwise: int
    store_depthwise: int

    # Who takes steps of the FMA engine's over, cfuncs by address; 0 for itself.
    split_panels: int = 0
    split_gradients: int = 0
    multiply_hidden: int = 0
    update_sums: int = 0


gradient_problem_at = fields_at(GradientProblem)
