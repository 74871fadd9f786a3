"""One call's sizes as plain integers: what the compiled loops are told."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.layout import Layout
from nb_sepconv.kernels.cpu.forward.tiling import Tiling


class Shape(NamedTuple):
    """A convolution in numbers. A row is one output step of one example."""

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


class Strides(NamedTuple):
    """In bytes."""

    input_example_stride: int
    input_step_stride: int
    input_channel_stride: int
    output_example_stride: int
    output_step_stride: int
    output_filter_stride: int


class Vectors(NamedTuple):
    """The lanes of a vector, and the bytes of a number as it is computed with and as it is stored."""

    width: int
    item_bytes: int
    stored_bytes: int


class Outputs(NamedTuple):
    """Whether sums are made where the outputs are, and whether there is a pointwise stage."""

    rows_in_place: int
    fused: int


class Examples(NamedTuple):
    """The address of the table of lengths where examples have lengths of their own, which a call tells; 0 for none. The
    compiled function at ``clear`` fills what lies behind their outputs with zeros. Where a vector holds steps, an
    example's last one is stored by the procedure at ``store_last``, and ``clear`` begins behind it.
    """

    lengths: int
    clear: int
    store_last: int


class Before(NamedTuple):
    """The address of the ``left`` steps before the inputs, which a call tells, and their strides; 0 for zeros. Of these
    steps and the inputs, ``kept_steps`` from the ``first_kept`` one on are copied to ``kept``, of the same strides, by
    the compiled function at ``keep``.
    """

    before: int
    before_example_stride: int
    before_step_stride: int
    before_channel_stride: int
    kept: int
    first_kept: int
    kept_steps: int
    keep: int


class Procedures(NamedTuple):
    """The addresses of the inner loops; 0 for those that this problem does not need."""

    load_rows: int
    load_items: int
    pack_panel: int
    load: int
    convolve: int
    multiply_panel: int
    multiply_vector: int
    activate: int
    store: int


ALL_STEPS = Examples(0, 0, 0)
ZEROS_BEFORE = Before(0, 0, 0, 0, 0, 0, 0, 0)

PARTS = Shape, Strides, Vectors, Tiling, Layout, Outputs, Examples, Before, Procedures
Problem: Any = joined("Problem", *PARTS)

shape_at: Any = fields_at(Shape)  # which every problem begins with
problem_at: Any = fields_at(Problem)
