"""Every instruction that Numba does not offer, each beside its Python twin for the simulator.

``address`` is a pointer to a series of stored numbers and ``offset`` counts them from it. A *lane* is one number of a
vector of 16 bytes; lanes come as tuples. Sums are float64 for float64 and float32 for all other storage.
"""

import numpy as np
from llvmlite import ir

from nb_sepconv.kernels.cuda.emission import (
    DOUBLE,
    I32,
    VECTOR_BYTES,
    fused_multiply_add,
    is_within,
    item_type,
    lanes_type,
    load_item,
    load_shared,
    load_vector,
    load_where_inside,
    narrowed,
    packed,
    pointer_to,
    shared_pointer,
    store_vector,
    unpacked,
)
from nb_sepconv.kernels.cuda.runtime import SIMULATED, instruction, once, real_type

if not SIMULATED:
    from numba.cuda import types


def _twin_multiply_add(a, b, c):
    with np.errstate(all="ignore"):
        return type(c)(np.float64(a) * np.float64(b) + np.float64(c))


@instruction(_twin_multiply_add)
def multiply_add(typing, a, b, c):
    """``a * b + c``, rounded once."""

    def emit(context, builder, signature, arguments):
        return fused_multiply_add(builder, *arguments)

    return c(c, c, c), emit


def _twin_divide(number, by):
    return divmod(number, by)


@instruction(_twin_divide)
def divide(typing, number, by):
    """The quotient and the rest of two integers that are not negative."""

    def emit(context, builder, signature, arguments):
        number, by = arguments
        quotient = builder.udiv(number, by)
        return packed(builder, [quotient, builder.sub(number, builder.mul(quotient, by))])

    return types.UniTuple(number, 2)(number, number), emit


def _twin_within(position, length):
    return 0 <= position < length


@instruction(_twin_within)
def within(typing, position, length):
    """``0 <= position < length``."""

    def emit(context, builder, signature, arguments):
        return is_within(builder, *arguments)

    return types.boolean(position, position), emit


@once
def loader(storage):
    """``load(address, offset)``: one number, to be added up."""
    real = real_type(storage.sums)

    def twin(address, offset):
        return real(address[offset])

    @instruction(twin)
    def load(typing, address, offset):
        def emit(context, builder, signature, arguments):
            return load_item(builder, storage, *arguments)

        return real(types.int64, offset), emit

    return load


@once
def storer(storage):
    """``store(address, offset, value)``: one sum, rounded to how it is stored."""

    def twin(address, offset, value):
        address[offset] = value

    @instruction(twin)
    def store(typing, address, offset, value):
        def emit(context, builder, signature, arguments):
            *where, value = arguments
            pointer = pointer_to(builder, *where, item_type(storage))
            builder.store(narrowed(builder, storage, value), pointer, align=storage.item_bytes)
            return context.get_dummy_value()

        return types.void(types.int64, offset, real_type(storage.sums)), emit

    return store


@once
def inside_loader(storage, lanes):
    """``load(address, offset, inside)``: the lanes of a vector, or a single number; zeros where it is not inside."""
    real = real_type(storage.sums)

    def twin(address, offset, inside):
        return tuple(real(address[offset + lane]) if inside else real(0) for lane in range(lanes))

    @instruction(twin)
    def load(typing, address, offset, inside):
        def emit(context, builder, signature, arguments):
            return packed(builder, load_where_inside(builder, storage, lanes, *arguments))

        return lanes_type(storage, lanes)(types.int64, offset, types.boolean), emit

    return load


@once
def vector_storer(storage):
    """``store(address, offset, lanes)``: a vector of 16 bytes."""

    def twin(address, offset, lanes):
        for lane, value in enumerate(lanes):
            address[offset + lane] = value

    @instruction(twin)
    def store(typing, address, offset, lanes):
        def emit(context, builder, signature, arguments):
            address, offset, lanes = arguments
            store_vector(builder, storage, address, offset, unpacked(builder, lanes))
            return context.get_dummy_value()

        return types.void(types.int64, offset, lanes_type(storage, storage.lanes)), emit

    return store


@once
def zeros(storage, *counts):
    """``zeros()``: a tuple of zeros, or of tuples of them."""
    real = real_type(storage.sums)

    def twin():
        values = real(0)
        for count in reversed(counts):
            values = (values,) * count
        return values

    @instruction(twin)
    def make(typing):
        kind = real
        for count in reversed(counts):
            kind = types.UniTuple(kind, count)

        def emit(context, builder, signature, arguments):
            return ir.Constant(context.get_value_type(signature.return_type), None)

        return kind(), emit

    return make


@once
def sliding_taps(storage, lanes, steps, count):
    """``slide(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch)``: ``count`` taps.

    ``steps`` neighbouring sums see a window of ``steps - 1`` inputs that moves by one input with each tap::

        window = (*window, x[at + i * pitch] if 0 <= position + i * apart < length else 0)
        sums[j] += window[j] * w[weight + i * weight_pitch]

    With ``lanes`` more than 1 each of these is a vector of 16 bytes. Returns the sums and the window.
    """
    real = real_type(storage.sums)
    width = range(lanes)

    def twin(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        for i in range(count):
            inside = 0 <= position + i * apart < length
            new = tuple(real(x[at + i * pitch + lane]) if inside else real(0) for lane in width)
            factors = [real(w[weight + i * weight_pitch + lane]) for lane in width]
            seen = (*window, new)
            sums = tuple(
                tuple(_twin_multiply_add(seen[j][lane], factors[lane], sums[j][lane]) for lane in width)
                for j in range(steps)
            )
            window = seen[1:]
        return sums, window

    @instruction(twin)
    def slide(typing, sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        def emit(context, builder, signature, arguments):
            sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch = arguments
            sums, window = unpacked(builder, sums), unpacked(builder, window)
            for _ in range(count):
                new = load_where_inside(builder, storage, lanes, x, at, is_within(builder, position, length))
                factors = _factors(builder, w, weight)
                window.append(new)
                for j, lane in ((j, lane) for j in range(steps) for lane in width):
                    sums[j][lane] = fused_multiply_add(builder, window[j][lane], factors[lane], sums[j][lane])
                del window[0]
                at, position = builder.add(at, pitch), builder.add(position, apart)
                weight = builder.add(weight, weight_pitch)
            parts = [packed(builder, sums), packed(builder, window)]
            return context.make_tuple(builder, signature.return_type, parts)

        index = at
        pair = types.Tuple((sums, window))
        return pair(sums, window, types.int64, *[index] * 5, types.int64, index, index), emit

    def _factors(builder, w, weight):
        if lanes > 1:
            return load_vector(builder, storage, w, weight)
        return [load_item(builder, storage, w, weight)]

    return slide


@once
def separate_tap(storage, steps):
    """``tap(sums, x, at, position, length, pitch, apart, factor)``: one tap of ``steps`` sums that share no input.

    ``sums[j] += x[at + j * pitch] * factor`` where ``0 <= position + j * apart < length``.
    """
    real = real_type(storage.sums)

    def twin(sums, x, at, position, length, pitch, apart, factor):
        seen = (
            real(x[at + j * pitch]) if 0 <= position + j * apart < length else real(0) for j in range(steps)
        )  # fmt: skip
        return tuple((_twin_multiply_add(value, factor, total[0]),) for value, total in zip(seen, sums, strict=True))

    @instruction(twin)
    def tap(typing, sums, x, at, position, length, pitch, apart, factor):
        def emit(context, builder, signature, arguments):
            sums, x, at, position, length, pitch, apart, factor = arguments
            sums = unpacked(builder, sums)
            for j in range(steps):
                (seen,) = load_where_inside(builder, storage, 1, x, at, is_within(builder, position, length))
                sums[j][0] = fused_multiply_add(builder, seen, factor, sums[j][0])
                at, position = builder.add(at, pitch), builder.add(position, apart)
            return packed(builder, sums)

        return sums(sums, types.int64, *[at] * 5, real), emit

    return tap


@once
def sweep_along(storage, steps, vectors, shift, count):
    """``sweep(sums, seen, w, weight, pitch)``: ``count`` taps over inputs that lie side by side in ``seen`` vectors.

    ``sums[j] += seen[shift + i + j] * w[weight + i * pitch]``.
    """
    real = real_type(storage.sums)

    def twin(sums, seen, w, weight, pitch):
        items = [item for vector in seen for item in vector]
        for i in range(count):
            factor = real(w[weight + i * pitch])
            sums = tuple(_twin_multiply_add(items[shift + i + j], factor, sums[j]) for j in range(steps))
        return sums

    @instruction(twin)
    def sweep(typing, sums, seen, w, weight, pitch):
        def emit(context, builder, signature, arguments):
            sums, seen, w, weight, pitch = arguments
            sums = unpacked(builder, sums)
            items = [item for vector in unpacked(builder, seen) for item in vector]
            for i in range(count):
                factor = load_item(builder, storage, w, weight)
                for j in range(steps):
                    sums[j] = fused_multiply_add(builder, items[shift + i + j], factor, sums[j])
                weight = builder.add(weight, pitch)
            return packed(builder, sums)

        return sums(sums, seen, types.int64, weight, weight), emit

    return sweep


def _twin_push(vectors, new):
    return (*vectors[1:], new)


@instruction(_twin_push)
def push(typing, vectors, new):
    """The vectors without their first one and with a new one behind."""

    def emit(context, builder, signature, arguments):
        vectors, new = (unpacked(builder, argument) for argument in arguments)
        return packed(builder, [*vectors[1:], new])

    return vectors(vectors, new), emit


@once
def parted(storage, count, lanes):
    """``part(values)``: ``count`` values as vectors of lanes."""

    def twin(values):
        return tuple(values[i : i + lanes] for i in range(0, count, lanes))

    @instruction(twin)
    def part(typing, values):
        def emit(context, builder, signature, arguments):
            values = unpacked(builder, *arguments)
            return packed(builder, [values[i : i + lanes] for i in range(0, count, lanes)])

        return types.UniTuple(lanes_type(storage, lanes), count // lanes)(values), emit

    return part


def _twin_transpose(rows):
    return tuple(zip(*rows, strict=True))


@instruction(_twin_transpose)
def transpose(typing, rows):
    """A tuple of columns from a tuple of rows."""

    def emit(context, builder, signature, arguments):
        rows = unpacked(builder, *arguments)
        return packed(builder, [list(column) for column in zip(*rows, strict=True)])

    return types.UniTuple(types.UniTuple(rows.dtype.dtype, rows.count), rows.dtype.count)(rows), emit


@once
def shared_storer(count):
    """``store(tile, offset, values)``: ``count`` neighbours in shared memory, at a multiple of 16 bytes."""

    def twin(tile, offset, values):
        for i, value in enumerate(values):
            tile[offset + i] = value[0]

    @instruction(twin)
    def store(typing, tile, offset, values):
        def emit(context, builder, signature, arguments):
            tile, offset, values = arguments
            values = [value for (value,) in unpacked(builder, values)]
            lanes = VECTOR_BYTES // (8 if values[0].type == DOUBLE else 4)
            for i in range(0, count, lanes):
                vector = ir.Constant(ir.VectorType(values[0].type, lanes), ir.Undefined)
                for lane in range(lanes):
                    vector = builder.insert_element(vector, values[i + lane], I32(lane))
                builder.store(
                    vector, shared_pointer(context, builder, signature, tile, offset, i, vector.type), align=16
                )
            return context.get_dummy_value()

        return types.void(tile, offset, values), emit

    return store


@once
def outer_products(rows, columns, row_pitch, column_pitch, count):
    """``multiply(tile, left, right, sums)``: ``sums[i][j] += tile[left + r*row_pitch + i] * tile[right + ... + j]``.

    ``r`` counts from 0 to ``count``; ``rows`` and ``columns`` neighbours are read at a time.
    """

    def twin(tile, left, right, sums):
        for r in range(count):
            a, b = left + r * row_pitch, right + r * column_pitch
            sums = tuple(
                tuple(_twin_multiply_add(tile[a + i], tile[b + j], sums[i][j]) for j in range(columns))
                for i in range(rows)
            )
        return sums

    @instruction(twin)
    def multiply(typing, tile, left, right, sums):
        def emit(context, builder, signature, arguments):
            tile, left, right, sums = arguments
            sums = unpacked(builder, sums)
            for r in range(count):
                a_at = builder.add(left, left.type(r * row_pitch))
                b_at = builder.add(right, right.type(r * column_pitch))
                a = load_shared(context, builder, signature, tile, a_at, rows)
                b = load_shared(context, builder, signature, tile, b_at, columns)
                for i, j in ((i, j) for i in range(rows) for j in range(columns)):
                    sums[i][j] = fused_multiply_add(builder, a[i], b[j], sums[i][j])
            return packed(builder, sums)

        return sums(tile, left, right, sums), emit

    return multiply
