"""What the compiled loops are told beyond a :class:`Problem` where the sides of the product are exchanged."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.problem import Problem


class Transposed(NamedTuple):
    """All integers; ``*_bytes`` are bytes.

    Every example has ``example_rows`` rows, and a panel of steps takes ``panel_bytes`` of scratch memory. A part of the
    filters is ``part_groups`` groups of ``group_filters``, a group's packed weights are ``group_bytes``, and those of a
    block of channels ``filter_block_bytes``, a vector for each of ``filter_rows``.
    """

    example_rows: int
    panel_bytes: int
    part_groups: int
    group_filters: int
    group_bytes: int
    filter_rows: int
    filter_block_bytes: int
    load_columns: int
    multiply: int


TransposedProblem: Any = joined("TransposedProblem", Problem, Transposed)

transposed_at: Any = fields_at(TransposedProblem)
