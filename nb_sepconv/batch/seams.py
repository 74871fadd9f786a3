"""One seam of a job, bit for bit, before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.batch.job import ERRORS
from nb_sepconv.batch.planning import shape_of

if TYPE_CHECKING:
    from nb_sepconv.batch.job import Job

MOST_STEPS = 256


def check_seam(job: Job) -> None:
    """Compare some steps on both sides of the first seam of a job, computed at once and in two pieces.

    This finds a ``halo`` that is too small, activations and functions that act over more steps than they seem to, and
    statistics of a batch.

    Raises:
        ValueError: the bits differ.
    """
    for item in job.items:
        if item.source is not None and item.series.steps > item.grid.chunk and item.series.examples:
            seam = item.grid.chunk
            around = min(seam, item.series.steps - seam, MOST_STEPS)
            try:
                read = [_inputs(job, item, seam + start, seam + stop) for start, stop in _ranges(around)]
            except ERRORS:  # the job finds it again, and knows what to do with it
                continue
            _compare(job, item, seam, around, read)
            return


def _ranges(around):
    """The range of steps around a seam, and its halves before and behind it."""
    return (-around, around), (-around, 0), (0, around)


def _inputs(job, item, start, stop):
    begin, end = job.cut.reads(item.series.length, start, stop)
    inputs = np.empty(shape_of(1, end - begin, item.series.channels, job.channels_last), job.dtype)
    if inputs.size:
        item.source.read(begin, end, inputs, 0)
    return inputs


def _compare(job, item, seam, around, read):
    length = item.series.length
    whole, *halves = (
        np.array(job.cut.compute(inputs, length, seam + start, seam + stop, None))
        for inputs, (start, stop) in zip(read, _ranges(around), strict=True)
    )
    differ = _differ(whole, np.concatenate(halves, 1 if job.channels_last else 2))
    if differ:
        raise ValueError(
            f"`model` gives other outputs in chunks than at once, so it cannot be cut over time as it is: by its "
            f"receptive field {job.cut.field(length)}, {differ} of {whole.size} numbers around step {seam} of "
            f"{item.name} should be the same and differ. A function may need a larger `halo`, or act over all steps"
        )


def _differ(one, other):
    """How many numbers differ in their bits."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return max(one.size, 1)
    unsigned = f"u{one.dtype.itemsize}"
    return int((np.ascontiguousarray(one).view(unsigned) != np.ascontiguousarray(other).view(unsigned)).sum())
