"""Few channels spread over all lanes of a vector: inputs and weights of layers with fewer channels than lanes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import for_range

from nb_sepconv.kernels.cpu.codegen.vector import INTP, count_from, masked_store


def copy_numbers(storage: Any) -> Any:
    """``count`` numbers that lie side by side, converted, between ``before`` and ``after`` zeros.

    ``target`` is aligned for a number; up to a vector behind the last zero is written as well.
    """
    lanes = storage.lanes

    def emit(builder, source, before, count, after, target):
        def place(number):
            return builder.add(target, builder.mul(number, INTP(lanes.item_bytes)))

        _clear(builder, lanes, target, before)
        whole = builder.sdiv(count, INTP(lanes.width))
        with for_range(builder, whole) as vector:
            done = builder.mul(vector.index, INTP(lanes.width))
            value = storage.load_whole(builder, builder.add(source, builder.mul(done, INTP(storage.item_bytes))))
            lanes.store(builder, value, place(builder.add(before, done)), lanes.item_bytes)
        done = builder.mul(whole, INTP(lanes.width))
        mask = lanes.below(builder, builder.sub(count, done))
        value = storage.load(builder, builder.add(source, builder.mul(done, INTP(storage.item_bytes))), mask)
        lanes.store(builder, value, place(builder.add(before, done)), lanes.item_bytes)
        _clear(builder, lanes, place(builder.add(before, count)), after)

    return 5, emit


def interleave(storage: Any, channels: Any) -> Any:
    """``target[i*channels + c] = source[c][i]`` for ``count`` steps that lie side by side, converted, between
    ``before`` and ``after`` steps of zeros.

    Rows of ``source`` are ``channel_stride`` bytes apart. ``target`` is aligned for a number; as many vectors as there
    are channels are written behind the last step as well.
    """
    lanes = storage.lanes
    places = [divmod(place, channels) for place in range(channels * lanes.width)]

    def emit(builder, source, channel_stride, before, count, after, target):
        def place(step):
            return builder.add(target, builder.mul(step, INTP(channels * lanes.item_bytes)))

        def move(start, load):
            at = builder.add(source, builder.mul(start, INTP(storage.item_bytes)))
            rows = [load(builder, builder.add(at, builder.mul(channel_stride, INTP(c)))) for c in range(channels)]
            to = place(builder.add(before, start))
            for v in range(channels):
                numbers = _gather(builder, rows, places[v * lanes.width : (v + 1) * lanes.width])
                lanes.store(builder, numbers, lanes.at(builder, to, v * lanes.bytes), lanes.item_bytes)

        _clear(builder, lanes, target, builder.mul(before, INTP(channels)))
        whole = builder.mul(builder.sdiv(count, INTP(lanes.width)), INTP(lanes.width))
        with count_from(builder, INTP(0), whole, lanes.width) as start:
            move(start, storage.load_whole)
        mask = lanes.below(builder, builder.sub(count, whole))
        move(whole, lambda builder, at: storage.load(builder, at, mask))
        _clear(builder, lanes, place(builder.add(before, count)), builder.mul(after, INTP(channels)))

    return 6, emit


def _gather(builder, rows, places):
    """A vector of items ``(item, row)``, each row shuffled into those before it."""
    width, found = len(places), rows[0]
    for c, row in enumerate(rows[1:], 1):
        order = [width + item if r == c else item if c == 1 else i for i, (item, r) in enumerate(places)]
        found = builder.shuffle_vector(found, row, ir.Constant(ir.VectorType(ir.IntType(32), width), order))
    return found


def _clear(builder, lanes, at, numbers):
    """Zeros, whole vectors of them."""
    with for_range(builder, _vectors(builder, lanes, numbers)) as vector:
        to = builder.add(at, builder.mul(vector.index, INTP(lanes.bytes)))
        lanes.store(builder, lanes.zero(), to, lanes.item_bytes)


def split_phases(storage: Any) -> Any:
    """``target[p][i] = source[i * phases + p]`` for ``rows`` numbers of each phase, which is ``phase_bytes`` long."""
    lanes = storage.lanes
    item, pointer = INTP(lanes.item_bytes), lanes.scalar.as_pointer()

    def emit(builder, source, phases, rows, target, phase_bytes):
        distance = builder.mul(phases, item)
        with for_range(builder, phases) as phase, for_range(builder, rows) as row:
            at = builder.add(source, builder.mul(phase.index, item))
            value = builder.load(builder.inttoptr(builder.add(at, builder.mul(row.index, distance)), pointer))
            to = builder.add(target, builder.mul(phase.index, phase_bytes))
            builder.store(value, builder.inttoptr(builder.add(to, builder.mul(row.index, item)), pointer))

    return 5, emit


def _vectors(builder, lanes, numbers):
    return builder.sdiv(builder.add(numbers, INTP(lanes.width - 1)), INTP(lanes.width))


def spread(storage: Any) -> Any:
    """``target[offsets[i]][l] = source[i][order[l]]`` for rows ``i`` and lanes ``first_lane <= l < last_lane``.

    Rows of ``source`` are ``step_bytes`` apart, aligned for a number; whole vectors of them are read. ``order`` and
    ``offsets`` (bytes) are intps.
    """
    lanes = storage.lanes

    def emit(builder, source, step_bytes, rows, order, first_lane, last_lane, target, offsets):
        wide = builder.inttoptr(order, ir.VectorType(INTP, lanes.width).as_pointer())
        index = builder.load(wide, align=8)
        inside = builder.and_(lanes.below(builder, last_lane), builder.not_(lanes.below(builder, first_lane)))
        with for_range(builder, rows) as row:
            at = builder.add(offsets, builder.mul(row.index, INTP(8)))
            to = builder.add(target, builder.load(builder.inttoptr(at, INTP.as_pointer())))
            values = lanes.load(builder, builder.add(source, builder.mul(row.index, step_bytes)), lanes.item_bytes)
            masked_store(builder, lanes.permute(builder, values, index), to, inside)

    return 8, emit


def pack_lanes(storage: Any) -> Any:
    """``target[k][l] = source[k][order[l]]`` for ``taps`` taps, ``tap_stride`` bytes apart, and the first ``present``
    lanes, zeros in the others; ``order`` holds bytes.
    """
    lanes = storage.lanes

    def emit(builder, source, tap_stride, taps, order, present, target):
        first = lanes.below(builder, INTP(1))
        with for_range(builder, taps) as tap:
            tap_at = builder.add(source, builder.mul(tap.index, tap_stride))
            to = builder.add(target, builder.mul(tap.index, INTP(lanes.bytes)))
            lanes.store(builder, lanes.zero(), to)
            with for_range(builder, present) as lane:
                at = builder.add(order, builder.mul(lane.index, INTP(8)))
                at = builder.add(tap_at, builder.load(builder.inttoptr(at, INTP.as_pointer())))
                item = builder.extract_element(storage.load(builder, at, first), ir.IntType(32)(0))
                place = builder.add(to, builder.mul(lane.index, INTP(lanes.item_bytes)))
                builder.store(item, builder.inttoptr(place, lanes.scalar.as_pointer()))

    return 6, emit


BY_NAME: Any = {
    "copy_numbers": copy_numbers,
    "split_phases": split_phases,
    "spread": spread,
    "pack_lanes": pack_lanes,
}
