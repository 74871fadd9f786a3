"""One call's gradients as plain integers: what the compiled loops are told."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.backward.layout import GradientLayout
from nb_sepconv.kernels.cpu.backward.tiling import Cut
from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.problem import Examples, Shape, Vectors


class Numbering(NamedTuple):
    """An example's rows as ``series`` series, each of every ``phases``-th row and of ``series_rows`` at most, in which
    the kernel moves by ``series_stride`` with taps ``series_dilation`` apart over every ``input_stride``-th input step.
    """

    phases: int
    series: int
    series_rows: int
    series_stride: int
    series_dilation: int
    input_stride: int


class GradientStrides(NamedTuple):
    """In bytes."""

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


class Windows(NamedTuple):
    """The earlier rows that an input gradient needs, what a tile sees of a series, and a rank update's channels."""

    halo_rows: int
    window_rows: int
    window_steps: int
    update_channels: int


class Stages(NamedTuple):
    """Which stages there are, and the taps whose rows follow one another."""

    fused: int
    d_inputs: int
    d_depthwise: int
    d_pointwise: int
    d_bias: int
    through_pointwise: int
    runs: int


class GradientProcedures(NamedTuple):
    """The addresses of the inner loops; 0 for those that this problem does not need."""

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


class TakenOver(NamedTuple):
    """Who takes steps of the FMA engine's over, cfuncs by address; 0 for itself."""

    split_panels: int = 0
    split_gradients: int = 0
    multiply_hidden: int = 0
    update_sums: int = 0


PARTS = (
    *(Shape, Numbering, GradientStrides, Vectors, Cut, Windows),
    *(GradientLayout, Stages, Examples, GradientProcedures, TakenOver),
)
GradientProblem: Any = joined("GradientProblem", *PARTS)

gradient_problem_at: Any = fields_at(GradientProblem)
