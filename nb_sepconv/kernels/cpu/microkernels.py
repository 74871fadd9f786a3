"""The two inner loops, unrolled over registers: depthwise over taps, pointwise over channels."""

from llvmlite import ir
from numba.core.cgutils import alloca_once_value, for_range

from nb_sepconv.kernels.cpu.movers import procedure
from nb_sepconv.kernels.cpu.vector import INTP


def depthwise_microkernel(lanes, steps):
    """``hidden[t] = sum_k x[tap_row[k] + t] * weights[k]`` for ``steps`` rows of one vector of channels.

    Addresses: ``x`` and ``hidden`` are rows of one vector each, ``tap_offsets`` holds where each tap's first row lies in
    ``x`` (bytes, intp), ``weights`` is one vector per tap.
    """

    @procedure(5)
    def depthwise(builder, x, tap_offsets, taps, weights, hidden):
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

    return depthwise


def pointwise_microkernel(lanes, rows, vectors):
    """``y[r, v] = start[r, v] + sum_j hidden[j, r] * weights[j, v]`` for ``rows`` rows and ``vectors`` vectors of filters.

    ``hidden`` is blocks of channels, ``block_bytes`` apart, each row one vector of channels. The first ``whole_blocks``
    blocks have ``width`` channels, ``part_blocks`` more have ``part_lanes``; ``weights`` has ``vectors`` vectors for each.
    Rows of ``y`` and ``start`` are ``y_row_bytes`` and ``start_row_bytes`` apart (0: one row of biases for all).
    """

    @procedure(10)
    def pointwise(
        builder,
        hidden,
        block_bytes,
        whole_blocks,
        part_blocks,
        part_lanes,
        weights,
        start,
        start_row_bytes,
        y,
        y_row_bytes,
    ):
        places = [(row, vector) for row in range(rows) for vector in range(vectors)]

        def address(base, row_bytes, row, vector):
            return builder.add(builder.add(base, builder.mul(row_bytes, INTP(row))), INTP(vector * lanes.bytes))

        starts = [
            lanes.load(builder, address(start, start_row_bytes, *place), lanes.item_bytes) for place in places
        ]
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

    return pointwise
