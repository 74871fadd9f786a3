"""Which kernel convolves, and with which grid: planned once for each shape."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.forward import depthwise
from nb_sepconv.kernels.cuda.forward.form import APART, COLUMNS, STRIP, Form, Tile
from nb_sepconv.kernels.cuda.forward.product import product
from nb_sepconv.kernels.cuda.precision import served
from nb_sepconv.kernels.cuda.runtime.launch import Launcher, Step, extent, one_thread_each, wide
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED

TURN = 8  # a tile's depth is a multiple of it


class Plan:
    """The launch that a convolution is, or none where there is nothing to compute."""

    scratch: Any = ()

    def __init__(self, sizes: Any) -> None:
        self.sizes = sizes = sizes._replace(precision=served(sizes))
        self._launcher = None
        if sizes.examples and sizes.steps:
            self._launcher = Launcher(depthwise_step(sizes) if sizes.filters is None else _separable(sizes))

    def run(self, stream: Any, inputs: Any, weights: Any, outputs: Any, *scratch: Any) -> None:
        """Fill ``outputs``; ``weights`` are contiguous: (depthwise,), or (depthwise, pointwise, bias or None)."""
        if self._launcher is not None:
            self._launcher(stream, inputs, *weights, outputs)


def steps_lie_closer(strides: Any) -> Any:
    """Whether neighbours in memory are steps rather than channels."""
    return abs(strides[1]) < abs(strides[2])


def depthwise_step(sizes: Any) -> Step:
    """The step of a depthwise convolution alone."""
    step = _by_vectors_of_channels(sizes) or _by_vectors_of_steps(sizes)
    return step or each_output_alone(sizes, STORAGE[sizes.dtype], sizes.output_strides)


def each_output_alone(sizes: Any, out: Any, output_strides: Any) -> Step:
    """The step that convolves any layout, into numbers stored as ``out`` with these strides."""
    far = _is_far(sizes, output_strides, sizes.hidden, sizes.steps * sizes.hidden)
    first = steps_lie_closer(output_strides)
    kernel = depthwise.any_layout(STORAGE[sizes.dtype], out, sizes.activation, first, far)
    return one_thread_each(
        kernel,
        sizes.examples * sizes.steps * sizes.hidden,
        *sizes.input_strides,
        *output_strides,
        *(sizes.examples, sizes.length, sizes.steps, sizes.hidden, sizes.multiplier),
        *(sizes.kernel_size, sizes.stride, sizes.dilation, sizes.left),
    )


def _by_vectors_of_channels(sizes):
    storage, lanes = STORAGE[sizes.dtype], STORAGE[sizes.dtype].lanes
    (x_example, x_step, x_channel), (y_example, y_step, y_channel) = sizes.input_strides, sizes.output_strides
    whole = all(n % lanes == 0 for n in (sizes.channels, x_example, x_step, y_example, y_step))
    if not (sizes.aligned and whole and sizes.multiplier == x_channel == y_channel == 1):
        return None
    pitch, phases = depthwise.pitch_and_phases(sizes.stride, sizes.dilation)
    strips = -(-sizes.steps // (phases * depthwise.steps_of(storage)))
    far = _is_far(sizes, sizes.output_strides, sizes.channels, strips * phases * sizes.channels)
    kernel = depthwise.vectors_of_channels(storage, sizes.activation, sizes.kernel_size, pitch, far)
    return one_thread_each(
        kernel,
        sizes.examples * strips * phases * (sizes.channels // lanes),
        *(x_example, x_step, y_example, y_step),
        *(sizes.examples, sizes.length, sizes.steps, sizes.channels, strips, phases),
        *(sizes.stride, sizes.dilation, sizes.left),
    )


def _by_vectors_of_steps(sizes):
    storage, lanes = STORAGE[sizes.dtype], STORAGE[sizes.dtype].lanes
    (x_example, x_step, x_channel), (y_example, y_step, y_channel) = sizes.input_strides, sizes.output_strides
    whole = all(n % lanes == 0 for n in (sizes.length, sizes.steps, x_example, x_channel, y_example, y_channel))
    if not (sizes.aligned and whole and sizes.stride == sizes.dilation == x_step == y_step == 1):
        return None
    strips = sizes.steps // lanes
    far = _is_far(sizes, sizes.output_strides, sizes.hidden, strips * sizes.hidden)
    kernel = depthwise.vectors_of_steps(storage, sizes.activation, sizes.kernel_size, -sizes.left % lanes, far)
    return one_thread_each(
        kernel,
        sizes.examples * strips * sizes.hidden,
        *(x_example, x_channel, y_example, y_channel),
        *(sizes.examples, sizes.length, sizes.hidden, sizes.multiplier, strips, sizes.left),
    )


def _is_far(sizes, output_strides, columns, work):
    """Whether offsets inside of an example, or the number of threads, take more than 32 bits."""
    reach = sizes.steps * sizes.stride + sizes.kernel_size * sizes.dilation + sizes.length + sizes.left
    return wide(
        2 * sizes.examples * work,
        extent((reach, sizes.channels), sizes.input_strides[1:]),
        extent((sizes.steps, columns), output_strides[1:]),
        sizes.kernel_size * sizes.hidden,
    )


def tile_for(rows: int, filters: int, depth: int, storage: Any, precision: Any = "float32") -> Tile:
    """The tile of a product of so many rows, columns and so much depth: as wide as it is, up to 256."""
    if storage.sums == "float64" or precision == "float32":
        return _tile_of_threads(rows, filters, depth, storage)
    return _tile_of_warps(filters, depth)


def _tile_of_threads(rows, filters, depth, storage):
    if SIMULATED:
        return Tile(2 * STRIP, 2 * COLUMNS, 4)
    double = storage.sums == "float64"
    columns = _columns(filters, 16, 64 if double else 256)
    tall = columns == 16 and rows > 64  # two warps are more than one
    return Tile(128 if tall else 64, columns, _depth(depth, 16 if double else 32))


def _tile_of_warps(filters, depth):
    """Warps of 32 by 32; one of 32 by 64 would load a third less from shared memory, and spill 128 registers."""
    return Tile(32, 16, 8, (32, 16)) if SIMULATED else Tile(64, _columns(filters, 32, 256), _depth(depth, 32), (32, 32))


def _columns(filters, least, most):
    columns = least
    while columns < min(filters, most):
        columns *= 2
    return columns


def _depth(whole, most):
    """In as few turns as can be, all of one depth: zeros are multiplied, too."""
    turns = max(-(-whole // most), 1)
    return max(-(-whole // (turns * TURN)), 1) * TURN


def _separable(sizes):
    storage = STORAGE[sizes.dtype]
    padded = -(-sizes.steps // STRIP) * STRIP
    tile = tile_for(sizes.examples * padded, sizes.filters, sizes.hidden, storage, sizes.precision)
    steps_first = steps_lie_closer(sizes.input_strides)
    form = Form(
        left=storage,
        right=storage,
        out=storage,
        activation=sizes.activation,
        taps=sizes.kernel_size % STRIP if sizes.stride == sizes.dilation == 1 else APART,
        tile=tile,
        steps_first=steps_first,
        vectors=sizes.aligned and _whole_vectors(sizes, storage, steps_first),
        right_vectors=sizes.aligned and sizes.filters % storage.lanes == 0,
        biased=sizes.biased,
        precision=sizes.precision,
        wide=_is_far(sizes, sizes.output_strides, sizes.filters, padded) or wide(sizes.hidden * sizes.filters),
    )
    return Step(
        product(form),
        -(-sizes.examples * padded // tile.rows) * -(-sizes.filters // tile.columns),
        tile.threads,
        (
            *sizes.input_strides,
            *(0, sizes.filters, 1),
            *sizes.output_strides,
            *(sizes.examples, sizes.length, sizes.steps, padded, sizes.hidden, 0, sizes.hidden, sizes.filters),
            *(sizes.kernel_size, sizes.multiplier, sizes.stride, sizes.dilation, sizes.left),
        ),
    )


def _whole_vectors(sizes, storage, steps_first):
    example, step, filter_ = sizes.output_strides
    if steps_first:
        return step == 1 and all(n % storage.lanes == 0 for n in (sizes.steps, example, filter_))
    return storage.lanes == 4 and filter_ == 1 and all(n % 4 == 0 for n in (sizes.filters, example, step))
