"""The kernel of the convolution as a whole: a product of matrices whose left factor is convolved on its way in.

``y[n,t,f] = act(b[f] + sum_h hidden[n,t,h] * p[n,h,f])``, in tiles of rows and columns. ``hidden`` is the depthwise
convolution of ``x``, as in the module ``depthwise``, or ``x`` as it is, which the gradients use. A row is a step of an
example, and every example has ``padded`` rows, a multiple of ``STRIP``, so that a strip never lies in two.
"""

from __future__ import annotations

import threading
from typing import Any

from nb_sepconv.kernels.cuda.codegen import instructions, tap_instructions, tile_instructions
from nb_sepconv.kernels.cuda.forward.form import APART, PLAIN, STRIP
from nb_sepconv.kernels.cuda.forward.mma_tile import mma_tile
from nb_sepconv.kernels.cuda.forward.simt_tile import simt_tile
from nb_sepconv.kernels.cuda.runtime.numba_cuda import (
    SIMULATED,
    compile_once,
    cuda,
    device,
    index_type,
    kernel,
    real_type,
)


@compile_once
def product(form: Any) -> Any:
    """The kernel of a form. Blocks are numbered tile of columns first, then tile of rows."""
    tile_of, index, divide = form.tile, index_type(form.wide), instructions.divide
    rows, columns, depth_of_tile, right_bytes = tile_of.rows, tile_of.columns, tile_of.depth, form.right.item_bytes
    allocate = _shared(tile_of.numbers, real_type(form.out.sums))
    fill_left, fill_right = _left_filler(form), _right_filler(form)
    part = mma_tile(form) if tile_of.warp else simt_tile(form)
    no_sums, multiply, write = part.no_sums, part.multiply, part.write

    def product(x, w, p, b, y, x_example, x_step, x_channel, p_example, p_row, p_column, y_example, y_step, y_filter,
                examples, length, steps, padded, depth, depth_step, depth_total, filters, taps, multiplier, stride,
                dilation, left):  # fmt: skip
        tile = allocate()
        row_tile, column_tile = divide(index(cuda.blockIdx.x), index((filters + columns - 1) // columns))
        first_row, first_column = index(row_tile * rows), index(column_tile * columns)
        batch, _ = divide(first_row, index(padded))
        p += batch * p_example * right_bytes
        deep = index(min(depth, depth_total - batch * depth_step))
        sums = no_sums()
        for first in range(0, deep, depth_of_tile):
            cuda.syncthreads()
            fill_left(tile, index(cuda.threadIdx.x), index(first), deep, first_row, x, w, x_example, x_step, x_channel,
                      examples, length, padded, depth, taps, multiplier, stride, dilation, left)  # fmt: skip
            fill_right(tile, index(cuda.threadIdx.x), index(first), deep, first_column, p, p_row, p_column, filters)
            cuda.syncthreads()
            sums = multiply(tile, index(cuda.threadIdx.x), sums)
        write(index(cuda.threadIdx.x), sums, b, y, y_example, y_step, y_filter, first_row, first_column, examples,
              steps, padded, filters)  # fmt: skip

    return kernel(product, tile_of.threads)


def _shared(numbers, real):
    """What gives a block its memory."""
    if SIMULATED:
        return lambda: _allocated(numbers, real)
    return device(lambda: cuda.shared.array(numbers, real, alignment=16))


_allocating = threading.Lock()  # two of the simulator's threads that allocate at once would get an array each


def _allocated(numbers, real):
    with _allocating:
        return cuda.shared.array(numbers, real)


def _left_filler(form):
    """What convolves the left factor's part of a tile, column by column, a strip of rows at a time.

    It asks how many threads there are, though they are known: the loop would be unrolled, at 30 registers more.
    """
    tile_of, index, divide, item_bytes = form.tile, index_type(form.wide), instructions.divide, form.left.item_bytes
    depth_of_tile, strips, pitch = tile_of.depth, tile_of.strips, tile_of.row_pitch
    steps_first, convolve, transpose = form.steps_first, _convolution(form), instructions.transpose
    keep = tile_instructions.shared_storer(STRIP)

    def fill(tile, thread, first, deep, first_row, x, w, x_example, x_step, x_channel, examples, length, padded, depth,
             taps, multiplier, stride, dilation, left):  # fmt: skip
        for task in range(thread, depth_of_tile * strips, cuda.blockDim.x):
            if steps_first:
                r, strip = divide(index(task), index(strips))
            else:
                strip, r = divide(index(task), index(depth_of_tile))
            h = index(first + r)
            example, t = divide(index(first_row + strip * STRIP), index(padded))
            end = index(length) if (example < examples and h < deep) else index(0)
            channel = index(divide(h, index(multiplier))[0] * x_channel)
            base = x + example * x_example * item_bytes
            hidden = convolve(base, channel, t, end, x_step, w, h, depth, taps, stride, dilation, left)
            keep(tile, index(r * pitch + strip * STRIP), transpose(hidden)[0])

    return device(fill)


def _right_filler(form):
    """What copies the right factor's part of a tile, row by row, in vectors where they can be loaded."""
    tile_of, index, divide = form.tile, index_type(form.wide), instructions.divide
    lanes = form.right.lanes if form.right_vectors else 1
    depth_of_tile, pieces = tile_of.depth, tile_of.columns // lanes
    right_at, pitch = tile_of.right_at, tile_of.column_pitch
    load, keep = instructions.inside_loader(form.right, lanes), tile_instructions.shared_storer(lanes)

    def fill(tile, thread, first, deep, first_column, p, p_row, p_column, filters):
        for task in range(thread, depth_of_tile * pieces, cuda.blockDim.x):
            r, piece = divide(index(task), index(pieces))
            row, f = index(first + r), index(first_column + piece * lanes)
            values = load(p, index(row * p_row + f * p_column), row < deep and f < filters)
            keep(tile, index(right_at + r * pitch + piece * lanes), values)

    return device(fill)


def _convolution(form):
    """What computes ``STRIP`` rows of one column of the left factor."""
    index, real = index_type(form.wide), real_type(form.out.sums)
    no_sums = instructions.zeros(form.left, STRIP, 1)
    load, tap = instructions.loader(form.left), tap_instructions.separate_tap(form.left, STRIP)

    def plain(x, channel, t, end, x_step, w, h, hidden, taps, stride, dilation, left):
        at = index(t * x_step + channel)
        return tap(no_sums(), x, at, t, end, index(x_step), index(1), real(1))

    def apart(x, channel, t, end, x_step, w, h, hidden, taps, stride, dilation, left):
        position = index(t * stride - left)
        at, sums = index(position * x_step + channel), no_sums()
        for k in range(taps):
            factor = load(w, index(k * hidden + h)) if end > 0 else real(0)
            sums = tap(sums, x, at, position, end, index(stride * x_step), index(stride), factor)
            position, at = index(position + dilation), index(at + dilation * x_step)
        return sums

    return device({PLAIN: plain, APART: apart}.get(form.taps) or _sliding(form))


def _sliding(form):
    index, rest_taps = index_type(form.wide), form.taps
    inside, push, within = instructions.inside_loader(form.left, 1), instructions.push, instructions.within
    no_sums, no_window = instructions.zeros(form.left, STRIP, 1), instructions.zeros(form.left, STRIP - 1, 1)
    turn = tap_instructions.sliding_taps(form.left, 1, STRIP, STRIP)
    rest = tap_instructions.sliding_taps(form.left, 1, STRIP, rest_taps)

    def sliding(x, channel, t, end, x_step, w, h, hidden, taps, stride, dilation, left):
        position, pitch, one = index(t - left), index(x_step), index(1)
        at, window = index(position * x_step + channel), no_window()
        for _ in range(STRIP - 1):
            window = push(window, inside(x, at, within(position, end)))
            position, at = index(position + 1), index(at + x_step)
        sums, weight = no_sums(), h
        if end > 0:
            for _ in range(taps // STRIP):
                sums, window = turn(sums, window, x, at, position, end, pitch, one, w, weight, index(hidden))
                position, at = index(position + STRIP), index(at + STRIP * x_step)
                weight = index(weight + STRIP * hidden)
            sums, window = rest(sums, window, x, at, position, end, pitch, one, w, weight, index(hidden))
        return sums

    return sliding
