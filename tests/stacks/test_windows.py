"""Chunks by windows and by feeding, over grids of small geometries: the bits of one call."""

import numpy as np
import pytest
import window_cases as cases
from reference import output_length, zeros_around
from window_cases import FORMATS, PADDINGS, same_bits

from nb_sepconv.convolution.windows import Feed, Field, Window, feed, field, place, places, window, windows


def check_chunks(stages, inputs, chunks):
    axis, answer = cases.axis_of(stages), cases.whole(stages, inputs)
    where = places(stages, inputs.shape[axis])
    if answer is None or not where[-1].steps:
        assert not all(each.steps for each in where)
        return
    assert answer.shape[axis] == where[-1].steps
    for chunk in (*chunks, where[-1].steps):
        assert same_bits(cases.in_chunks(stages, where, inputs, chunk), answer), (stages, inputs.shape, chunk)


def check_feeds(stages, inputs, chunks):
    axis, answer = cases.axis_of(stages), cases.whole(stages, inputs)
    length = inputs.shape[axis]
    where = places(stages, length)
    steps = where[-1].steps
    if answer is None or not steps or not length:
        return
    for chunk in chunks:
        pieces = []
        for start in range(0, steps, chunk):
            fed = feed(field(where), length, start, min(start + chunk, steps))
            outputs = cases.whole(stages, cases.sliced(inputs, axis, fed.start, fed.stop))
            pieces.append(cases.sliced(outputs, axis, fed.skip, fed.skip + fed.keep))
        assert same_bits(np.concatenate(pieces, axis), answer), (stages, inputs.shape, chunk)


def check_grid(check, sizes, strides, dilations, paddings, lengths, data_format, dtype, chunks):
    rng = np.random.default_rng(0)
    for geometry in cases.geometries(sizes, strides, dilations, paddings):
        stages = [cases.stage(rng, *geometry, data_format, cases.dtype_of(dtype))]
        for length in lengths:
            check(stages, cases.series(rng, stages, length), chunks)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("check", [check_chunks, check_feeds])
def test_chunks_have_the_bits_of_one_call(check, data_format):
    paddings = ("valid", "same", "causal", (7, 2))
    check_grid(check, (1, 2, 4), (1, 2, 3), (1, 2), paddings, (0, 1, 2, 5, 12), data_format, "float32", (1, 3))


@pytest.mark.slow
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
@pytest.mark.parametrize("check", [check_chunks, check_feeds])
def test_all_chunks_have_the_bits_of_one_call(check, dtype, data_format):
    sizes = (1, 2, 3, 4)
    check_grid(check, sizes, sizes, (1, 2, 3), PADDINGS, range(13), data_format, dtype, (1, 2, 3, 5))


@pytest.mark.parametrize("data_format", FORMATS)
def test_chunks_of_stacks_have_the_bits_of_one_call(data_format):
    for stages, inputs in cases.random_stacks(60, data_format, "float32"):
        check_chunks(stages, inputs, (1, 5))
        check_feeds(stages, inputs, (5,))


@pytest.mark.slow
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_chunks_of_many_stacks_have_the_bits_of_one_call(dtype, data_format):
    for stages, inputs in cases.random_stacks(1500, data_format, dtype, seed=1):
        check_chunks(stages, inputs, (1, 2, 5, 17))
        check_feeds(stages, inputs, (1, 2, 5, 17))


def test_windows_read_what_the_definition_reads():
    """By the set of steps of each tap of each output step."""
    rng = np.random.default_rng(0)
    for kernel_size, stride, dilation, padding in cases.geometries((1, 2, 3), (1, 2, 3), (1, 2)):
        stage = cases.stage(rng, kernel_size, stride, dilation, padding, "channels_last", np.float32)
        for length in range(12):
            where = place(stage, length)
            assert where.steps == output_length(length, kernel_size, stride, dilation, padding)
            assert (where.left, where.right) == zeros_around(length, kernel_size, stride, dilation, padding)
            for start in range(where.steps):
                for stop in range(start + 1, where.steps + 1):
                    read = {
                        t * stride - where.left + k * dilation for t in range(start, stop) for k in range(kernel_size)
                    }
                    found = window(where, start, stop)
                    steps = found.stop - found.start
                    assert steps + sum(found.zeros) == max(read) - min(read) + 1
                    assert {step for step in read if 0 <= step < length} <= set(range(found.start, found.stop))
                    assert found.start >= max(min(read), 0) or not steps


def test_composition_of_fields():
    def stage(kernel_size, stride, dilation, padding):
        return cases.stage(np.random.default_rng(0), kernel_size, stride, dilation, padding, FORMATS[0], np.float32)

    found = field(places([stage(3, 2, 1, "causal"), stage(5, 1, 4, "same"), stage(1, 3, 1, "valid")], 1000))
    assert found == Field(span=1 + 2 + 16 * 2, stride=6, left=2 + 8 * 2)
    assert found.lookahead == 16


def test_a_range_outside_of_the_output_is_refused():
    stages = [cases.stage(np.random.default_rng(0), 3, 1, 1, "valid", FORMATS[0], np.float32)]
    where = places(stages, 10)
    assert windows(where, 0, 8) == [Window(0, 10, (0, 0))]
    with pytest.raises(ValueError, match=r"`start` and `stop` must lie within the 8 steps\. Received: 3, 9"):
        windows(where, 3, 9)


def test_nothing_is_read_for_no_steps():
    stages = [cases.stage(np.random.default_rng(0), 3, 1, 1, "causal", FORMATS[0], np.float32)]
    assert windows(places(stages, 10), 4, 4) == [Window(0, 0, (0, 0))]
    assert feed(field(places(stages, 10)), 10, 4, 4) == Feed(0, 10, 0, 0)
