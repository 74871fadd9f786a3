"""Which chunks a lazy output has, and which of the input's chunks each depends on: integers only."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.convolution.windows import Field


class Chunk(NamedTuple):
    """The output steps [start, stop), and the input's chunks [first, behind) that they depend on; ``offset`` is the
    first step of these.
    """

    start: int
    stop: int
    first: int
    behind: int
    offset: int


def output_chunks(chunks: Sequence[int], steps: int, of: Field) -> list[Chunk]:
    """The chunks of an output, as many as those of the input or fewer.

    An output step ``t`` is in the chunk of the input step ``t*stride``; those behind the input are in the last chunk.

    Args:
        chunks: the sizes of the input's chunks over time.
        steps: the output's steps.
        of: the model's field.
    """
    edges = [0, *accumulate(chunks)]
    cuts = {min(-(-edge // of.stride), steps) for edge in edges[:-1]} | {0, steps}
    ranges = list(pairwise(sorted(cuts))) or [(0, 0)]
    return [_chunk(start, stop, edges, of) for start, stop in ranges]


def _chunk(start, stop, edges, of):
    length = edges[-1]
    begin = min(max(start * of.stride - of.left, 0), length)
    end = min(max((stop - 1) * of.stride - of.left + of.span, begin), length)
    if start == stop or begin == end:
        return Chunk(start, stop, 0, 0, 0)
    first = bisect_right(edges, begin) - 1
    behind = bisect_right(edges, end - 1)
    return Chunk(start, stop, first, behind, edges[first])
