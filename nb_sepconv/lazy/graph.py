"""The graph of a lazy output: one layer, one task for each chunk, and one that holds the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from nb_sepconv.checks.array_arguments import three_axes
from nb_sepconv.convolution.windows import field, places
from nb_sepconv.lazy.chunks import output_chunks
from nb_sepconv.lazy.model import Frozen, stages_of
from nb_sepconv.lazy.tasks import Series, chunk_of_output


def no_examples(inputs: Any) -> np.ndarray:
    """An array like ``inputs``, of Dask, without examples: what a model makes of it says what the outputs are."""
    return np.empty((0, *inputs.shape[1:]), inputs.dtype)


def outputs_of(model: Any, name: str, inputs: Any, like: Any) -> Any:
    """What a model gives for an array of Dask, as such an array.

    Args:
        model: what has ``_stage()`` or ``_stages()``; its weights are taken as they are now.
        name: str, what the graph's keys begin with.
        inputs: array of Dask, (N, L, C) or (N, C, L).
        like: what the model gives for :func:`no_examples`.

    Raises:
        TypeError: its blocks are not NumPy's.
        ValueError: it has not three axes, or time is in chunks, and a layer cannot be cut over time.
    """
    from dask.array.core import Array
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    three_axes(inputs)
    _check_blocks(inputs, Array)
    stages, frozen = stages_of(model), Frozen(model)
    last = stages[0].channels_last is not False
    examples, time, channels = inputs.chunks if last else (inputs.chunks[0], *inputs.chunks[:0:-1])
    _check_cuts(stages, time, channels, last)
    where, length, width = places(stages, sum(time)), sum(time), sum(channels)
    found = output_chunks(time, where[-1].steps, field(where))
    series = Series(frozen, length, width, len(channels), inputs.dtype, last)
    name = f"{name}-{tokenize(inputs.name, frozen.token)}"
    graph = HighLevelGraph.from_collections(name, _tasks(name, inputs, series, found), dependencies=[inputs])
    sizes = tuple(chunk.stop - chunk.start for chunk in found)
    filters = like.shape[2 if last else 1 :][:1]
    chunks = (examples, sizes, filters) if last else (examples, filters, sizes)
    return Array(graph, name, chunks, meta=np.empty((0, 0, 0), like.dtype))


def _tasks(name, inputs, series, found):
    from dask.task_spec import DataNode, Task, TaskRef

    of_model = f"{name}-model"
    tasks, model = {of_model: DataNode(of_model, series)}, TaskRef(of_model)
    source, parts, last = inputs.name, range(series.parts), series.channels_last
    for column, (start, stop, first, behind, offset) in enumerate(found):
        places_of_blocks = [(time, part) if last else (part, time) for time in range(first, behind) for part in parts]
        place = (column, 0) if last else (0, column)
        for row, examples in enumerate(inputs.chunks[0]):
            blocks = [TaskRef((source, row, *of_block)) for of_block in places_of_blocks]
            key = (name, row, *place)
            tasks[key] = Task(key, chunk_of_output, model, examples, start, stop, offset, *blocks)
    return tasks


def _check_blocks(inputs, kind_of_graphs):
    if not isinstance(inputs, kind_of_graphs):
        raise TypeError(
            "`inputs` must be a Dask array with a graph: set Dask's `array.query-planning` to False before the import "
            f"of `dask.array`. Received: {type(inputs).__module__}.{type(inputs).__name__}"
        )
    kind = type(inputs._meta)
    if kind is not np.ndarray:
        raise TypeError(
            "`inputs` must be a Dask array of NumPy's arrays. Received: one of "
            f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        )


def _check_cuts(stages, time, channels, last):
    if len(time) > 1:
        width = sum(channels)
        for stage in stages:
            if stage.acts_over_time(width):
                raise ValueError(
                    f'`inputs` must have one chunk over time for "{stage.name}", whose activation depends on other '
                    f"steps: use `inputs.rechunk({{{1 if last else 2}: -1}})`. Received: {len(time)} chunks"
                )
            width = stage.output_channels(width)
