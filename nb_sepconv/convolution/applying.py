"""A stack's outputs for a range of steps, from what they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb_sepconv.convolution.stage import Stage
    from nb_sepconv.convolution.windows import Window


def apply_window(
    stages: Sequence[Stage], found: Sequence[Window], read: Callable[[int, int], Any], out: Any = None
) -> Any:
    """The outputs for the range that ``windows`` was asked for.

    Args:
        stages: of a stack.
        found: what :func:`~nb_sepconv.convolution.windows.windows` gave for them.
        read: function ``(start, stop)`` that returns these steps of the inputs, an array of three axes.
        out: C-contiguous array that takes the outputs. Default a new one.

    Returns:
        array (N, stop - start, F) or (N, F, stop - start).
    """
    outputs = read(found[0].start, found[0].stop)
    last = len(stages) - 1
    for number, (stage, window) in enumerate(zip(stages, found, strict=True)):
        axis = 2 if stage.channels_last is False else 1
        if window.stop - window.start + sum(window.zeros):
            outputs = stage.convolve(outputs, window.zeros, out if number == last else None)
        else:
            outputs = _no_steps(stage, outputs, axis)
    return outputs


def _no_steps(stage, inputs, axis):
    """No step: a later layer reads nothing but its own zeros."""
    shape, channel_axis = list(inputs.shape), 3 - axis
    shape[axis], shape[channel_axis] = 0, stage.output_channels(inputs.shape[channel_axis])
    return np.empty(shape, stage.dtype or inputs.dtype)
