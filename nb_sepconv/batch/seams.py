"""One seam of a job, bit for bit, before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.planning import shape_of

if TYPE_CHECKING:
    from nb_sepconv.batch.job import Item, Job

MOST_STEPS = 256


def check_seam(job: Job) -> None:
    """Compare some steps on both sides of the first seam of a job, computed at once and in two pieces.

    This finds a ``halo`` that is too small, activations and functions that act over more steps than they seem to, and
    statistics of a batch.

    Raises:
        ValueError: the bits differ.
    """
    item = next((item for item in job.items if item.source is not None and item.series.steps > item.chunk), None)
    if item is None or not item.series.examples:
        return
    seam = item.chunk
    around = min(seam, item.series.steps - seam, MOST_STEPS)
    whole = _outputs(job, item, seam - around, seam + around)
    axis = 1 if job.channels_last else 2
    pieces = [_outputs(job, item, seam - around, seam), _outputs(job, item, seam, seam + around)]
    differ = _differ(whole, np.concatenate(pieces, axis))
    if differ:
        raise ValueError(
            f"`model` gives other outputs in chunks than at once, so it cannot be cut over time as it is: by its "
            f"receptive field {job.cut.field(item.series.length)}, {differ} of {whole.size} numbers around step {seam} "
            f"of {item.name} should be the same and differ. A function may need a larger `halo`, or act over all steps"
        )


def _outputs(job: Job, item: Item, start: int, stop: int) -> Any:
    begin, end = job.cut.reads(item.series.length, start, stop)
    inputs = np.empty(shape_of(1, end - begin, item.series.channels, job.channels_last), job.dtype)
    if inputs.size:
        item.source.read(begin, end, inputs, 0)
    return np.array(job.cut.compute(inputs, item.series.length, start, stop, None))


def _differ(one, other):
    """How many numbers differ in their bits."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return max(one.size, 1)
    unsigned = f"u{one.dtype.itemsize}"
    return int((np.ascontiguousarray(one).view(unsigned) != np.ascontiguousarray(other).view(unsigned)).sum())
