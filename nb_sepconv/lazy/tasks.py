"""What the task of an output chunk does."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.applying import apply_window
from nb_sepconv.convolution.rooms import Rooms
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.convolution.windows import field, places, windows

if TYPE_CHECKING:
    from nb_sepconv.lazy.model import Frozen

PIECE_BYTES = 1 << 22
"""The largest array of a piece, in which a chunk is computed, so that all arrays between layers stay in the caches."""
LEAST_FIELDS = 20
"""A piece is as long as so many fields, so that 5% of the work at most is done twice."""
_rooms = Rooms()


class Series(NamedTuple):
    """What all tasks of an output share: the model, and the input's length, channels, type and data format.

    The channels come in ``parts`` chunks.
    """

    model: Frozen
    length: int
    channels: int
    parts: int
    dtype: Any
    channels_last: bool


class Piece(NamedTuple):
    """The output steps [start, stop) of the examples [first, last)."""

    first: int
    last: int
    start: int
    stop: int


def chunk_of_output(series: Series, examples: int, start: int, stop: int, offset: int, *blocks: Any) -> Any:
    """The output steps [start, stop) of a chunk of examples.

    Args:
        offset: the first step of the first block.
        blocks: the input's blocks that the steps depend on, in the order of time; for each time those of all channels.
    """
    stages, precision = series.model.restored()
    where = places(stages, series.length)

    def computed(piece, out=None, room=None):
        def read(begin, end):
            return _read(series, piece, begin - offset, end - offset, blocks)

        return apply_window(stages, windows(where, piece.start, piece.stop), read, out, room)

    with precisions.precision(precision):
        whole = Piece(0, examples, start, stop)
        pieces = _pieces(series, stages, where, whole)
        if len(pieces) == 1:
            return computed(whole)
        filters, dtype = _outputs(series, stages)
        out = np.empty((examples, stop - start, filters), dtype)
        for piece in pieces:
            part = out[piece.first : piece.last, piece.start - start : piece.stop - start]
            computed(piece, part, _rooms)
    return out


def _outputs(series, stages):
    """The channels and the type of the outputs."""
    channels, dtype = series.channels, series.dtype
    for stage in stages:
        channels, dtype = stage.output_channels(channels), stage.dtype or dtype
    return channels, dtype


def _pieces(series, stages, where, whole):
    """A chunk as pieces that lie in the outputs in a row: examples together, or steps of one.

    What NumPy computes may depend on where it is cut in its last bits, and is not cut.
    """
    largest = _largest_bytes(series, stages, windows(where, whole.start, whole.stop), whole.stop - whole.start)
    if not series.channels_last or largest * whole.last <= PIECE_BYTES or any(stage.by_numpy for stage in stages):
        return [whole]
    of, steps = field(where), whole.stop - whole.start
    count = max(min(ceil(largest / PIECE_BYTES), steps * of.stride // (LEAST_FIELDS * of.span)), 1)
    cuts = [whole.start + steps * number // count for number in range(count + 1)]
    together = max(PIECE_BYTES // largest, 1) if count == 1 else 1
    ranges = [(first, min(first + together, whole.last)) for first in range(0, whole.last, together)]
    return [Piece(*examples, *cut) for examples in ranges for cut in pairwise(cuts)]


def _largest_bytes(series, stages, found, steps):
    """Of the arrays of one example."""
    channels, item = series.channels, np.dtype(series.dtype).itemsize
    sizes = [(found[0].stop - found[0].start) * channels * item]
    lengths = [window.stop - window.start for window in found[1:]] + [steps]
    for stage, length in zip(stages, lengths, strict=True):
        channels, item = stage.output_channels(channels), np.dtype(stage.dtype).itemsize if stage.dtype else item
        sizes.append(length * channels * item)
    return max(sizes)


def _read(series, piece, begin, end, blocks):
    """The steps [begin, end), counted from the first block's first one: a view of one block, or a copy."""
    axis = 1 if series.channels_last else 2
    examples = slice(piece.first, piece.last)
    while len(blocks) > series.parts and begin >= blocks[0].shape[axis]:
        size, blocks = blocks[0].shape[axis], blocks[series.parts :]
        begin, end = begin - size, end - size
    if blocks and series.parts == 1 and end <= blocks[0].shape[axis]:
        return _steps(np.asarray(blocks[0])[examples], axis, begin, end)
    shape = by_step((piece.last - piece.first, end - begin, series.channels), series.channels_last)
    taken = np.empty(shape, series.dtype)
    for number in range(0, len(blocks), series.parts):
        channel, size = 0, blocks[number].shape[axis]
        for block in blocks[number : number + series.parts]:
            behind = channel + block.shape[3 - axis]
            target = taken[:, :, channel:behind] if axis == 1 else taken[:, channel:behind]
            _steps(target, axis, max(-begin, 0), max(size - begin, 0))[...] = _steps(
                block[examples], axis, max(begin, 0), max(end, 0)
            )
            channel = behind
        begin, end = begin - size, end - size
    return taken


def _steps(array, axis, begin, end):
    return array[:, begin:end] if axis == 1 else array[:, :, begin:end]
