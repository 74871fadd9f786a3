"""The two inner loops, unrolled over registers: depthwise over taps, pointwise over channels."""

from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.tiling import FEW, ROWS, STEPS
from nb_sepconv.kernels.cpu.vector import INTP, while_at_least


def convolve(lanes):
    """``hidden[t] = sum_k x[tap_row[k] + t] * weights[k]`` for ``steps`` rows of one vector of channels.

    Addresses: ``x`` and ``hidden`` are rows of one vector each, ``tap_offsets`` holds where each tap's first row lies
    in ``x`` (bytes, intp), ``weights`` is one vector per tap. Both buffers reach 16 rows further than ``steps``.
    """

    def group(builder, x, tap_offsets, taps, weights, hidden, steps):
        sums = lanes.registers(builder, [lanes.zero()] * steps)
        with for_range(builder, taps) as loop:
            offset_at = builder.add(tap_offsets, builder.mul(loop.index, INTP(8)))
            row = builder.add(x, builder.load(builder.inttoptr(offset_at, INTP.as_pointer())))
            weight = lanes.load(builder, builder.add(weights, builder.mul(loop.index, INTP(lanes.bytes))))
            for step, total in enumerate(sums):
                value = lanes.load(builder, lanes.at(builder, row, step * lanes.bytes))
                builder.store(lanes.fma(builder, value, weight, builder.load(total)), total)
        for step, total in enumerate(sums):
            lanes.store(builder, builder.load(total), lanes.at(builder, hidden, step * lanes.bytes))

    def emit(builder, x, tap_offsets, taps, weights, hidden, steps):
        done = alloca_once_value(builder, INTP(0))
        for size, least in ((STEPS, 2 * FEW + 1), (FEW, 1)):
            with while_at_least(builder, steps, done, least):
                at = builder.mul(builder.load(done), INTP(lanes.bytes))
                group(builder, builder.add(x, at), tap_offsets, taps, weights, builder.add(hidden, at), size)
                builder.store(builder.add(builder.load(done), INTP(size)), done)

    return 6, emit


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
        weight_at = alloca_once_value(builder, weights)
        with for_range(builder, builder.add(whole_blocks, part_blocks)) as block:
            whole = builder.icmp_signed("<", block.index, whole_blocks)
            count = builder.select(whole, INTP(lanes.width), part_lanes)
            values = builder.add(hidden, builder.mul(block.index, block_bytes))
            with for_range(builder, count) as lane:
                value_at = builder.add(values, builder.mul(lane.index, INTP(lanes.item_bytes)))
                panel = builder.load(weight_at)
                weight = [lanes.load(builder, lanes.at(builder, panel, v * lanes.bytes)) for v in range(vectors)]
                for row in range(rows):
                    value = lanes.broadcast(builder, lanes.at(builder, value_at, row * lanes.bytes))
                    for v in range(vectors):
                        total = sums[row * vectors + v]
                        builder.store(lanes.fma(builder, value, weight[v], builder.load(total)), total)
                builder.store(builder.add(panel, INTP(vectors * lanes.bytes)), weight_at)
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
