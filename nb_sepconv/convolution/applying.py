"""A stack's outputs for a range of steps, from what they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb_sepconv.convolution.stage import Stage
    from nb_sepconv.convolution.windows import Window


def apply_window(
    stages: Sequence[Stage],
    found: Sequence[Window],
    read: Callable[[int, int], Any],
    out: Any = None,
    room: Callable[[int, tuple[int, ...], Any], Any] | None = None,
) -> Any:
    """The outputs for the range that ``windows`` was asked for.

    Args:
        stages: of a stack.
        found: what :func:`~nb_sepconv.convolution.windows.windows` gave for them.
        read: function ``(start, stop)`` that returns these steps of the inputs, an array of three axes.
        out: C-contiguous array that takes the outputs. Default a new one.
        room: function ``(number, shape, dtype)`` that returns a C-contiguous array for the outputs of the stage of this
            number, which the next stage alone reads. Default new ones.

    Returns:
        array (N, stop - start, F) or (N, F, stop - start).
    """
    outputs = read(found[0].start, found[0].stop)
    last = len(stages) - 1
    for number, (stage, window) in enumerate(zip(stages, found, strict=True)):
        axis = 2 if stage.channels_last is False else 1
        if not window.stop - window.start + sum(window.zeros):
            outputs = _no_steps(stage, outputs, axis)
        elif number == last:
            outputs = stage.convolve(outputs, window.zeros, out)
        elif room is None or stage.by_numpy:
            outputs = stage.convolve(outputs, window.zeros)
        else:
            following = found[number + 1]
            shape = _shape(stage, outputs, axis, following.stop - following.start)
            outputs = stage.convolve(outputs, window.zeros, room(number, shape, stage.dtype or outputs.dtype))
    return outputs


def _shape(stage, inputs, axis, steps):
    shape, channel_axis = list(inputs.shape), 3 - axis
    shape[axis], shape[channel_axis] = steps, stage.output_channels(inputs.shape[channel_axis])
    return tuple(shape)


def _no_steps(stage, inputs, axis):
    """No step: a later layer reads nothing but its own zeros."""
    return np.empty(_shape(stage, inputs, axis, 0), stage.dtype or inputs.dtype)
