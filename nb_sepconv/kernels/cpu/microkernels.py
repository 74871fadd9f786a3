"""The two inner loops, unrolled over registers: depthwise over taps, pointwise over channels."""

from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.tiling import ADJACENT, FEW, ROWS, STEPS
from nb_sepconv.kernels.cpu.vector import INTP, while_at_least


def convolve(lanes):
    """``hidden[t] = sum_k x[tap_row[k] + t] * weights[k]`` for ``steps`` rows of one vector of channels.

    Addresses: ``x`` is rows of one vector, ``hidden`` too, ``hidden_stride`` bytes apart; ``tap_offsets`` holds where
    each tap's first row lies in ``x`` (bytes, intp); ``weights`` is one vector per tap. Both buffers reach further than
    ``steps`` rows: rows are computed in groups, some in vain. ``runs`` is not used.
    """

    def sum_taps(builder, sums, x, tap_offsets, taps, runs, weights):
        with for_range(builder, taps) as tap:
            row = builder.add(x, _load_intp(builder, tap_offsets, tap.index))
            weight = lanes.load(builder, builder.add(weights, builder.mul(tap.index, INTP(lanes.bytes))))
            _add_taps(builder, lanes, sums, row, [weight])

    return 8, _in_groups(lanes, sum_taps)


def convolve_adjacent(lanes):
    """The same where taps come in ``runs`` whose rows follow one another: a row is loaded once for several taps.

    Run ``r`` is the taps ``r``, ``r + runs``, ``r + 2*runs``, ...; tap ``r + j*runs`` begins at row ``tap_row[r] + j``.
    """

    def sum_taps(builder, sums, x, tap_offsets, taps, runs, weights):
        distance = builder.mul(runs, INTP(lanes.bytes))
        with for_range(builder, runs) as run:
            start = builder.add(x, _load_intp(builder, tap_offsets, run.index))
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

    return 8, _in_groups(lanes, sum_taps)


def _load_intp(builder, table, index):
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


def _in_groups(lanes, sum_taps):
    """Groups of many steps, the last one over rows that are done already where there are enough; then of few."""

    def group(builder, at, size, x, tap_offsets, taps, runs, weights, hidden, hidden_stride):
        sums = lanes.registers(builder, [lanes.zero()] * size)
        sum_taps(builder, sums, builder.add(x, builder.mul(at, INTP(lanes.bytes))), tap_offsets, taps, runs, weights)
        for step, total in enumerate(sums):
            row = builder.add(hidden, builder.mul(builder.add(at, INTP(step)), hidden_stride))
            lanes.store(builder, builder.load(total), row)

    def emit(builder, x, tap_offsets, taps, runs, weights, hidden, hidden_stride, steps):
        done = alloca_once_value(builder, INTP(0))
        last = builder.sub(steps, INTP(STEPS))
        for size, least in ((STEPS, 2 * FEW + 1), (FEW, 1)):
            with while_at_least(builder, steps, done, least):
                at = builder.load(done)
                if size == STEPS:
                    again = builder.and_(builder.icmp_signed(">", at, last), builder.icmp_signed(">=", last, INTP(0)))
                    at = builder.select(again, last, at)
                group(builder, at, size, x, tap_offsets, taps, runs, weights, hidden, hidden_stride)
                builder.store(builder.add(at, INTP(size)), done)

    return emit


def multiply(lanes, vectors):
    """``y[r, v] = start[r, v] + sum_j hidden[j, r] * weights[j, v]`` for rows and vectors of filters.

    ``hidden`` is blocks of channels, ``block_bytes`` apart, each row one vector of channels. The first ``whole_blocks``
    blocks have ``width`` channels, ``part_blocks`` more have ``part_lanes``; ``weights`` has ``vectors`` vectors for
    each. Rows of ``y`` and ``start`` are ``y_row_bytes`` and ``start_row_bytes`` apart (0: one row of biases for all).
    """

    def group(builder, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, start, start_row_bytes,
              y, y_row_bytes, rows):  # fmt: skip
        def address(base, row_bytes, row, vector):
            return builder.add(builder.add(base, builder.mul(row_bytes, INTP(row))), INTP(vector * lanes.bytes))

        places = [(row, vector) for row in range(rows) for vector in range(vectors)]
        starts = [lanes.load(builder, address(start, start_row_bytes, *place), lanes.item_bytes) for place in places]
        sums = lanes.registers(builder, starts)
        add_products(builder, lanes, sums, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, vectors)
        for place, total in zip(places, sums, strict=True):
            lanes.store(builder, builder.load(total), address(y, y_row_bytes, *place), lanes.item_bytes)

    def emit(builder, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, start, start_row_bytes,
             y, y_row_bytes, rows):  # fmt: skip
        done = alloca_once_value(builder, INTP(0))
        for size in (ROWS, FEW, 1):
            with while_at_least(builder, rows, done, size):
                at = builder.load(done)
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
                )
                builder.store(builder.add(at, INTP(size)), done)

    return 11, emit


def add_products(
    builder, lanes, sums, hidden, block_bytes, whole_blocks, part_blocks, part_lanes, weights, vectors
):  # fmt: skip
    """The loop of :func:`multiply` over channels, for registers ``sums`` of rows by vectors."""
    weight_at = alloca_once_value(builder, weights)
    with for_range(builder, builder.add(whole_blocks, part_blocks)) as block:
        whole = builder.icmp_signed("<", block.index, whole_blocks)
        count = builder.select(whole, INTP(lanes.width), part_lanes)
        values = builder.add(hidden, builder.mul(block.index, block_bytes))
        with for_range(builder, count) as lane:
            value_at = builder.add(values, builder.mul(lane.index, INTP(lanes.item_bytes)))
            panel = builder.load(weight_at)
            weight = [lanes.load(builder, lanes.at(builder, panel, v * lanes.bytes)) for v in range(vectors)]
            for row in range(len(sums) // vectors):
                value = lanes.broadcast(builder, lanes.at(builder, value_at, row * lanes.bytes))
                for v in range(vectors):
                    total = sums[row * vectors + v]
                    builder.store(lanes.fma(builder, value, weight[v], builder.load(total)), total)
            builder.store(builder.add(panel, INTP(vectors * lanes.bytes)), weight_at)
