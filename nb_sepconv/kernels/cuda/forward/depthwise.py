"""The kernels of the depthwise convolution alone.

``y[n,t,h] = act(sum_k x[n, t*stride + k*dilation - left, h // M] * D[k,h])``; outside of the series all is 0.
Offsets inside of one example have the type ``index``; addresses of examples always have 64 bits.
"""

from __future__ import annotations

from math import gcd
from typing import Any

from nb_sepconv.kernels.cuda.codegen import instructions, tap_instructions
from nb_sepconv.kernels.cuda.codegen.activations import activation
from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, cuda, device, index_type, kernel, real_type

STEPS = 8  # neighbouring outputs of one thread


def steps_of(storage: Any) -> int:
    """The neighbouring steps of one thread that computes a vector of lanes: their sums fill 32 registers."""
    return STEPS // 2 if storage.item_bytes == 2 else STEPS


@compile_once
def any_layout(storage: Any, out: Any, name: Any, steps_first: Any, wide: Any) -> Any:
    """One thread for each output, any strides; neighbouring threads have neighbouring channels, or steps."""
    index, real = index_type(wide), real_type(storage.sums)
    load, store = instructions.loader(storage), instructions.storer(out)
    divide, multiply_add, within = instructions.divide, instructions.multiply_add, instructions.within
    act = activation(name, storage.sums)

    def depthwise(x, w, y, x_example, x_step, x_channel, y_example, y_step, y_channel, examples, length, steps,
                  hidden, multiplier, taps, stride, dilation, left):  # fmt: skip
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        example, rest = divide(number, index(steps * hidden))
        if example < examples:
            if steps_first:
                h, t = divide(rest, index(steps))
            else:
                t, h = divide(rest, index(hidden))
            position = index(t * stride - left)
            at = index(position * x_step + divide(h, index(multiplier))[0] * x_channel)
            x += example * x_example * storage.item_bytes
            y += example * y_example * out.item_bytes
            total = real(0)
            for k in range(taps):
                if within(position, index(length)):
                    factor = load(w, index(k * hidden + h))
                    total = multiply_add(load(x, at), factor, total)
                position = index(position + dilation)
                at = index(at + dilation * x_step)
            store(y, index(t * y_step + h * y_channel), act(total))

    return kernel(depthwise)


@compile_once
def vectors_of_channels(storage: Any, name: Any, taps: Any, pitch: Any, wide: Any) -> Any:
    """A vector of channels times ``STEPS`` steps in one thread, over a window of inputs in registers.

    Needs one kernel per channel, channels side by side and vectors of 16 bytes. ``taps`` are those of the kernel, every
    ``pitch``-th of which sees the inputs that its neighbours saw one step before: the stride over what it shares with
    the dilation. Threads are numbered vector of channels first, then phase, then strip, then example.
    """
    steps, lanes = steps_of(storage), storage.lanes
    index = index_type(wide)
    load, store = instructions.inside_loader(storage, lanes), instructions.vector_storer(storage)
    divide, within, push = instructions.divide, instructions.within, instructions.push
    no_sums, no_window = instructions.zeros(storage, steps, lanes), instructions.zeros(storage, steps - 1, lanes)
    act = _on_lanes(activation(name, storage.sums), lanes)
    long, short = -(-taps // pitch), taps // pitch  # the taps of the first and of the last residues
    longer = taps - short * pitch
    long_turns, short_turns = long // steps, short // steps
    turn = tap_instructions.sliding_taps(storage, lanes, steps, steps)
    long_rest = tap_instructions.sliding_taps(storage, lanes, steps, long % steps)
    short_rest = tap_instructions.sliding_taps(storage, lanes, steps, short % steps)

    def depthwise(x, w, y, x_example, x_step, y_example, y_step, examples, length, steps_out, channels, strips, phases,
                  stride, dilation, left):  # fmt: skip
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        strip, vector = divide(number, index(channels // lanes))
        strip, phase = divide(strip, index(phases))
        example, strip = divide(strip, index(strips))
        if example < examples:
            channel, first = index(vector * lanes), index(phase + strip * (phases * steps))
            x += example * x_example * storage.item_bytes
            y += example * y_example * storage.item_bytes
            apart = index(phases * stride)
            x_pitch, w_pitch = index(apart * x_step), index(pitch * channels)
            end = index(length)
            sums = no_sums()
            for residue in range(pitch):
                position = index(first * stride - left + residue * dilation)
                at = index(position * x_step + channel)
                weight = index(residue * channels + channel)
                window = no_window()
                for _ in range(steps - 1):
                    window = push(window, load(x, at, within(position, end)))
                    position, at = index(position + apart), index(at + x_pitch)
                for _ in range(long_turns if residue < longer else short_turns):
                    sums, window = turn(sums, window, x, at, position, end, x_pitch, apart, w, weight, w_pitch)
                    position, at = index(position + steps * apart), index(at + steps * x_pitch)
                    weight = index(weight + steps * w_pitch)
                if residue < longer:
                    sums, window = long_rest(sums, window, x, at, position, end, x_pitch, apart, w, weight, w_pitch)
                else:
                    sums, window = short_rest(sums, window, x, at, position, end, x_pitch, apart, w, weight, w_pitch)
            to = index(first * y_step + channel)
            for _ in range(steps):
                if first < steps_out:
                    store(y, to, act(sums[0]))
                sums = push(sums, sums[0])
                first, to = index(first + phases), index(to + phases * y_step)

    return kernel(depthwise)


def _on_lanes(function, lanes):
    """``function`` of each of the lanes."""
    if lanes == 2:
        return device(lambda v: (function(v[0]), function(v[1])))
    if lanes == 4:
        return device(lambda v: (function(v[0]), function(v[1]), function(v[2]), function(v[3])))

    def of_eight(v):
        low, high = (function(v[0]), function(v[1]), function(v[2]), function(v[3])), function(v[4])
        return low[0], low[1], low[2], low[3], high, function(v[5]), function(v[6]), function(v[7])

    return device(of_eight)


VECTORS_SEEN = 3  # hold all that a vector of sums and a vector of taps see, wherever the first of them begins


@compile_once
def vectors_of_steps(storage: Any, name: Any, taps: Any, shift: Any, wide: Any) -> Any:
    """A vector of steps of one channel in one thread, so that neighbours load and store neighbouring vectors.

    Needs steps side by side, stride and dilation 1, and rows of inputs and of outputs that are whole vectors; ``shift``
    is where the first input lies in its vector. Threads are numbered strip first, then channel, then example.
    """
    lanes = storage.lanes
    index = index_type(wide)
    load, store = instructions.inside_loader(storage, lanes), instructions.vector_storer(storage)
    divide, within, push = instructions.divide, instructions.within, instructions.push
    no_sums, nothing = instructions.zeros(storage, lanes), instructions.zeros(storage, VECTORS_SEEN, lanes)
    act = _on_lanes(activation(name, storage.sums), lanes)
    turns, rest_taps = divmod(taps, lanes)
    turn = tap_instructions.sweep_along(storage, lanes, VECTORS_SEEN, shift, lanes)
    rest_of_taps = tap_instructions.sweep_along(storage, lanes, VECTORS_SEEN, shift, rest_taps)

    def depthwise(x, w, y, x_example, x_channel, y_example, y_channel, examples, length, hidden, multiplier,
                  strips, left):  # fmt: skip
        number = index(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x)
        row, strip = divide(number, index(strips))
        example, h = divide(row, index(hidden))
        if example < examples:
            first = index(strip * lanes)
            x += (example * x_example + divide(h, index(multiplier))[0] * x_channel) * storage.item_bytes
            y += (example * y_example + h * y_channel) * storage.item_bytes
            end = index(length)
            position = index(first - left - shift)
            seen = nothing()
            for _ in range(VECTORS_SEEN):
                seen = push(seen, load(x, position, within(position, end)))
                position = index(position + lanes)
            sums = no_sums()
            weight, w_pitch = h, index(hidden)
            for _ in range(turns):
                sums = turn(sums, seen, w, weight, w_pitch)
                weight = index(weight + lanes * w_pitch)
                seen = push(seen, load(x, position, within(position, end)))
                position = index(position + lanes)
            store(y, first, act(rest_of_taps(sums, seen, w, weight, w_pitch)))

    return kernel(depthwise)


def pitch_and_phases(stride: Any, dilation: Any) -> tuple[Any, Any]:
    """How far a window of every ``dilation``-th input moves, and the steps that it takes turns with."""
    shared = gcd(stride, dilation)
    return stride // shared, dilation // shared
