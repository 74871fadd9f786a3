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
    """A layer on each example alone, cut to its length, where the kernel fits into it."""
    fits = [length > 0 if stage is None else place(stage, int(length)).steps > 0 for length in lengths]
    results = {
        n: np.asarray(layer(np.ascontiguousarray(_before(inputs, n, lengths[n], channels_last))))
        for n in np.flatnonzero(fits)
    }
    if not results:
        with np.errstate(all="ignore"):
            outputs = np.zeros_like(layer(np.zeros_like(inputs)))  # for their shape
        return outputs, np.zeros_like(lengths) if outputs.ndim == 3 else None
    if next(iter(results.values())).ndim == 3:
        length = by_step(inputs.shape, channels_last)[1]
        return _side_by_side(results, lengths, length if stage is None else place(stage, length).steps, channels_last)
    return _one_below_the_other(results, len(inputs)), None


def _one_below_the_other(results, examples):
    """The results of a layer that joins the steps, zeros for examples without any."""
    one = next(iter(results.values()))
    outputs = np.zeros((examples, *one.shape[1:]), one.dtype)
    for n, result in results.items():
        outputs[n] = result[0]
    return outputs


def _side_by_side(results, lengths, steps, channels_last):
    """The results as one array of at least so many ``steps``, zeros behind each, and the steps that each has."""
    found = np.zeros_like(lengths)
    for n, result in results.items():
        _, found[n], channels = by_step(result.shape, channels_last)
    shape = by_step((len(lengths), max(steps, int(found.max())), channels), channels_last)
    outputs = np.zeros(shape, result.dtype)
    for n, result in results.items():
        _before(outputs, n, found[n], channels_last)[...] = result
    return outputs, found


def _before(array, n, steps, channels_last):
    return array[n : n + 1, :steps] if channels_last else array[n : n + 1, :, :steps]


def _behind(array, n, steps, channels_last):
    return array[n : n + 1, steps:] if channels_last else array[n : n + 1, :, steps:]


def checked_lengths(lengths: Any, mask: Any, inputs: Any, channels_last: bool) -> Any:
    """The lengths of ``inputs`` from the one of the two that a caller gave.

    Raises:
        TypeError, ValueError: they are no lengths or no mask of these inputs.
    """
    array_arguments.three_axes(inputs)
    examples, steps, _ = by_step(inputs.shape, channels_last)
    if mask is None:
        return array_arguments.lengths(lengths, examples, steps)
    return array_arguments.lengths_or_mask(lengths, mask, examples, steps)
