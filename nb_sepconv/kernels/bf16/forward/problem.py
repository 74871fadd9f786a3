"""What the compiled loops are told beyond a :class:`Problem`: where parts lie, and who splits and multiplies them."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.problem import Problem


class Parts(NamedTuple):
    """All integers; places are bytes from an aligned start, of scratch memory or of the packed weights.

    A step is two blocks of hidden channels, whose lanes are multiplied in pairs; the last one may lack its second.
    ``weight_bytes`` are those of a step and a vector of filters.
    """

    sum_steps: int
    row_block_bytes: int
    row_parts: int
    row_ranges: int
    tile_sums: int
    saved_rows: int

    weight_bytes: int
    weight_parts: int
    weight_ranges: int
    zero_row: int

    split_rows: int
    split_pairs: int
    product_2: int
    product_1: int
    begin: int
    end: int


PartsProblem: Any = joined("PartsProblem", Problem, Parts)

parts_at: Any = fields_at(PartsProblem)
