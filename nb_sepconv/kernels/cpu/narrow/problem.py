"""What the compiled loops are told beyond a :class:`Problem` where few channels fill all lanes of a vector.

The :class:`Problem` is that of a layer with as many channels as this one has hidden channels, and a multiplier of 1.
"""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.fields import fields_at, joined
from nb_sepconv.kernels.cpu.forward.problem import Problem
from nb_sepconv.kernels.cpu.transposed.problem import TransposedProblem


class Narrow(NamedTuple):
    """All integers; ``*_bytes`` are bytes.

    The ``input_channels`` of the layer are loaded to ``numbers``, a place in scratch memory, a step every
    ``number_bytes``, and spread from there over the lanes of ``patterns`` vectors for each step. Blocks of hidden
    channels use these vectors in turn. Where all lanes see one channel, ``spread`` is 0, and its numbers lie by phases
    of the stride instead. Where hidden channels are few, a vector has those of ``segments`` output steps, which lie
    apart, each the first of ``most_steps`` at most that are computed at a time. ``lanes`` are those in use of all
    hidden vectors of a step.

    ``order`` is the place of tables in the packed weights: the channel of each lane. ``number_table`` is the place of
    a table in scratch memory, which is used where channels are loaded step by step and not all numbers at once, which
    ``copy_numbers`` does, or ``interleave`` where the steps of each channel lie side by side.
    """

    input_channels: int
    input_multiplier: int
    segments: int
    lanes: int
    patterns: int
    most_steps: int
    numbers: int
    number_bytes: int
    number_table: int
    table_steps: int
    order: int
    copy_numbers: int
    interleave: int
    split_phases: int
    spread: int
    pack_lanes: int


NarrowProblem: Any = joined("NarrowProblem", Problem, Narrow)

narrow_at: Any = fields_at(NarrowProblem)

NarrowTransposedProblem: Any = joined("NarrowTransposedProblem", TransposedProblem, Narrow)

narrow_transposed_at: Any = fields_at(NarrowTransposedProblem)
