"""Ways to cut a series, and what a stream gives for the pieces."""

import numpy as np
import window_cases as cases


def cuts_of(rng, length, random=1):
    """Ways to cut a series: whole, step by step with chunks of none between, and at random."""
    yield [length]
    yield [0, *([1, 0] * length)]
    for _ in range(random):
        left, cuts = length, []
        while left:
            cuts.append(int(rng.integers(0, min(left, 6) + 1)))
            left -= cuts[-1]
        yield cuts


def streamed(stream, inputs, axis, cuts, save_at=None):
    """All outputs of a stream, whose state is taken, spoilt and set again before one of the chunks."""
    pieces, at = [], 0
    for number, count in enumerate(cuts):
        if number == save_at:
            state = stream.state
            stream.push(cases.sliced(inputs, axis, 0, min(5, inputs.shape[axis] - at)))
            stream.state = state
        pieces.append(stream.push(cases.sliced(inputs, axis, at, at + count)))
        at += count
    return np.concatenate([*pieces, stream.flush()], axis)
