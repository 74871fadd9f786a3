"""Examples of one batch that end at steps of their own: each gives what it gives alone, and zeros behind that."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks import arguments, array_arguments
from nb_sepconv.convolution.geometry import geometry, kernel_span, output_length
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.kernels.protocol import Lengths


def lengths_of(lengths: Any, inputs: np.ndarray, kernel_size: int, chosen: Any) -> Lengths:
    """What the kernels are told of the ``lengths`` of ``inputs``.

    Args:
        lengths: array or sequence of ints (N,), from 0 to the steps of ``inputs``.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.

    Raises:
        TypeError, ValueError: other lengths.
    """
    examples, length, _ = by_step(inputs.shape, chosen.channels_last)
    lengths = array_arguments.lengths(lengths, examples, length)
    return Lengths(lengths, *lefts_and_steps(lengths, kernel_size, chosen))


def lengths_elsewhere(inputs: Any) -> TypeError:
    """What to raise for lengths of ``inputs`` that are not convolved by the CPU's kernels now."""
    return TypeError(
        "`lengths` are for arrays in the host's memory that are convolved there: on a GPU and with Dask, convolve each "
        f"example alone, cut to its length. Received: `inputs` of type {type(inputs).__name__}"
    )


def output_steps(lengths: Any, kernel_size: Any, chosen: Any) -> np.ndarray:
    """The output steps of series of some ``lengths``, an array of ints >= 0 of any shape."""
    lengths = array_arguments.counts("lengths", lengths)
    (kernel_size,) = arguments.one_integer(kernel_size, "kernel_size")
    return lefts_and_steps(lengths, kernel_size, chosen)[1]


def lefts_and_steps(lengths: np.ndarray, kernel_size: int, chosen: Any) -> tuple[np.ndarray, np.ndarray]:
    """The zeros before series of some lengths, and their output steps, as
    :func:`~nb_sepconv.convolution.geometry.geometry` has them for one; 0 steps where the kernel does not fit.

    Args:
        chosen: what has a ``stride``, a ``dilation`` and a ``padding``.
    """
    stride, span = chosen.stride, kernel_span(kernel_size, chosen.dilation)
    if chosen.padding == "same" and stride == 1:
        lefts = np.empty_like(lengths)
        lefts.fill((span - 1) // 2)  # sooner than by `full`
        return lefts, lengths
    if chosen.padding == "same":
        steps = (lengths + stride - 1) // stride
        return np.maximum((steps - 1) * stride + span - lengths, 0) // 2, steps
    where = geometry(0, kernel_size, stride, chosen.dilation, chosen.padding)
    steps = output_length(lengths + where.left + where.right, span, stride)
    return np.full_like(lengths, where.left), np.maximum(steps, 0)


def example_by_example(function: Any, lengths: Lengths, chosen: Any, *arrays: np.ndarray) -> np.ndarray:
    """``function`` of arrays of the outputs' shape, applied to the output steps of each example alone; zeros behind.

    It need not act on each step alone, and it may change the number of channels.
    """
    results = {n: function(*alone) for n, *alone in _alone(lengths, chosen, arrays)}
    outputs = next(iter(results.values()), None)
    if outputs is None:
        with np.errstate(all="ignore"):
            return np.zeros_like(function(*arrays))  # of zeros, for their shape
    _, _, channels = by_step(outputs.shape, chosen.channels_last)
    examples, steps, _ = by_step(arrays[0].shape, chosen.channels_last)
    joined = np.zeros(by_step((examples, steps, channels), chosen.channels_last), outputs.dtype)
    for n, result in results.items():
        cut(joined, n, lengths, chosen)[...] = result
    return joined


def _alone(lengths, chosen, arrays):
    for n in np.flatnonzero(lengths.steps):
        yield n, *(np.ascontiguousarray(cut(array, n, lengths, chosen)) for array in arrays)


def cut(array: np.ndarray, n: Any, lengths: Lengths, chosen: Any) -> np.ndarray:
    """The output steps that example ``n`` has, an array of one example."""
    steps = lengths.steps[n]
    return array[n : n + 1, :steps] if chosen.channels_last else array[n : n + 1, :, :steps]
