"""The layers of a stack on examples that end at steps of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.convolution.windows import place


def outputs_and_lengths(layer: Any, inputs: Any, lengths: Any, channels_last: bool) -> tuple[Any, Any]:
    """What a layer gives for examples of some ``lengths``, and how many steps each has then; None where steps are gone.

    A layer that takes lengths is told them, one of each step alone is called once, and any other one example by
    example.
    """
    if hasattr(layer, "compute_output_lengths"):
        return layer(inputs, lengths=lengths), layer.compute_output_lengths(lengths)
    if not getattr(layer, "built", True):
        layer(np.zeros_like(inputs[:1]))
    stage = _stage_of(layer)
    if stage is not None and _acts_on_each_step(stage, by_step(inputs.shape, channels_last)[2]):
        outputs = np.array(layer(inputs))
        for n, length in enumerate(lengths):
            _behind(outputs, n, length, channels_last)[...] = 0
        return outputs, lengths
    return _one_by_one(layer, stage, inputs, lengths, channels_last)


def _stage_of(layer):
    """How a layer moves over time; None for one of which it is not known."""
    try:
        return layer._stage()
    except (AttributeError, TypeError, ValueError):
        return None


def _acts_on_each_step(stage, channels):
    return stage.span == stage.stride == 1 and not stage.by_numpy and not stage.acts_over_time(channels)


def _one_by_one(layer, stage, inputs, lengths, channels_last):
    steps = [length if stage is None else place(stage, int(length)).steps for length in lengths]
    called = {
        n: np.asarray(layer(_up_to(inputs, n, lengths[n], channels_last))) for n, each in enumerate(steps) if each
    }
    if not called:
        with np.errstate(all="ignore"):
            outputs = np.zeros_like(layer(np.zeros_like(inputs)))  # for their shape
        return outputs, (np.zeros_like(lengths) if outputs.ndim == 3 else None)
    one = next(iter(called.values()))
    if one.ndim != 3:
        outputs = np.zeros((len(inputs), *one.shape[1:]), one.dtype)
        for n, result in called.items():
            outputs[n] = result[0]
        return outputs, None
    found = np.zeros_like(lengths)
    for n, result in called.items():
        found[n] = by_step(result.shape, channels_last)[1]
    total = by_step(inputs.shape, channels_last)[1]
    total = max(total, found.max()) if stage is None else place(stage, total).steps
    shape = len(inputs), total, by_step(one.shape, channels_last)[2]
    outputs = np.zeros(by_step(shape, channels_last), one.dtype)
    for n, result in called.items():
        _before(outputs, n, found[n], channels_last)[...] = result
    return outputs, found


def _before(array, n, steps, channels_last):
    return array[n : n + 1, :steps] if channels_last else array[n : n + 1, :, :steps]


def _behind(array, n, steps, channels_last):
    return array[n : n + 1, steps:] if channels_last else array[n : n + 1, :, steps:]


def _up_to(inputs, n, length, channels_last):
    return np.ascontiguousarray(_before(inputs, n, length, channels_last))


def checked_lengths(lengths: Any, mask: Any, inputs: Any, channels_last: bool) -> Any:
    """The lengths of ``inputs`` from what a caller gave, checked; None for neither.

    Raises:
        TypeError, ValueError: they are no lengths or no mask of these inputs.
    """
    if lengths is None and mask is None:
        return None
    array_arguments.three_axes(inputs)
    examples, steps, _ = by_step(inputs.shape, channels_last)
    if mask is None:
        return array_arguments.lengths(lengths, examples, steps)
    return array_arguments.lengths_or_mask(lengths, mask, examples, steps)
