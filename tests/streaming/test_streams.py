"""Streams over grids of small geometries: the bits of one call, however the series is cut."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import window_cases as cases
from stream_cases import cuts_of, streamed
from window_cases import FORMATS, PADDINGS, same_bits

import nb_sepconv as tf
from nb_sepconv import ops
from nb_sepconv.convolution.windows import field, place, places
from nb_sepconv.streaming import Stream, layer_stream
from nb_sepconv.streaming.stream import of_stages

ROOT = Path(__file__).parents[2]
CHANNELS, FILTERS = 3, 4


def weights(rng, kernel_size, dtype, multiplier=1, channels=CHANNELS, filters=FILTERS):
    dtype = cases.dtype_of(dtype)
    shapes = (kernel_size, channels, multiplier), (channels * multiplier, filters), (filters,)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def needs_length(stages):
    return any(stage.padding == "same" and stage.stride > 1 for stage in stages)


def check_stream(rng, geometry, length, data_format, dtype, activation, random):
    kernel_size, stride, dilation, padding = geometry
    arrays = weights(rng, kernel_size, dtype)
    how = {"strides": stride, "dilation_rate": dilation, "data_format": data_format, "activation": activation}
    axis = 1 if data_format == "channels_last" else 2
    shape = (2, length, CHANNELS) if axis == 1 else (2, CHANNELS, length)
    inputs = rng.standard_normal(shape).astype(arrays[0].dtype)
    try:
        answer = ops.separable_conv1d(inputs, *arrays, padding=padding, **how)
    except ValueError as error:
        if "too short" not in str(error):
            raise
        answer = None
    told = max(length, 1) if padding == "same" and stride > 1 else None
    if told not in (None, length):
        return
    stream = Stream(*arrays, padding=padding, batch_size=2, length=told, **how)
    for cuts in cuts_of(rng, length, random):
        found = streamed(stream, inputs, axis, cuts, save_at=len(cuts) // 2)
        if answer is None:
            assert found.shape[axis] == 0
        else:
            assert same_bits(found, answer), (geometry, length, data_format, dtype, cuts)
        stream.reset()


def check_grid(sizes, strides, dilations, paddings, lengths, data_format, dtype, random=1):
    rng = np.random.default_rng(0)
    for geometry in cases.geometries(sizes, strides, dilations, paddings):
        for length in lengths:
            check_stream(rng, geometry, length, data_format, dtype, "tanh", random)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_streams_have_the_bits_of_one_call(dtype, data_format):
    lengths = (0, 1, 5, 12) if dtype == "float32" else (9,)
    check_grid((1, 2, 4), (1, 3), (1, 2), ("valid", "same", "causal", (7, 2)), lengths, data_format, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_all_streams_have_the_bits_of_one_call(dtype, data_format):
    sizes = (1, 2, 3, 4)
    check_grid(sizes, sizes, (1, 2, 3), PADDINGS, range(13), data_format, dtype, random=3)


def check_stack(rng, stages, inputs, random):
    axis, length = cases.axis_of(stages), inputs.shape[cases.axis_of(stages)]
    answer = cases.whole(stages, inputs)
    if answer is None or not all(where.steps for where in places(stages, length)):
        return
    told = length if needs_length(stages) else None
    stream = of_stages(stages, len(inputs), told)
    assert (stream.stride, stream.lookahead) == (
        field(places(stages, length)).stride,
        field(places(stages, length)).lookahead,
    )
    for cuts in cuts_of(rng, length, random):
        found = streamed(stream, inputs, axis, cuts, save_at=len(cuts) // 2)
        assert same_bits(found, answer), (stages, inputs.shape, cuts)
        stream.reset()


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_streams_of_stacks_have_the_bits_of_one_call(dtype, data_format):
    rng = np.random.default_rng(1)
    for stages, inputs in cases.random_stacks(40 if dtype == "float32" else 10, data_format, dtype):
        check_stack(rng, stages, inputs, 1)


@pytest.mark.slow
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_streams_of_many_stacks_have_the_bits_of_one_call(dtype, data_format):
    rng = np.random.default_rng(2)
    for stages, inputs in cases.random_stacks(1500, data_format, dtype, seed=1):
        check_stack(rng, stages, inputs, 3)


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are processors of the x86 family"
)
@pytest.mark.parametrize("processor", ["haswell", "nehalem"])
def test_streams_of_older_processors_have_the_bits_of_one_call(processor):
    picked = "(test_streams_have_the or test_streams_of_stacks or test_every_precision or depthwise) and not older"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", __file__, "-k", picked]
    chosen = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env={**os.environ, **chosen}, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(
    "precision",
    ["float32", "bf16", *(pytest.param(name, marks=pytest.mark.slow) for name in ("bf16x3", "tf32x3", "tf32"))],
)
def test_every_precision_has_the_bits_of_one_call(monkeypatch, precision, data_format):
    """On a layer that is wide enough for the units that multiply in parts, with several examples and multipliers."""
    rng = np.random.default_rng(3)
    arrays = weights(rng, 5, "float32", multiplier=2, channels=96, filters=200)
    axis = 1 if data_format == "channels_last" else 2
    inputs = rng.standard_normal((3, 40, 96) if axis == 1 else (3, 96, 40)).astype(np.float32)
    how = {"padding": "causal", "data_format": data_format, "activation": "gelu", "precision": precision}
    monkeypatch.setattr(layer_stream, "LARGE_BYTES", 20 * 3 * 96 * 4)  # of the longest chunks
    answer = ops.separable_conv1d(inputs, *arrays, **how)
    stream = Stream(*arrays, batch_size=3, **how)
    for cuts in ([1] * 40, [40], [17, 0, 2, 21]):
        assert same_bits(streamed(stream, inputs, axis, cuts), answer)
        stream.reset()


LONG_CHUNKS = (40, 1, 100, 33, 32, 7, 64, 123)
LONG_GEOMETRIES = ((3, 1, 1, "causal"), (3, 2, 40, (80, 0)), (7, 9, 3, "valid"), (2, 9, 1, (5, 2)))
SIZES = ((1, 5, 1, 0), (2, 300, 1, 0), (2, 20, 1, 33), (1, 70, 2, 7), (1, 3, 8, 20), (1, 130, 1, 200))


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(("examples", "channels", "multiplier", "filters"), SIZES)
def test_large_chunks_have_the_bits_of_one_call(monkeypatch, examples, channels, multiplier, filters, data_format):
    """Chunks are overwritten once they are pushed: what a stream keeps of them are copies."""
    monkeypatch.setattr(layer_stream, "LARGE_BYTES", 32 * examples * channels * 4)
    rng = np.random.default_rng(7)
    axis = 1 if data_format == "channels_last" else 2
    shape = (examples, sum(LONG_CHUNKS), channels)
    inputs = rng.standard_normal(shape if axis == 1 else (examples, channels, shape[1])).astype(np.float32)
    for taps, stride, dilation, padding in LONG_GEOMETRIES:
        arrays = weights(rng, taps, "float32", multiplier, channels, filters or 1)
        arrays = arrays if filters else arrays[:1]
        how = {"strides": stride, "dilation_rate": dilation, "padding": padding, "data_format": data_format}
        answer = (ops.separable_conv1d if filters else ops.depthwise_conv1d)(inputs, *arrays, **how)
        stream, series, found, start = Stream(*arrays, batch_size=examples, **how), inputs.copy(), [], 0
        for steps in LONG_CHUNKS:
            chunk = series[:, start : start + steps] if axis == 1 else series[:, :, start : start + steps]
            found.append(stream.push(chunk))
            chunk[...] = np.nan
            start += steps
            if steps == 33:
                stream.state = stream.state
        assert same_bits(np.concatenate([*found, stream.flush()], axis), answer), (taps, stride, dilation, padding)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("multiplier", [1, 3])
def test_a_depthwise_stream_has_the_bits_of_one_call(multiplier, data_format):
    rng = np.random.default_rng(4)
    kernel = weights(rng, 4, "float32", multiplier, channels=37)[0]
    axis = 1 if data_format == "channels_last" else 2
    inputs = rng.standard_normal((1, 50, 37) if axis == 1 else (1, 37, 50)).astype(np.float32)
    how = {"padding": "causal", "data_format": data_format}
    answer = ops.depthwise_conv1d(inputs, kernel, **how)
    assert same_bits(streamed(Stream(kernel, **how), inputs, axis, [1] * 50), answer)


def test_numbers_that_are_not_finite_and_subnormal_ones_pass_as_in_one_call():
    rng = np.random.default_rng(5)
    arrays, inputs = weights(rng, 3, "float32"), rng.standard_normal((1, 60, CHANNELS)).astype(np.float32)
    inputs[0, ::7, 0], inputs[0, 3::11, 1], inputs[0, 5::13, 2] = np.inf, np.nan, 1e-40
    with np.errstate(all="ignore"):
        answer = ops.separable_conv1d(inputs, *arrays, padding="causal")
        stream = Stream(*arrays, padding="causal")
        assert same_bits(streamed(stream, inputs, 1, [1] * 20 + [40]), answer)


@pytest.mark.parametrize("geometry", [(3, 1, 2, "causal"), (4, 2, 1, (1, 2)), (2, 5, 1, "valid"), (3, 1, 1, "same")])
def test_a_stream_gives_an_output_with_the_last_step_that_it_reads_and_keeps_no_more_than_it_needs(geometry):
    kernel_size, stride, dilation, padding = geometry
    kernel = np.random.default_rng(6).standard_normal((kernel_size, 2, 1)).astype(np.float32)
    stream = Stream(kernel, strides=stride, dilation_rate=dilation, padding=padding)
    given, where = 0, place(stream._stages[0], 0)
    assert stream.stride == stride
    for step in range(30):
        count = stream.push(np.ones((1, 1, 2), np.float32)).shape[1]
        known = [t for t in range(30) if max(t * stride + stream.lookahead, 0) == step]
        assert list(range(given, given + count)) == known
        given += count
        kept = stream.state["kept_0"].shape[1]
        first_read = given * stride - where.left
        assert kept == max(step + 1 - max(first_read, 0), 0) <= where.span - 1


def test_the_cost_of_a_push_is_no_array_but_the_outputs():
    """The buffer stays the same one, also where chunks of several lengths take turns."""
    kernel = np.ones((4, 3, 1), np.float32)
    stream = Stream(kernel, padding="causal")
    stream.push(np.ones((1, 50, 3), np.float32))
    kept = stream._parts[0]._kept
    buffer = kept._buffer
    for count in (1, 50, 0, 7, 1, 1, 50) * 20:
        stream.push(np.ones((1, count, 3), np.float32))
    assert kept._buffer is buffer
    assert buffer.shape[1] <= 50 + 2 * 3 + 8


@pytest.mark.parametrize(("channels", "multiplier", "buffers"), [(1, 8, 1), (64, 1, 2)])
def test_a_second_buffer_is_made_where_the_kernels_write_into_it(monkeypatch, channels, multiplier, buffers):
    """Kernels for few channels want the kept steps and the chunk joined."""
    monkeypatch.setattr(layer_stream, "LARGE_BYTES", 1)
    arrays = weights(np.random.default_rng(8), 3, "float32", multiplier, channels)
    stream = Stream(*arrays, padding="causal")
    for _ in range(3):
        stream.push(np.ones((1, 50, channels), np.float32))
    kept = stream._parts[0]._kept
    assert sum(buffer is not None for buffer in (kept._buffer, kept._other)) == buffers


def test_layers_between_the_first_and_the_last_write_into_the_same_arrays():
    layers = [tf.layers.SeparableConv1D(4, 3, padding="causal") for _ in range(3)]
    stack, chunk = tf.Stack(*layers), np.ones((1, 1, 4), np.float32)
    stack(chunk)
    stream = stack.stream()
    first = stream.push(chunk)
    between = [part._outputs for part in stream._parts[:-1]]
    second = stream.push(2 * chunk)
    assert all(part._outputs is array for part, array in zip(stream._parts, between, strict=False))
    assert not np.may_share_memory(first, second)
