"""Integers only: how long the output is and where each output step reads the input.

An output step ``t`` with tap ``k`` reads input step ``t*stride + k*dilation - left``; steps outside ``0..length-1`` are zeros.
"""

from typing import NamedTuple


class Geometry(NamedTuple):
    """Where the taps fall: the output's length and the zeros put before and after the input."""

    output_length: int
    left: int
    right: int


def kernel_span(kernel_size: int, dilation: int) -> int:
    """The input steps that one output step covers, from its first tap to its last."""
    return (kernel_size - 1) * dilation + 1


def geometry(length: int, kernel_size: int, stride: int, dilation: int, padding) -> Geometry:
    """The geometry of one series; ``padding`` is ``"valid"``, ``"same"``, ``"causal"`` or ``(left, right)``.

    The output length is 0 or less where the kernel does not fit; the caller refuses that.
    Source: TensorFlow's ``GetWindowedOutputSizeVerbose`` (SAME puts the odd zero on the right).
    """
    span = kernel_span(kernel_size, dilation)
    left, right = _zeros(length, span, stride, padding)
    return Geometry((length + left + right - span) // stride + 1, left, right)


def _zeros(length: int, span: int, stride: int, padding) -> tuple[int, int]:
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return span - 1, 0
    if padding == "same":
        steps = -(-length // stride)
        total = max((steps - 1) * stride + span - length, 0)
        return total // 2, total - total // 2
    left, right = padding
    return left, right
