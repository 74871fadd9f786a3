"""Which chunks an output has, and which chunks of the input it depends on."""

import itertools

import pytest
from window_cases import PADDINGS

from nb_sepconv.convolution.stage import Stage
from nb_sepconv.convolution.windows import field, places, windows
from nb_sepconv.lazy.chunks import output_chunks

CHUNKS = [(0,), (1,), (5,), (2, 3), (1, 1, 1, 1), (3, 0, 4), (0, 2, 0), (1, 7, 2), (4, 4, 4), (1,) * 12]


def stacks():
    moves = list(itertools.product((1, 2, 3), (1, 2, 4), (1, 2), PADDINGS))
    yield from ([move] for move in moves)
    yield from (moves[number : number + 3] for number in range(0, len(moves) - 3, 7))


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_chunks_follow_one_another_and_depend_on_what_their_windows_read(chunks):
    edges = [0, *itertools.accumulate(chunks)]
    for moves in stacks():
        where = places([Stage("stage", None, *move) for move in moves], sum(chunks))
        found = output_chunks(chunks, where[-1].steps, field(where))
        assert [found[0].start, *(chunk.stop for chunk in found)] == [*(chunk.start for chunk in found), found[-1].stop]
        assert (found[0].start, found[-1].stop) == (0, where[-1].steps)
        assert len(found) <= len(chunks)
        assert len(found) == 1 or all(chunk.stop > chunk.start for chunk in found)
        for start, stop, first, behind, offset in found:
            begin, end, _ = windows(where, start, stop)[0]
            assert begin == end or edges[first] <= begin < end <= edges[behind]
            assert first == behind or offset == edges[first]


def test_an_output_chunk_stands_over_the_input_chunk_of_its_steps():
    where = places([Stage("stage", None, 3, 2, 1, "same")], 20)
    found = output_chunks((10, 5, 5), where[-1].steps, field(where))
    assert [(chunk.start, chunk.stop) for chunk in found] == [(0, 5), (5, 8), (8, 10)]
    assert [(chunk.first, chunk.behind) for chunk in found] == [(0, 2), (1, 3), (2, 3)]
