"""The kernel of the convolution as a whole: a product of matrices whose left factor is convolved on its way in.

``y[n,t,f] = act(b[f] + sum_h hidden[n,t,h] * p[n,h,f])``, in tiles of rows and columns. ``hidden`` is the depthwise
convolution of ``x``, as in the module ``depthwise``, or ``x`` as it is, which the gradients use. A row is a step of an
example, and every example has ``padded`` rows, a multiple of ``STRIP``, so that a strip never lies in two.
"""

import threading
from typing import NamedTuple

from nb_sepconv.kernels.cuda import instructions
from nb_sepconv.kernels.cuda.activations import activation
from nb_sepconv.kernels.cuda.emission import Storage
from nb_sepconv.kernels.cuda.runtime import SIMULATED, cuda, device, index_type, kernel, once, real_type

STRIP, COLUMNS = 8, 4  # rows and columns of one thread
UNROLLED = 4
PLAIN, APART = "plain", "apart"


class Tile(NamedTuple):
    """What one block computes: strips of rows, groups of columns, and the depth that it keeps at a time."""

    strips: int
    groups: int
    depth: int

    @property
    def rows(self):
        return self.strips * STRIP

    @property
    def columns(self):
        return self.groups * COLUMNS

    @property
    def threads(self):
        return self.strips * self.groups

    @property
    def pitch(self):
        """Between the left factor's columns in shared memory: 4 more, so that neighbours fall into other banks."""
        return self.rows + 4

    @property
    def numbers(self):
        return self.depth * (self.pitch + self.columns)


class Form(NamedTuple):
    """Everything that a kernel is compiled for.

    ``taps`` is PLAIN, APART (any stride and dilation), or, where both are 1, the taps that a whole number of ``STRIP``
    leaves over. ``vectors`` says that the outputs can be stored in vectors of 16 bytes.
    """

    left: Storage
    right: Storage
    out: Storage
    activation: str | None
    taps: int | str
    tile: Tile
    steps_first: bool
    vectors: bool
    biased: bool
    wide: bool


@once
def product(form):
    """The kernel of a form. Blocks are numbered tile of columns first, then tile of rows."""
    tile_of, index = form.tile, index_type(form.wide)
    sums_name = form.out.sums
    real, item_bytes, right_bytes = real_type(sums_name), form.left.item_bytes, form.right.item_bytes
    rows, columns, depth_of_tile = tile_of.rows, tile_of.columns, tile_of.depth
    pitch, right_at, strips, groups, threads = (
        *(tile_of.pitch, tile_of.depth * tile_of.pitch, tile_of.strips, tile_of.groups, tile_of.threads),
    )
    steps_first = form.steps_first
    divide = instructions.divide
    allocate, convolve, write = _shared(tile_of.numbers, real), _convolution(form), _writer(form)
    load_right, load_bias = instructions.loader(form.right), _bias(form)
    keep = instructions.shared_storer(STRIP)
    multiply = instructions.outer_products(STRIP, COLUMNS, pitch, columns, UNROLLED)
    no_sums = instructions.zeros(form.out, STRIP, COLUMNS)

    def product(x, w, p, b, y, x_example, x_step, x_channel, p_example, p_row, p_column, y_example, y_step, y_filter,
                examples, length, steps, padded, depth, depth_step, depth_total, filters, taps, multiplier, stride,
                dilation, left):  # fmt: skip
        tile = allocate()
        thread = index(cuda.threadIdx.x)
        row_tile, column_tile = divide(index(cuda.blockIdx.x), index((filters + columns - 1) // columns))
        first_row, first_column = index(row_tile * rows), index(column_tile * columns)
        if steps_first:
            group, strip = divide(thread, index(strips))
        else:
            strip, group = divide(thread, index(groups))
        batch, _ = divide(first_row, index(padded))
        p += batch * p_example * right_bytes
        deep = index(min(depth, depth_total - batch * depth_step))
        sums = no_sums()
        for first in range(0, deep, depth_of_tile):
            cuda.syncthreads()
            for task in range(thread, depth_of_tile * strips, threads):
                if steps_first:
                    r, part = divide(index(task), index(strips))
                else:
                    part, r = divide(index(task), index(depth_of_tile))
                h = index(first + r)
                example, t = divide(index(first_row + part * STRIP), index(padded))
                end = index(length) if (example < examples and h < deep) else index(0)
                channel = index(divide(h, index(multiplier))[0] * x_channel)
                base = x + example * x_example * item_bytes
                hidden = convolve(base, channel, t, end, x_step, w, h, depth, taps, stride, dilation, left)
                keep(tile, index(r * pitch + part * STRIP), hidden)
            for task in range(thread, depth_of_tile * columns, threads):
                r, column = divide(index(task), index(columns))
                row, f = index(first + r), index(first_column + column)
                value = real(0)
                if row < deep and f < filters:
                    value = load_right(p, index(row * p_row + f * p_column))
                tile[index(right_at + r * columns + column)] = value
            cuda.syncthreads()
            for r in range(0, depth_of_tile, UNROLLED):
                a, c = index(r * pitch + strip * STRIP), index(right_at + r * columns + group * COLUMNS)
                sums = multiply(tile, a, c, sums)
        example, t = divide(index(first_row + strip * STRIP), index(padded))
        f = index(first_column + group * COLUMNS)
        if example < examples:
            b0, b1 = load_bias(b, f, filters), load_bias(b, index(f + 1), filters)
            b2, b3 = load_bias(b, index(f + 2), filters), load_bias(b, index(f + 3), filters)
            base = y + example * y_example * form.out.item_bytes
            write(base, y_step, y_filter, sums, (b0, b1, b2, b3), t, steps, f, filters)

    return kernel(product, threads)


def _shared(numbers, real):
    """What gives a block its memory."""
    if SIMULATED:
        return lambda: _allocated(numbers, real)
    return device(lambda: cuda.shared.array(numbers, real, alignment=16))


_allocating = threading.Lock()  # two of the simulator's threads that allocate at once would get an array each


def _allocated(numbers, real):
    with _allocating:
        return cuda.shared.array(numbers, real)


def _bias(form):
    real, load = real_type(form.out.sums), instructions.loader(form.right)
    if form.biased:
        return device(lambda b, f, filters: load(b, f) if f < filters else real(0))
    return device(lambda b, f, filters: real(0))


def _convolution(form):
    """What computes ``STRIP`` rows of one column of the left factor."""
    index, real = index_type(form.wide), real_type(form.out.sums)
    no_sums = instructions.zeros(form.left, STRIP, 1)
    load, tap = instructions.loader(form.left), instructions.separate_tap(form.left, STRIP)

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
    turn = instructions.sliding_taps(form.left, 1, STRIP, STRIP)
    rest = instructions.sliding_taps(form.left, 1, STRIP, rest_taps)

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


def _writer(form):
    """What adds the bias to a thread's sums and stores them."""
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
