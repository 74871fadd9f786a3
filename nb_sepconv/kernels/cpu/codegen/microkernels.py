"""The two inner loops, unrolled over registers: depthwise over taps, pointwise over channels."""

from __future__ import annotations

from functools import partial
from typing import Any

from numba.core.cgutils import alloca_once_value, for_range
from numba.extending import register_jitable

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.blocking import (
    ADJACENT,
    BLOCKS_TOGETHER,
    FETCH_ROWS,
    FEW,
    PANEL_VECTORS,
    ROW_GROUPS,
    ROW_GROUPS_OF_VECTORS,
    STEPS,
)
from nb_sepconv.kernels.cpu.codegen.vector import INTP, count_from, prefetch, while_at_least

AHEAD_BYTES = 2048  # how far ahead weights are fetched


def convolve(lanes: Any, across: Any = False) -> Any:
    """``hidden[t] = sum_k x[tap_row[k] + t] * weights[k]`` for ``steps`` rows of one vector of channels.

    Addresses: ``x`` is rows of one vector, ``hidden`` too, ``hidden_stride`` bytes apart; ``tap_offsets`` holds where
    each tap's first row lies in ``x`` (bytes, intp); ``weights`` is one vector per tap. Both buffers reach further than
    ``steps`` rows: rows are computed in groups, some in vain. ``runs`` is not used.

    ``across`` writes the results transposed: panels of ``PANEL_VECTORS`` vectors of steps, ``panel_bytes`` apart, whose
    rows are the channels; ``row`` is the number of the first step in all panels, a multiple of ``STEPS``.
    """

    def sum_taps(builder, sums, x, tap_offsets, taps, runs, weights):
        with for_range(builder, taps) as tap:
            row = builder.add(x, load_intp(builder, tap_offsets, tap.index))
            weight = lanes.load(builder, builder.add(weights, builder.mul(tap.index, INTP(lanes.bytes))))
            _add_taps(builder, lanes, sums, row, [weight])

    return _in_groups(lanes, sum_taps, across)


def convolve_adjacent(lanes: Any, across: Any = False) -> Any:
    """The same where taps come in ``runs`` whose rows follow one another: a row is loaded once for several taps.

    Run ``r`` is the taps ``r``, ``r + runs``, ``r + 2*runs``, ...; tap ``r + j*runs`` begins at row ``tap_row[r] + j``.
    """

    def sum_taps(builder, sums, x, tap_offsets, taps, runs, weights):
        distance = builder.mul(runs, INTP(lanes.bytes))
        with for_range(builder, runs) as run:
            start = builder.add(x, load_intp(builder, tap_offsets, run.index))
            first = builder.add(weights, builder.mul(run.index, INTP(lanes.bytes)))
            after = builder.sub(builder.add(taps, runs), builder.add(run.index, INTP(1)))
            count = builder.sdiv(after, runs)
            done = alloca_once_value(builder, INTP(0))
            for together in ADJACENT:
                with while_at_least(builder, count, done, together):
                    at = builder.load(done)
                    row = builder.add(start, builder.mul(at, INTP(lanes.bytes)))
                    weight_at = builder.add(first, builder.mul(at, distance))
                    loaded = [
                        lanes.load(builder, builder.add(weight_at, builder.mul(distance, INTP(k))))
                        for k in range(together)
                    ]
                    _add_taps(builder, lanes, sums, row, loaded)
                    builder.store(builder.add(at, INTP(together)), done)

    return _in_groups(lanes, sum_taps, across)


def convolve_numbers(lanes: Any, across: Any = False) -> Any:
    """The same where all lanes see the one channel of ``x``, whose steps are numbers side by side.

    Run ``r`` begins ``r * run_bytes`` behind ``x``, and its taps and the rows of each follow one another.
    """

    def sum_taps(builder, sums, x, run_bytes, taps, runs, weights):
        with for_range(builder, runs) as run:
            after = builder.sub(builder.add(taps, runs), builder.add(run.index, INTP(1)))
            start = builder.add(x, builder.mul(run.index, run_bytes))
            with for_range(builder, builder.sdiv(after, runs)) as place:
                tap = builder.add(run.index, builder.mul(place.index, runs))
                weight = lanes.load(builder, builder.add(weights, builder.mul(tap, INTP(lanes.bytes))))
                value_at = builder.add(start, builder.mul(place.index, INTP(lanes.item_bytes)))
                for step, total in enumerate(sums):
                    value = lanes.broadcast(builder, lanes.at(builder, value_at, step * lanes.item_bytes))
                    builder.store(lanes.fma(builder, value, weight, builder.load(total)), total)

    return _in_groups(lanes, sum_taps, across, lanes.item_bytes)


def load_intp(builder, table, index):
    at = builder.add(table, builder.mul(index, INTP(8)))
    return builder.load(builder.inttoptr(at, INTP.as_pointer()))


def _add_taps(builder, lanes, sums, row, weights):
    """``sums[t] += sum_k x[row + t + k] * weights[k]``, each row loaded once."""
    for position in range(len(sums) + len(weights) - 1):
        value = lanes.load(builder, lanes.at(builder, row, position * lanes.bytes))
        for k, weight in enumerate(weights):
            if 0 <= position - k < len(sums):
                total = sums[position - k]
                builder.store(lanes.fma(builder, value, weight, builder.load(total)), total)


def _in_groups(lanes, sum_taps, across, row_bytes=None):
    """The arity and the instructions for groups of steps, whose rows are vectors or numbers."""
    row_bytes = INTP(row_bytes or lanes.bytes)

    def sums_of(builder, at, size, x, tap_offsets, taps, runs, weights):
        sums = lanes.registers(builder, [lanes.zero()] * size)
        sum_taps(builder, sums, builder.add(x, builder.mul(at, row_bytes)), tap_offsets, taps, runs, weights)
        return [builder.load(total) for total in sums]

    return (9, _transposed(lanes, sums_of)) if across else (8, _row_by_row(lanes, sums_of))


def _row_by_row(lanes, sums_of):
    """Groups of many steps, then of few, the last one over rows that are done already where there are enough; then one.

    What is computed in vain are ``rows_in_vain``, which the loaders clear.
    """

    def group(builder, at, size, x, tap_offsets, taps, runs, weights, hidden, hidden_stride):
        for step, total in enumerate(sums_of(builder, at, size, x, tap_offsets, taps, runs, weights)):
            row = builder.add(hidden, builder.mul(builder.add(at, INTP(step)), hidden_stride))
            lanes.store(builder, total, row, lanes.item_bytes)

    def emit(builder, x, tap_offsets, taps, runs, weights, hidden, hidden_stride, steps):
        done = alloca_once_value(builder, INTP(0))
        for size, least in ((STEPS, STEPS // 2 + 1), (FEW, 2), (1, 1)):
            last = builder.sub(steps, INTP(size))
            with while_at_least(builder, steps, done, least):
                at = builder.load(done)
                again = builder.and_(builder.icmp_signed(">", at, last), builder.icmp_signed(">=", last, INTP(0)))
                at = builder.select(again, last, at)
                group(builder, at, size, x, tap_offsets, taps, runs, weights, hidden, hidden_stride)
                builder.store(builder.add(at, INTP(size)), done)

    return emit


@register_jitable
def rows_in_vain(steps: Any) -> Any:
    """How many rows :func:`convolve` computes beyond the last of ``steps``."""
    if steps >= STEPS or steps == 1:
        return 0
    return STEPS - steps if steps > STEPS // 2 else max(FEW - steps, 0)


def _transposed(lanes, sums_of):
    """Groups of many steps alone, each a square of steps by channels for every vector of steps in it."""
    panel_steps = PANEL_VECTORS * lanes.width

    def emit(builder, x, tap_offsets, taps, runs, weights, hidden, panel_bytes, row, steps):
        with count_from(builder, INTP(0), steps, STEPS) as at:
            sums = sums_of(builder, at, STEPS, x, tap_offsets, taps, runs, weights)
            for first in range(0, STEPS, lanes.width):
                place = builder.add(row, builder.add(at, INTP(first)))
                panel = builder.mul(builder.sdiv(place, INTP(panel_steps)), panel_bytes)
                step = builder.mul(builder.srem(place, INTP(panel_steps)), INTP(lanes.item_bytes))
                to = builder.add(hidden, builder.add(panel, step))
                for channel, steps_of in enumerate(lanes.transpose(builder, sums[first : first + lanes.width])):
                    lanes.store(builder, steps_of, lanes.at(builder, to, channel * PANEL_VECTORS * lanes.bytes))

    return emit


def multiply(lanes: Any, vectors: Any, across: Any = False, far: Any = False) -> Any:
    """``y[r, v] = start[r, v] + sum_j hidden[j, r] * weights[j, v]`` for rows and vectors of filters.

    ``hidden`` is blocks of channels, ``block_bytes`` apart, each row one vector of channels. The first ``whole_blocks``
    blocks have ``width`` channels. ``part_blocks`` more have ``part_lanes`` together, again and again, ``width`` in all
    but the last of them. ``weights`` has ``vectors`` vectors for each channel. Rows of ``y`` and ``start`` are
    ``y_row_bytes`` and ``start_row_bytes`` apart (0: one row of biases for all).

    ``across`` exchanges the sides: rows of ``hidden`` are filters and vectors are of steps, ``PANEL_VECTORS`` for each
    channel, of which the first ``vectors`` count; a row starts from a number.
    ``far``: weights are fetched ahead, and the lines of ``y`` before its sums, since they come from far memory.
    """

    def group(builder, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, start, start_row_bytes,
              y, y_row_bytes, rows, left):  # fmt: skip
        row_numbers = clamped_rows(builder, rows, left)

        def address(base, row_bytes, row, vector):
            return builder.add(builder.add(base, builder.mul(row_bytes, row_numbers[row])), INTP(vector * lanes.bytes))

        places = [(row, vector) for row in range(rows) for vector in range(vectors)]
        if across:
            biases = [lanes.broadcast(builder, address(start, start_row_bytes, row, 0)) for row in range(rows)]
            starts = [biases[row] for row, _ in places]
        else:
            starts = [lanes.load(builder, address(start, start_row_bytes, *at), lanes.item_bytes) for at in places]
        if far:
            for at in places:  # the last bytes: the first line is also the last one of the panel before
                prefetch(builder, builder.add(address(y, y_row_bytes, *at), INTP(lanes.bytes - 1)), for_writing=True)
        sums = lanes.registers(builder, starts)
        places_of_rows = [builder.mul(row, INTP(lanes.bytes)) for row in row_numbers]
        add_products(
            builder,
            lanes,
            sums,
            hidden,
            places_of_rows,
            block_bytes,
            whole_blocks,
            part_blocks,
            part_lanes,
            weights,
            vectors,
            far,
            PANEL_VECTORS if across else vectors,
        )
        for place, total in zip(places, sums, strict=True):
            lanes.store(builder, builder.load(total), address(y, y_row_bytes, *place), lanes.item_bytes)

    def emit(builder, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, start, start_row_bytes,
             y, y_row_bytes, rows):  # fmt: skip
        for at, size in row_groups(builder, rows, sizes_of_groups(vectors)):
            group(
                builder,
                builder.add(hidden, builder.mul(at, INTP(lanes.bytes))),
                block_bytes,
                whole_blocks,
                part_blocks,
                part_lanes,
                weights,
                builder.add(start, builder.mul(at, start_row_bytes)),
                start_row_bytes,
                builder.add(y, builder.mul(at, y_row_bytes)),
                y_row_bytes,
                size,
                builder.sub(rows, at),
            )

    return 11, emit


def sizes_of_groups(vectors):
    """The rows that are multiplied together with panels of so many vectors, most first."""
    return ROW_GROUPS if vectors == PANEL_VECTORS else ROW_GROUPS_OF_VECTORS


def row_groups(builder, rows, sizes=ROW_GROUPS):
    """Groups that cover ``rows`` rows with as few in vain as can be: yields the first row and the size, for the code of
    each of ``sizes``.

    A group of ``FEW`` takes what is left but for a last row alone. A larger one lacks one row at most, and does not
    leave one or two.
    """
    done = alloca_once_value(builder, INTP(0))
    for size in (*sizes, 1):
        least, excluded = (size - 1, (size + 1, size + 2)) if size > FEW else (min(size, 2), ())
        with while_at_least(builder, rows, done, least, excluded):
            at = builder.load(done)
            yield at, size
            builder.store(builder.add(at, INTP(size)), done)


def clamped_rows(builder, rows, left):
    """The rows of a group of which ``left`` exist: the last one stands for those behind it, and is stored once more.

    What lies behind it is not read: numbers that happen to be subnormal take a processor a hundred times as long.
    """
    last = builder.sub(left, INTP(1))
    sure = rows - 1 if rows > FEW else 2

    def clamped(row):
        return builder.select(builder.icmp_signed("<", last, INTP(row)), last, INTP(row))

    return [INTP(row) if row < sure else clamped(row) for row in range(rows)]


def add_products(
    builder: Any,
    lanes: Any,
    sums: Any,
    hidden: Any,
    places_of_rows: Any,
    block_bytes: Any,
    whole_blocks: Any,
    part_blocks: Any,
    part_lanes: Any,
    weights: Any,
    vectors: Any,
    far: Any = False,
    vectors_apart: Any = None,
) -> None:
    """The loop of :func:`multiply` over channels, for registers ``sums`` of rows by vectors; the rows lie so many bytes
    behind ``hidden``, and the weights of channels ``vectors_apart``, by default ``vectors``.
    """
    weight_at = alloca_once_value(builder, weights)
    next_count = _counts(builder, lanes, whole_blocks, part_lanes)
    with for_range(builder, builder.add(whole_blocks, part_blocks)) as block:
        count = next_count(block.index)
        values = builder.add(hidden, builder.mul(block.index, block_bytes))
        if FETCH_ROWS:
            _fetch_rows_behind(builder, values, len(places_of_rows) * lanes.bytes)
        with for_range(builder, count) as lane:
            value_at = builder.add(values, builder.mul(lane.index, INTP(lanes.item_bytes)))
            panel = builder.load(weight_at)
            weight = [lanes.load(builder, lanes.at(builder, panel, v * lanes.bytes)) for v in range(vectors)]
            for v in range(vectors if far else 0):
                prefetch(builder, lanes.at(builder, panel, AHEAD_BYTES + v * lanes.bytes))
            for row, place in enumerate(places_of_rows):
                value = lanes.broadcast(builder, builder.add(value_at, place))
                for v in range(vectors):
                    total = sums[row * vectors + v]
                    builder.store(lanes.fma(builder, value, weight[v], builder.load(total)), total)
            builder.store(builder.add(panel, INTP((vectors_apart or vectors) * lanes.bytes)), weight_at)


def _fetch_rows_behind(builder, values, rows_bytes):
    """Fetch as many rows of a block as there are at ``values``, those behind them, which the next group multiplies."""
    for line in range(rows_bytes, 2 * rows_bytes, ALIGNMENT):
        prefetch(builder, builder.add(values, INTP(line)))


def _counts(builder, lanes, whole_blocks, part_lanes):
    """Emits the channels of the next block of :func:`multiply`, from its number."""
    left = None if BLOCKS_TOGETHER == 1 else alloca_once_value(builder, part_lanes)

    def next_count(block):
        whole = builder.icmp_signed("<", block, whole_blocks)
        if left is None:
            return builder.select(whole, INTP(lanes.width), part_lanes)
        before = builder.load(left)
        several = builder.icmp_signed(">", before, INTP(lanes.width))
        count = builder.select(builder.or_(whole, several), INTP(lanes.width), before)
        after = builder.select(several, builder.sub(before, INTP(lanes.width)), part_lanes)
        builder.store(builder.select(whole, before, after), left)
        return count

    return next_count


BY_NAME: Any = {
    "convolve": convolve,
    "convolve_transposed": partial(convolve, across=True),
    "convolve_adjacent": convolve_adjacent,
    "convolve_adjacent_transposed": partial(convolve_adjacent, across=True),
    "convolve_numbers": convolve_numbers,
    "convolve_numbers_transposed": partial(convolve_numbers, across=True),
    "multiply_panel": partial(multiply, vectors=PANEL_VECTORS),
    "multiply_vector": partial(multiply, vectors=1),
    "multiply_panel_far": partial(multiply, vectors=PANEL_VECTORS, far=True),
    "multiply_vector_far": partial(multiply, vectors=1, far=True),
    "multiply_transposed": partial(multiply, vectors=PANEL_VECTORS, across=True),
    "multiply_transposed_far": partial(multiply, vectors=PANEL_VECTORS, across=True, far=True),
    "multiply_half_panel": partial(multiply, vectors=1, across=True),
    "multiply_half_panel_far": partial(multiply, vectors=1, across=True, far=True),
}
