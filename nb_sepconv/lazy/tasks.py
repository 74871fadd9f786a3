"""What the task of an output chunk does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.applying import apply_window
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.convolution.windows import places, windows

if TYPE_CHECKING:
    from nb_sepconv.lazy.model import Frozen


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


def chunk_of_output(series: Series, examples: int, start: int, stop: int, offset: int, *blocks: Any) -> Any:
    """The output steps [start, stop) of a chunk of examples.

    Args:
        offset: the first step of the first block.
        blocks: the input's blocks that the steps depend on, in the order of time; for each time those of all channels.
    """
    stages, precision = series.model.restored()
    found = windows(places(stages, series.length), start, stop)

    def read(begin, end):
        return _read(series, examples, begin - offset, end - offset, blocks)

    with precisions.precision(precision):
        return apply_window(stages, found, read)


def _read(series, examples, begin, end, blocks):
    """The steps [begin, end), counted from the first block's first one: a view of one block, or a copy."""
    axis = 1 if series.channels_last else 2
    if len(blocks) == 1:
        return _steps(np.asarray(blocks[0]), axis, begin, end)
    shape = by_step((examples, end - begin, series.channels), series.channels_last)
    taken = np.empty(shape, series.dtype)
    for number in range(0, len(blocks), series.parts):
        channel, size = 0, blocks[number].shape[axis]
        for block in blocks[number : number + series.parts]:
            behind = channel + block.shape[3 - axis]
            target = taken[:, :, channel:behind] if axis == 1 else taken[:, channel:behind]
            _steps(target, axis, max(-begin, 0), max(size - begin, 0))[...] = _steps(
                block, axis, max(begin, 0), max(end, 0)
            )
            channel = behind
        begin, end = begin - size, end - size
    return taken


def _steps(array, axis, begin, end):
    return array[:, begin:end] if axis == 1 else array[:, :, begin:end]
