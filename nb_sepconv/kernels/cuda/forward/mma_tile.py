"""What a warp of a product does together on tensor cores: the sums of a tile's part, in fragments over its lanes."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen import instructions, mma_instructions
from nb_sepconv.kernels.cuda.codegen.activations import activation
from nb_sepconv.kernels.cuda.codegen.mma_instructions import COLUMNS, DEPTH, GROUP, HALF, LANES, ROWS
from nb_sepconv.kernels.cuda.forward.simt_tile import Part, bias_loader
from nb_sepconv.kernels.cuda.precision import parts_of_right
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, device, index_type


@compile_once
def mma_tile(form: Any) -> Part:
    """The Part of a lane with the form's tile."""
    no_sums = instructions.zeros(form.out, _down(form) * _across(form), 4)
    return Part(no_sums, _multiplier(form), _writer(form))


def _down(form):
    """The fragments below each other."""
    return form.tile.warp[0] // ROWS


def _across(form):
    """The fragments beside each other."""
    return form.tile.warp[1] // COLUMNS


def _place(form):
    """``place(thread)``: the warp's first row and column in the tile, and the lane's group and its number there."""
    index, divide, tile_of = index_type(form.wide), instructions.divide, form.tile
    (rows, columns), warps_across = tile_of.warp, tile_of.warps_across

    def place(thread):
        warp, lane = divide(thread, index(LANES))
        down, across = divide(warp, index(warps_across))
        group, member = divide(lane, index(GROUP))
        return index(down * rows), index(across * columns), group, member

    return device(place)


def _multiplier(form):
    index, place, tile_of = index_type(form.wide), _place(form), form.tile
    depth, row_pitch, column_pitch, right_at = tile_of.depth, tile_of.row_pitch, tile_of.column_pitch, tile_of.right_at
    parts = 2 if form.precision == "tf32x3" else 1, parts_of_right(form.precision, form.right)
    add = mma_instructions.tensor_products(*parts, _down(form), _across(form), row_pitch, column_pitch)

    def multiply(tile, thread, sums):
        row, column, group, member = place(thread)
        for r in range(0, depth, DEPTH):
            deep = index(r + 2 * member)
            a, b = index(deep * row_pitch + row + group), index(right_at + deep * column_pitch + column + group)
            sums = add(tile, a, b, sums)
        return sums

    return device(multiply)


def _writer(form):
    """What adds the bias to a lane's sums and stores them."""
    index, place, divide, item_bytes = index_type(form.wide), _place(form), instructions.divide, form.out.item_bytes
    load_bias, write_pair, push = bias_loader(form), _pair_writer(form), instructions.push
    fragments_down, fragments_across = _down(form), _across(form)

    def write(
        thread, sums, b, y, y_example, y_step, y_filter, first_row, first_column, examples, steps, padded, filters
    ):
        row, column, group, member = place(thread)
        row = index(row + first_row)
        for _ in range(fragments_down):
            upper_example, upper = divide(row, index(padded))
            lower_example, lower = divide(index(row + HALF), index(padded))
            upper, lower = index(upper + group), index(lower + group)
            upper_end = index(steps) if upper_example < examples else index(0)
            lower_end = index(steps) if lower_example < examples else index(0)
            upper_y = y + upper_example * y_example * item_bytes
            lower_y = y + lower_example * y_example * item_bytes
            f = index(first_column + column + 2 * member)
            for _ in range(fragments_across):
                v = sums[0]
                b0, b1 = load_bias(b, f, filters), load_bias(b, index(f + 1), filters)
                if upper < upper_end:
                    write_pair(
                        upper_y, index(upper * y_step + f * y_filter), y_filter, v[0] + b0, v[1] + b1, f, filters
                    )
                if lower < lower_end:
                    write_pair(
                        lower_y, index(lower * y_step + f * y_filter), y_filter, v[2] + b0, v[3] + b1, f, filters
                    )
                sums, f = push(sums, v), index(f + COLUMNS)
            row = index(row + ROWS)

    return device(write)


def _pair_writer(form):
    """What applies the activation to the sums of neighbouring filters and stores them."""
    index, act, store = index_type(form.wide), activation(form.activation, form.out.sums), instructions.storer(form.out)
    store_both = instructions.vector_storer(form.out, 2)

    def separately(y, at, y_filter, one, other, f, filters):
        if f < filters:
            store(y, at, act(one))
        if f + 1 < filters:
            store(y, index(at + y_filter), act(other))

    def both(y, at, y_filter, one, other, f, filters):
        if f < filters:
            store_both(y, at, (act(one), act(other)))

    return device(both if form.vectors and not form.steps_first else separately)
