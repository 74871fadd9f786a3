"""Examples of one batch that end at steps of their own: each gives what it gives alone, and zeros behind that."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nb_sepconv.checks import arguments, array_arguments
from nb_sepconv.convolution.geometry import geometry, kernel_span, output_length
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.kernels.protocol import SAME_ZEROS, Lengths

INTP = np.dtype(np.intp)
MOST_RULES = 256  # that are remembered


def lengths_of(lengths: Any, inputs: np.ndarray, kernel_size: int, chosen: Any) -> Lengths:
    """What the kernels are told of the ``lengths`` of ``inputs``. They refuse those that are not from 0 to its steps.

    Args:
        lengths: array or sequence of ints (N,), from 0 to the steps of ``inputs``.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.

    Raises:
        TypeError, ValueError: other lengths.
    """
    ready = type(lengths) is np.ndarray and lengths.dtype == INTP and lengths.shape == inputs.shape[:1]
    if not ready or not lengths.flags.c_contiguous:
        examples, length, _ = by_step(inputs.shape, chosen.channels_last)
        lengths = array_arguments.lengths(lengths, examples, length)
    return Lengths(lengths, *_output_rule(kernel_size, chosen.stride, chosen.dilation, chosen.padding))


@lru_cache(MOST_RULES)
def _output_rule(kernel_size, stride, dilation, padding):
    """How output steps follow from a length: the fields of :class:`~nb_sepconv.kernels.protocol.Lengths` behind it."""
    zeros = SAME_ZEROS
    if padding != "same":
        where = geometry(0, kernel_size, 1, dilation, padding)
        zeros = where.left + where.right
    return kernel_span(kernel_size, dilation), stride, zeros


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
    return steps_of(lengths, kernel_size, chosen)


def steps_of(lengths: np.ndarray, kernel_size: int, chosen: Any) -> np.ndarray:
    """The same for an array of intp, 0 where the kernel does not fit, as
    :func:`~nb_sepconv.convolution.geometry.geometry` has them for one series.

    Args:
        chosen: what has a ``stride``, a ``dilation`` and a ``padding``.
    """
    if chosen.padding == "same":
        return (lengths + chosen.stride - 1) // chosen.stride
    where = geometry(0, kernel_size, chosen.stride, chosen.dilation, chosen.padding)
    span = kernel_span(kernel_size, chosen.dilation)
    return np.maximum(output_length(lengths + where.left + where.right, span, chosen.stride), 0)


def example_by_example(function: Any, steps: np.ndarray, chosen: Any, *arrays: np.ndarray) -> np.ndarray:
    """``function`` of arrays of the outputs' shape, applied to the output ``steps`` (N,) of each example alone; zeros
    behind.

    It need not act on each step alone, and it may change the number of channels.
    """
    results = {n: function(*alone) for n, *alone in _alone(steps, chosen, arrays)}
    outputs = next(iter(results.values()), None)
    if outputs is None:
        with np.errstate(all="ignore"):
            return np.zeros_like(function(*arrays))  # of zeros, for their shape
    _, _, channels = by_step(outputs.shape, chosen.channels_last)
    examples, most, _ = by_step(arrays[0].shape, chosen.channels_last)
    joined = np.zeros(by_step((examples, most, channels), chosen.channels_last), outputs.dtype)
    for n, result in results.items():
        _cut(joined, n, steps[n], chosen)[...] = result
    return joined


def _alone(steps, chosen, arrays):
    for n in np.flatnonzero(steps):
        yield n, *(np.ascontiguousarray(_cut(array, n, steps[n], chosen)) for array in arrays)


def _cut(array, n, steps, chosen):
    """So many steps of example ``n``, an array of one example."""
    return array[n : n + 1, :steps] if chosen.channels_last else array[n : n + 1, :, :steps]
