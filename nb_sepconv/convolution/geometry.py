"""Integers only: how long the output is and where each output step reads the input.

An output step ``t`` with tap ``k`` reads input step ``t*stride + k*dilation - left``; steps outside the series are
zeros.
"""

from typing import Any, NamedTuple


class Geometry(NamedTuple):
    """Where the taps fall: the output's length and the zeros put before and after the input."""

    output_length: int
    left: int
    right: int


def geometry(length: int, kernel_size: int, stride: int, dilation: int, padding: Any) -> Geometry:
    """The geometry of one series; ``padding`` is ``"valid"``, ``"same"``, ``"causal"`` or ``(left, right)``.

    The output length is 0 or less where the kernel does not fit; the caller refuses that.
    """
    span = kernel_span(kernel_size, dilation)
    if padding == "valid":
        left, right = 0, 0
    elif padding == "causal":
        left, right = span - 1, 0
    elif padding == "same":
        left, right = same_zeros(length, span, stride)
    else:
        left, right = padding
    return Geometry(output_length(length + left + right, span, stride), left, right)


def kernel_span(kernel_size: int, dilation: int) -> int:
    """The input steps that one output step covers, from its first tap to its last."""
    return (kernel_size - 1) * dilation + 1


def output_length(padded_length: int, span: int, stride: int) -> int:
    """How many output steps a padded series has; 0 or less where the kernel does not fit."""
    return (padded_length - span) // stride + 1


def same_zeros(length: int, span: int, stride: int) -> tuple[int, int]:
    """Zeros before and after for ceil(length / stride) output steps, the odd one after.

    Source: TensorFlow's ``GetWindowedOutputSizeVerbose``.
    """
    steps = (length + stride - 1) // stride
    total = max((steps - 1) * stride + span - length, 0)
    return total // 2, total - total // 2
