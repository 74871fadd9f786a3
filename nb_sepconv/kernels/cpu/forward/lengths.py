"""Examples of different lengths in one batch: a table tells the compiled loops which rows there are.

It has a line of integers for each example, and one more whose first row is the number of all rows. Examples follow one
another without gaps, so that rows behind an output's end exist nowhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES, ceil_div
from nb_sepconv.kernels.cpu.codegen.blocking import ROWS
from nb_sepconv.kernels.cpu.codegen.fields import address_of_fields
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled, pointer_to
from nb_sepconv.kernels.cpu.codegen.intrinsics import call6, clear_bytes, load_intp, store_intp
from nb_sepconv.kernels.cpu.forward.problem import problem_at
from nb_sepconv.kernels.protocol import SAME_ZEROS

LEAST_ALONE = 2 * ROWS  # rows of an example that are multiplied alone, to be stored where they belong


class Line(NamedTuple):
    """An example's first row, its input steps, the zeros before them, and its output steps."""

    first_row: int
    length: int
    left: int
    steps: int


LINE_BYTES = len(Line._fields) * INTP_BYTES


class Piece(NamedTuple):
    """Rows of one example in a tile, the first of them its output step ``step``; ``steps`` of them exist, and they read
    a series of ``length`` steps behind ``left`` zeros.
    """

    example: int
    step: int
    rows: int
    steps: int
    length: int
    left: int


@compiled
def fill_table(s: Any, lengths: Any, span: Any, stride: Any, zeros: Any, row_multiple: Any, table: Any) -> Any:
    """Write the table of the examples of a shape, which have whole groups of ``row_multiple`` rows. Returns the number
    of all rows, or -1 where a length is none of 0 to the steps of the inputs.

    ``lengths`` is the address of those of :class:`~nb_sepconv.kernels.protocol.Lengths`, each of which is read once;
    what follows is as there. A shape's own stride may be another one, where there is no second output step.
    """
    row = 0
    for example in range(s.examples):
        length, at = load_intp(lengths + example * INTP_BYTES), table + example * LINE_BYTES
        if length < 0 or length > s.length:
            return -1
        left, steps = s.left, max(length + zeros - span + stride, 0) // stride
        if zeros == SAME_ZEROS:
            steps = ceil_div(length, stride)
            left = max((steps - 1) * stride + span - length, 0) // 2
        store_intp(row, at)
        store_intp(length, at + INTP_BYTES)
        store_intp(left, at + 2 * INTP_BYTES)
        store_intp(steps, at + 3 * INTP_BYTES)
        row += ceil_div(steps, row_multiple) * row_multiple
    store_intp(row, table + s.examples * LINE_BYTES)
    return row


@compiled
def line_of(p: Any, example: Any) -> Line:
    at = p.lengths + example * LINE_BYTES
    return Line(
        load_intp(at), load_intp(at + INTP_BYTES), load_intp(at + 2 * INTP_BYTES), load_intp(at + 3 * INTP_BYTES)
    )


@compiled
def all_rows(p: Any, example_rows: Any) -> Any:
    """The rows of all examples, which have so many each where they have no lengths of their own."""
    return load_intp(p.lengths + p.examples * LINE_BYTES) if p.lengths else p.examples * example_rows


@compiled
def example_of(p: Any, row: Any) -> Any:
    """The example of a row, where examples have lengths; the last one for a row behind all of them."""
    example, behind = 0, p.examples
    while behind - example > 1:
        middle = (example + behind) // 2
        if line_of(p, middle).first_row <= row:
            example = middle
        else:
            behind = middle
    return example


@compiled
def example_from(p: Any, row: Any, example: Any) -> Any:
    """The same where it is ``example`` or a later one, sooner where it is near; without lengths, ``example``."""
    if p.lengths:
        while example + 1 < p.examples and line_of(p, example + 1).first_row <= row:
            example += 1
    return example


@compiled
def piece_at(p: Any, example_rows: Any, row: Any, last_row: Any, example: Any) -> Piece:
    """The rows from ``row`` on that are of one example, ``example`` or a later one, up to ``last_row``."""
    if not p.lengths:
        example, step = row // example_rows, row % example_rows
        rows = min(example_rows - step, last_row - row)
        return Piece(example, step, rows, min(p.steps - step, rows), p.length, p.left)
    example = example_from(p, row, example)
    line = line_of(p, example)
    step = row - line.first_row
    rows = min(line_of(p, example + 1).first_row, last_row) - row
    return Piece(example, step, rows, min(line.steps - step, rows), line.length, line.left)


@compiled
def place_of_rows(p: Any, outputs: Any, first_row: Any, last_row: Any, example: Any) -> Any:
    """Where the rows of a tile lie one after the other in the outputs, as they are computed; 0 where they do not."""
    if not p.rows_in_place:
        return 0
    if not p.lengths:
        return outputs + first_row * p.output_step_stride
    piece = piece_at(p, p.steps, first_row, last_row, example)
    if piece.rows < last_row - first_row:
        return 0
    return outputs + piece.example * p.output_example_stride + piece.step * p.output_step_stride


@compiled
def end_of_rows_together(p: Any, row: Any, last_row: Any, example: Any) -> Any:
    """The end of the rows, ``last_row`` at most, that are multiplied together with ``row``: those of one example, whose
    sums lie in one piece, or of several that have few.
    """
    if not p.lengths or not p.rows_in_place or p.sum_blocks < p.blocks:
        return last_row
    piece = piece_at(p, p.steps, row, last_row, example)
    end = row + piece.rows
    while piece.rows < LEAST_ALONE and end < last_row:
        piece = piece_at(p, p.steps, end, last_row, piece.example)
        if piece.rows < LEAST_ALONE:
            end += piece.rows
    return end


@compiled
def first_example(p: Any, first_row: Any) -> Any:
    """The first example that ends behind a tile's first row; of the first tile, and without lengths, the first one."""
    return example_of(p, first_row) if p.lengths and first_row else 0


@compiled
def clear_until(p: Any, outputs: Any, example: Any, row: Any, first_filter: Any, filters: Any) -> Any:
    """Zeros for some filters behind the examples from ``example`` on that end before a row, while their last outputs
    are near. Returns the example behind them. One without rows ends with the one before it.
    """
    if not p.lengths:
        return example
    end = example
    while end < p.examples and line_of(p, end + 1).first_row <= row:
        end += 1
    if end > example:
        call6(p.clear, address_of_fields(p), outputs, example, end, first_filter, filters)
    return end


@compiled
def clear_behind(p: Any, outputs: Any, first_row: Any, last_row: Any, part: Any) -> None:
    """Zeros behind the examples that end in a tile, by the first of the parts of its filters."""
    if part == 0:
        clear_until(p, outputs, first_example(p, first_row), last_row, 0, p.filters)


def clear_examples(problem: Any, outputs: Any, example: Any, end: Any, first_filter: Any, filters: Any) -> None:
    """Zeros behind the outputs of some examples, or behind their last vectors of steps, for some filters. The first two
    are addresses.
    """
    p = problem_at(problem)
    for each in range(example, end):
        stored = line_of(p, each).steps
        if p.store_last:
            stored = min(ceil_div(stored, p.width) * p.width, p.steps)
        at = outputs + each * p.output_example_stride + first_filter * p.output_filter_stride
        clear_steps(at, stored, p.steps, p.output_step_stride, filters, p.output_filter_stride)


@compiled
def clear_steps(at: Any, first: Any, last: Any, step_stride: Any, channels: Any, channel_stride: Any) -> None:
    """Zeros for steps of one example, which is contiguous in one of the two orders."""
    at, size = at + first * step_stride, (last - first) * step_stride
    if channel_stride < step_stride:
        clear_bytes(at, size)
    elif size == channel_stride:
        clear_bytes(at, channels * size)
    elif size:
        for channel in range(channels):
            clear_bytes(at + channel * channel_stride, size)


clearer_address: Any = pointer_to(clear_examples)
