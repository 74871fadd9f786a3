"""What one thread of a product does alone, with multiply-adds: the sums of ``STRIP`` rows by ``COLUMNS`` columns."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cuda.codegen import instructions, tile_instructions
from nb_sepconv.kernels.cuda.codegen.activations import activation
from nb_sepconv.kernels.cuda.forward.form import COLUMNS, STRIP
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, device, index_type, real_type

UNROLLED = 4


class Part(NamedTuple):
    """A thread's share of a tile: how its sums begin, what adds the products of a tile to them, what writes them.

    ``no_sums()``, ``multiply(tile, thread, sums)`` and ``write(thread, sums, b, y, y_example, y_step, y_filter,
    first_row, first_column, examples, steps, padded, filters)``.
    """

    no_sums: object
    multiply: object
    write: object


@compile_once
def simt_tile(form: Any) -> Part:
    """The Part of a thread with the form's tile."""
    return Part(instructions.zeros(form.out, STRIP, COLUMNS), _multiplier(form), _writer(form))


def bias_loader(form: Any) -> Any:
    """``load(b, f, filters)``: the bias of a filter, 0 behind the last one."""
    real, load = real_type(form.out.sums), instructions.loader(form.right)
    if form.biased:
        return device(lambda b, f, filters: load(b, f) if f < filters else real(0))
    return device(lambda b, f, filters: real(0))


def _place(form):
    """``place(thread)``: the thread's strip of rows and group of columns."""
    index, divide, (strips, groups) = index_type(form.wide), instructions.divide, (form.tile.strips, form.tile.groups)

    def down_first(thread):
        group, strip = divide(thread, index(strips))
        return strip, group

    def transposed_first(thread):
        return divide(thread, index(groups))

    return device(down_first if form.steps_first else transposed_first)


def _multiplier(form):
    index, place, tile_of = index_type(form.wide), _place(form), form.tile
    depth, row_pitch, column_pitch, right_at = tile_of.depth, tile_of.row_pitch, tile_of.column_pitch, tile_of.right_at
    add = tile_instructions.outer_products(STRIP, COLUMNS, row_pitch, column_pitch, UNROLLED)

    def multiply(tile, thread, sums):
        strip, group = place(thread)
        for r in range(0, depth, UNROLLED):
            a, c = index(r * row_pitch + strip * STRIP), index(right_at + r * column_pitch + group * COLUMNS)
            sums = add(tile, a, c, sums)
        return sums

    return device(multiply)


def _writer(form):
    """What adds the bias to a thread's sums and stores them."""
    index, place, divide, item_bytes = index_type(form.wide), _place(form), instructions.divide, form.out.item_bytes
    load_bias, write_strip = bias_loader(form), _strip_writer(form)

    def write(
        thread, sums, b, y, y_example, y_step, y_filter, first_row, first_column, examples, steps, padded, filters
    ):
        strip, group = place(thread)
        example, t = divide(index(first_row + strip * STRIP), index(padded))
        f = index(first_column + group * COLUMNS)
        if example < examples:
            b0, b1 = load_bias(b, f, filters), load_bias(b, index(f + 1), filters)
            b2, b3 = load_bias(b, index(f + 2), filters), load_bias(b, index(f + 3), filters)
            base = y + example * y_example * item_bytes
            write_strip(base, y_step, y_filter, sums, (b0, b1, b2, b3), t, steps, f, filters)

    return device(write)


def _strip_writer(form):
    """What stores the sums of a strip with their bias."""
    index, act, push = index_type(form.wide), activation(form.activation, form.out.sums), instructions.push
    store, transpose = instructions.storer(form.out), instructions.transpose
    lanes = form.out.lanes

    def separately(y, y_step, y_filter, sums, bias, t, steps, f, filters):
        for _ in range(STRIP):
            if t < steps:
                values = sums[0]
                at = index(t * y_step + f * y_filter)
                if f < filters:
                    store(y, at, act(values[0] + bias[0]))
                if f + 1 < filters:
                    store(y, index(at + y_filter), act(values[1] + bias[1]))
                if f + 2 < filters:
                    store(y, index(at + 2 * y_filter), act(values[2] + bias[2]))
                if f + 3 < filters:
                    store(y, index(at + 3 * y_filter), act(values[3] + bias[3]))
            sums, t = push(sums, sums[0]), index(t + 1)

    if not form.vectors:
        return device(separately)
    store_vector = instructions.vector_storer(form.out)

    def columns_as_vectors(y, y_step, y_filter, sums, bias, t, steps, f, filters):
        for _ in range(STRIP):
            if t < steps and f < filters:
                v = sums[0]
                done = (act(v[0] + bias[0]), act(v[1] + bias[1]), act(v[2] + bias[2]), act(v[3] + bias[3]))
                store_vector(y, index(t * y_step + f), done)
            sums, t = push(sums, sums[0]), index(t + 1)

    part, act_on = instructions.parted(form.out, STRIP, lanes), _biased_activation(form, act)

    def steps_as_vectors(y, y_step, y_filter, sums, bias, t, steps, f, filters):
        by_column = transpose(sums)
        for j in range(COLUMNS):
            parts, to = part(act_on(by_column[0], bias[0])), t
            for _ in range(STRIP // lanes):
                if to < steps and f + j < filters:
                    store_vector(y, index((f + j) * y_filter + to), parts[0])
                parts, to = push(parts, parts[0]), index(to + lanes)
            by_column, bias = push(by_column, by_column[0]), push(bias, bias[0])

    return device(steps_as_vectors if form.steps_first else columns_as_vectors)


def _biased_activation(form, act):
    """``act(v + bias)`` of ``STRIP`` values."""

    def low(v, b):
        return act(v[0] + b), act(v[1] + b), act(v[2] + b), act(v[3] + b)

    def high(v, b):
        return act(v[4] + b), act(v[5] + b), act(v[6] + b), act(v[7] + b)

    low, high = device(low), device(high)

    def both(v, b):
        lower, upper = low(v, b), high(v, b)
        return lower[0], lower[1], lower[2], lower[3], upper[0], upper[1], upper[2], upper[3]

    return device(both)
