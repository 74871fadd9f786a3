"""The pointwise inner loop on numbers where they lie: on rows, which may overlap, and on steps side by side."""

from __future__ import annotations

from functools import partial
from typing import Any

from llvmlite import ir
from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.codegen.blocking import PANEL_VECTORS
from nb_sepconv.kernels.cpu.codegen.microkernels import clamped_rows, load_intp, row_groups, sizes_of_groups
from nb_sepconv.kernels.cpu.codegen.vector import INTP, prefetch

SCALED = {1: (1, 1), 2: (1, 2), 3: (3, 1), 4: (1, 4), 5: (5, 1), 6: (3, 2), 7: (7, 1), 8: (1, 8)}
ROWS_OF_BASE = 9  # rows that a base and odd multiples of the distance, times 1, 2, 4 and 8, address
AHEAD_BYTES = 2048  # how far ahead weights are fetched


def multiply_rows(lanes: Any, vectors: Any, far: Any = False) -> Any:
    """``y[r, v] = start[v] + sum_s sum_j x[r][s][j] * weights[s, j, v]`` for rows and vectors of filters.

    Rows of ``x`` are ``row_bytes`` apart, aligned for a number; each has ``segments`` runs of ``count`` numbers,
    ``segment_bytes`` apart. ``weights`` has ``vectors`` vectors for each number. ``far``: weights are fetched
    ahead, and the lines of ``y`` before its sums, since they come from far memory.
    """

    def group(builder, x, row_bytes, segments, segment_bytes, count, weights, start, y, y_row_bytes, rows, left):
        row_numbers = clamped_rows(builder, rows, left)
        places = [(row, vector) for row in range(rows) for vector in range(vectors)]
        starts = [lanes.load(builder, lanes.at(builder, start, v * lanes.bytes), 1) for v in range(vectors)]
        if far:
            _fetch(builder, lanes, y, y_row_bytes, row_numbers, vectors)
        sums = lanes.registers(builder, [starts[v] for _, v in places])
        weight_at = alloca_once_value(builder, weights)
        with for_range(builder, segments) as segment:
            first = builder.add(x, builder.mul(segment.index, segment_bytes))
            rows_at = _Rows(builder, first, row_bytes, row_numbers)
            with for_range(builder, count):
                rows_at.keep_distances()
                panel = builder.load(weight_at)
                weight = [lanes.load(builder, lanes.at(builder, panel, v * lanes.bytes)) for v in range(vectors)]
                for v in range(vectors if far else 0):
                    prefetch(builder, lanes.at(builder, panel, AHEAD_BYTES + v * lanes.bytes))
                values = (lanes.broadcast(builder, rows_at.address(row)) for row in range(rows))
                _add_products(builder, lanes, sums, values, weight)
                builder.store(builder.add(panel, INTP(vectors * lanes.bytes)), weight_at)
                rows_at.advance(lanes.item_bytes)
        for (row, v), total in reversed(list(zip(places, sums, strict=True))):
            at = builder.add(y, builder.mul(y_row_bytes, row_numbers[row]))
            lanes.store(builder, builder.load(total), lanes.at(builder, at, v * lanes.bytes), lanes.item_bytes)

    def emit(builder, x, row_bytes, segments, segment_bytes, count, weights, start, y, y_row_bytes, rows):
        for at, size in row_groups(builder, rows, sizes_of_groups(vectors)):
            first = builder.add(x, builder.mul(at, row_bytes))
            to, left = builder.add(y, builder.mul(at, y_row_bytes)), builder.sub(rows, at)
            group(
                builder, first, row_bytes, segments, segment_bytes, count, weights, start, to, y_row_bytes, size, left
            )

    return 10, emit


def multiply_steps(lanes: Any, vectors: Any) -> Any:
    """``y[f, t] = start[f] + sum_k sum_c x[c][tap_offsets[k] + t] * weights[k, c, f]``: vectors are of steps.

    Channels of ``x`` are ``channel_bytes`` apart, aligned for a number; ``tap_offsets`` are bytes, intps. ``weights``
    are those of one group of filters after the other, as :func:`row_groups` cuts them.
    """

    def group(builder, x, tap_offsets, taps, channels, channel_bytes, weights, start, y, y_row_bytes, filters, left):
        numbers = clamped_rows(builder, filters, left)
        places = [(row, vector) for row in range(filters) for vector in range(vectors)]
        biases = [
            lanes.broadcast(builder, builder.add(start, builder.mul(number, INTP(lanes.item_bytes))))
            for number in numbers
        ]
        sums = lanes.registers(builder, [biases[row] for row, _ in places])
        weight_at = alloca_once_value(builder, weights)
        with for_range(builder, taps) as tap:
            steps_at = alloca_once_value(builder, builder.add(x, load_intp(builder, tap_offsets, tap.index)))
            with for_range(builder, channels):
                at, column = builder.load(steps_at), builder.load(weight_at)
                steps = [lanes.load(builder, lanes.at(builder, at, v * lanes.bytes), 1) for v in range(vectors)]
                values = (
                    lanes.broadcast(builder, lanes.at(builder, column, row * lanes.item_bytes))
                    for row in range(filters)
                )
                _add_products(builder, lanes, sums, values, steps)
                builder.store(builder.add(column, INTP(filters * lanes.item_bytes)), weight_at)
                builder.store(builder.add(at, channel_bytes), steps_at)
        for (row, v), total in reversed(list(zip(places, sums, strict=True))):
            at = builder.add(y, builder.mul(y_row_bytes, numbers[row]))
            lanes.store(builder, builder.load(total), lanes.at(builder, at, v * lanes.bytes), lanes.item_bytes)

    def emit(builder, x, tap_offsets, taps, channels, channel_bytes, weights, start, y, y_row_bytes, filters):
        filter_bytes = builder.mul(builder.mul(taps, channels), INTP(lanes.item_bytes))
        for at, size in row_groups(builder, filters):
            group(
                builder,
                x,
                tap_offsets,
                taps,
                channels,
                channel_bytes,
                builder.add(weights, builder.mul(at, filter_bytes)),
                builder.add(start, builder.mul(at, INTP(lanes.item_bytes))),
                builder.add(y, builder.mul(at, y_row_bytes)),
                y_row_bytes,
                size,
                builder.sub(filters, at),
            )

    return 10, emit


def _fetch(builder, lanes, y, y_row_bytes, row_numbers, vectors):
    """The lines that sums go to: the last bytes of each vector, whose first line a neighbour may have fetched."""
    for number in row_numbers:
        at = builder.add(y, builder.mul(y_row_bytes, number))
        for v in range(vectors):
            prefetch(builder, lanes.at(builder, at, (v + 1) * lanes.bytes - 1), for_writing=True)


def _add_products(builder, lanes, sums, values, vectors):
    """``sums[row, v] += values[row] * vectors[v]``."""
    for row, value in enumerate(values):
        for v, vector in enumerate(vectors):
            total = sums[row * len(vectors) + v]
            builder.store(lanes.fma(builder, value, vector, builder.load(total)), total)


class _Rows:
    """Emits the addresses of some rows with few registers: some rows from one base, at multiples of their distance.

    LLVM would keep all multiples, most of them in memory, if it knew in each round that they are the same.
    """

    def __init__(self, builder: Any, x: Any, row_bytes: Any, row_numbers: Any) -> None:
        self._builder = builder
        self._odd = {n: alloca_once_value(builder, builder.mul(row_bytes, INTP(n))) for n in (1, 3, 5, 7)}
        self._bases, self._places = [], []
        for row, number in enumerate(row_numbers):
            fixed = isinstance(number, ir.Constant)
            if not fixed or row % ROWS_OF_BASE == 0:
                self._bases.append(alloca_once_value(builder, builder.add(x, builder.mul(row_bytes, number))))
            place = divmod(row, ROWS_OF_BASE) if fixed else (len(self._bases) - 1, 0)
            self._places.append(place)

    def keep_distances(self) -> None:
        """Hide that the distances are those of the round before."""
        for place in self._odd.values():
            self._builder.store(_opaque(self._builder, self._builder.load(place)), place)

    def address(self, row: Any) -> Any:
        base, distance = self._places[row]
        at = self._builder.load(self._bases[base])
        if not distance:
            return at
        odd, factor = SCALED[distance]
        return self._builder.add(at, self._builder.mul(self._builder.load(self._odd[odd]), INTP(factor)))

    def advance(self, distance: Any) -> None:
        for base in self._bases:
            self._builder.store(self._builder.add(self._builder.load(base), INTP(distance)), base)


def _opaque(builder, value):
    """The same intp, of which LLVM knows nothing."""
    nothing = ir.InlineAsm(ir.FunctionType(INTP, [INTP]), "", "=r,0", side_effect=True)
    return builder.call(nothing, [value])


BY_NAME: Any = {
    "multiply_rows_panel": partial(multiply_rows, vectors=PANEL_VECTORS),
    "multiply_rows_vector": partial(multiply_rows, vectors=1),
    "multiply_rows_panel_far": partial(multiply_rows, vectors=PANEL_VECTORS, far=True),
    "multiply_rows_vector_far": partial(multiply_rows, vectors=1, far=True),
    "multiply_steps_panel": partial(multiply_steps, vectors=PANEL_VECTORS),
    "multiply_steps_vector": partial(multiply_steps, vectors=1),
}
