"""Which steps of a series a range of output steps depends on: integers only, for one layer, a stack and any function.

An output step ``t`` of a layer reads the input steps ``t*stride - left + k*dilation``, k = 0 .. K-1; steps outside
``[0, length)`` are zeros.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nb_sepconv.convolution.geometry import geometry, kernel_span


class Place(NamedTuple):
    """Where a layer's outputs lie on an input of ``length`` steps.

    ``steps`` are those of the output, 0 where the kernel does not fit; ``left`` and ``right`` the zeros before and
    after the input; ``span`` the input steps from a kernel's first tap to its last.
    """

    length: int
    steps: int
    left: int
    right: int
    stride: int
    span: int


class Field(NamedTuple):
    """A stack as one kernel: output step ``t`` depends on the ``span`` input steps from ``t*stride - left`` on.

    It is exact as a set of steps. The values are those of the layers one by one, each with zeros at its own edge.
    """

    span: int
    stride: int
    left: int

    @property
    def lookahead(self) -> int:
        """The input steps after ``t*stride`` that output step ``t`` waits for; below 0 where it ends before that."""
        return self.span - 1 - self.left


class Window(NamedTuple):
    """What a layer reads for a range of its output: the input steps [start, stop), and zeros (before, after) them."""

    start: int
    stop: int
    zeros: tuple[int, int]


class Feed(NamedTuple):
    """What to feed a function for a range of its output: the input steps [start, stop); and of what it answers, the
    ``keep`` steps behind the first ``skip``.
    """

    start: int
    stop: int
    skip: int
    keep: int


def place(layer: Any, length: int) -> Place:
    """The place of a layer on ``length`` steps.

    Args:
        layer: what has ``kernel_size``, ``stride``, ``dilation`` and ``padding``, as a
            :class:`~nb_sepconv.convolution.stage.Stage` has.
    """
    where = geometry(length, layer.kernel_size, layer.stride, layer.dilation, layer.padding)
    span = kernel_span(layer.kernel_size, layer.dilation)
    return Place(length, max(where.output_length, 0), where.left, where.right, layer.stride, span)


def places(layers: Any, length: int) -> list[Place]:
    """The places of a stack's layers, the first one on ``length`` steps, each other on what the one before gives."""
    found: list[Place] = []
    for layer in layers:
        found.append(place(layer, length))
        length = found[-1].steps
    return found


def field(where: list[Place]) -> Field:
    """The field of a stack: ``span = 1 + sum (span_i - 1) S_i``, ``left = sum left_i S_i``, S_i of strides before i."""
    span, stride, left = 1, 1, 0
    for each in where:
        span += (each.span - 1) * stride
        left += each.left * stride
        stride *= each.stride
    return Field(span, stride, left)


def window(where: Place, start: int, stop: int) -> Window:
    """The window of a layer for its output steps [start, stop), within [0, steps)."""
    if start == stop:
        return Window(0, 0, (0, 0))
    first = start * where.stride - where.left
    behind = (stop - 1) * where.stride - where.left + where.span
    begin = min(max(first, 0), where.length)
    end = min(max(behind, begin), where.length)
    before = min(max(-first, 0), behind - first)
    return Window(begin, end, (before, behind - first - before - (end - begin)))


def windows(where: list[Place], start: int, stop: int) -> list[Window]:
    """The windows of a stack's layers, in their order, for the output steps [start, stop) of the last one.

    What a layer reads is what the one before it has to produce; each has zeros at its own edges.

    Raises:
        ValueError: a range outside of the output.
    """
    if not 0 <= start <= stop <= where[-1].steps:
        raise ValueError(f"`start` and `stop` must lie within the {where[-1].steps} steps. Received: {start}, {stop}")
    found = []
    for each in reversed(where):
        found.append(window(each, start, stop))
        start, stop = found[-1][:2]
    return found[::-1]


def feed(of: Field, length: int, start: int, stop: int) -> Feed:
    """What to feed a function with the field ``of``, which pads by itself, for its output steps [start, stop).

    The feed starts at a multiple of the stride, so that strides fall on the same steps; it leaves out a multiple of
    the stride at the end, so that "same" puts as many zeros before it in every layer; and it is as long as the field
    or the series, so that no layer refuses it.
    """
    if start == stop or not length:
        return Feed(0, length, 0, 0)
    first = start * of.stride - of.left
    behind = (stop - 1) * of.stride - of.left + of.span
    begin = min(max(first, 0), max(length - of.span, 0)) // of.stride * of.stride
    left_out = max(length - max(behind, begin + of.span), 0) // of.stride * of.stride
    return Feed(begin, length - left_out, start - begin // of.stride, stop - start)
