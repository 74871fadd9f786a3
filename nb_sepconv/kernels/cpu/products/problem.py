"""What the compiled loops are told beyond a :class:`Problem` where they multiply the inputs as they are.

The :class:`Problem` is that of a layer with a channel for each of the K*C numbers under the kernel, and without taps.
"""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.problem import Problem


class Rows(NamedTuple):
    """Rows of numbers under the kernel, which may overlap; ``*_bytes`` are bytes.

    A row is ``segments`` runs of ``count`` numbers, ``segment_bytes`` apart; the row of the next output step begins
    ``row_bytes`` behind. Rows are read where the inputs lie, or from a copy at ``x`` in scratch memory, which has the
    zeros around the series, and ``step_bytes`` for a step of all ``series_channels``. ``span`` are the steps under the
    kernel. ``copy_numbers`` copies steps that follow one another at once; where there is none, each is loaded to where
    a table at the start of scratch memory says.
    """

    series_channels: int
    span: int
    segments: int
    segment_bytes: int
    count: int
    row_bytes: int
    step_bytes: int
    copied: int
    table_steps: int
    copy_numbers: int


class Steps(NamedTuple):
    """Series whose steps lie side by side; ``*_bytes`` are bytes.

    The input steps of a tile lie in scratch memory at ``x``, by phases of the stride: a channel of a phase takes
    ``channel_bytes``, and all of them ``phase_bytes``. A table at the start of scratch memory says where each of the
    ``taps`` begins, which lie ``tap_dilation`` steps apart. ``example_tiles`` tiles cover an example.
    Filters are multiplied ``part_filters`` to a ticket, ``group_filters`` at a time, whose weights take
    ``group_bytes``, and whose sums lie at ``y`` where they are not made in the outputs.
    """

    series_channels: int
    span: int
    taps: int
    tap_dilation: int
    numbers: int
    channel_bytes: int
    phase_bytes: int
    example_tiles: int
    example_groups: int
    part_filters: int
    group_filters: int
    group_bytes: int
    copy_numbers: int
    split_phases: int


RowsProblem: Any = joined("RowsProblem", Problem, Rows)

rows_at: Any = fields_at(RowsProblem)

StepsProblem: Any = joined("StepsProblem", Problem, Steps)

steps_at: Any = fields_at(StepsProblem)
