"""What the compiled loops are told beyond a :class:`GradientProblem`: where parts lie, who splits and multiplies."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.backward.problem import GradientProblem
from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined


class GradientParts(NamedTuple):
    """All integers; places are bytes from the aligned start of scratch memory.

    A tile's gradients are split twice: row by row in pairs of filters, to be multiplied by the transposed pointwise
    kernel, and in pairs of rows, as the hidden rows of a strip are, for the sums over rows.
    """

    gradient_parts: int
    gradient_row_block_bytes: int
    gradient_ranges: int
    tile_sums: int
    panel_parts: int
    panel_ranges: int
    weight_bytes: int
    zero_row: int
    gradient_pairs: int
    hidden_pairs: int
    pair_block_bytes: int
    pair_ranges: int

    split_rows: int
    split_pairs: int
    split_row_pairs: int
    split_columns: int
    product_into_blocks_1: int
    product_into_blocks_2: int
    update_1_1: int
    update_1_2: int
    update_2_1: int
    update_2_2: int
    begin: int
    end: int


GradientPartsProblem: Any = joined("GradientPartsProblem", GradientProblem, GradientParts)

gradient_parts_at: Any = fields_at(GradientPartsProblem)
