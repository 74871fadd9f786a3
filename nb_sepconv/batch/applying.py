"""The public functions of jobs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, Literal

from nb_sepconv.batch import ledger, options
from nb_sepconv.batch.job import Job, folder_of
from nb_sepconv.batch.journal import is_open, records_of
from nb_sepconv.batch.planning import MOST_EXTRA
from nb_sepconv.batch.report import Plan, PlannedFile, Status
from nb_sepconv.batch.running import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from numpy.typing import DTypeLike

    from nb_sepconv.batch.progress import Progress
    from nb_sepconv.batch.report import Report
    from nb_sepconv.tensors.typing import FilePath


_UNUSED = {"resume", "overwrite", "check", "progress", "executor", "shard"}


def apply(
    model: Any,
    source: Any,
    destination: FilePath,
    *,
    axis: Literal["time", "batch", 1, 2] = "time",
    chunk: int | None = None,
    halo: int | tuple[int, int] | None = None,
    memory_limit: int | str = "512MB",
    dtype: DTypeLike | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    resume: bool = True,
    overwrite: bool = False,
    check: bool = True,
    progress: Callable[[Progress], Any] | bool | None = None,
    channels: Any = None,
    executor: Executor | None = None,
    shard: str | tuple[int, int] | None = None,
) -> Report:
    """Apply a model to series of any length, in chunks, with the bits of one call over each whole series.

    A journal beside the destination says which chunks are on the disk. After a kill, a full disk or a power cut, the
    same call goes on where it was; when all is done, it does nothing. An output has its name when it is complete, and
    the end ``.part`` before.

    Args:
        model: a built layer, a list of layers, a ``Stack``, or a function of one array (N, L, C) that returns one.
        source: a path, a pattern such as ``"in/*.wav"``, a folder, an array, or a list of these.
        destination: path of a ``.npy``, ``.h5`` or ``.zarr`` file for one input; a folder, or a pattern such as
            ``"out/*.zarr"`` for several.
        axis: "time" cuts series into chunks, "batch" cuts the examples alone; 2 is the time of a function of arrays
            (N, C, L). Default "time".
        chunk: int > 0, output steps of a chunk; examples with "batch". Default what fits into the caches, more where
            halos would be over 5% of the work.
        halo: the input steps before and after ``t*stride`` that output step ``t`` of a function depends on, one int or
            two. Default they are found by calling it with NaN. Layers know theirs.
        memory_limit: bytes, or text such as "2GB", that the job may have beside the model and the kernels. Default
            512 MB.
        dtype: the type that the series are read in. Default the layers', else that of the first input; float32 for
            integers, which are scaled as their format says.
        on_error: "skip" leaves out inputs that cannot be read or computed, and lists them in the report. Default
            "raise".
        resume: bool; False starts an unfinished job anew. Default True.
        overwrite: bool; True starts anew, and replaces outputs that are there. Default False.
        check: bool, whether the steps around one seam are compared with those of one call before the job starts.
            Default True.
        progress: a function of a :class:`Progress`, or False for silence. Default a bar on a terminal, a line a minute
            elsewhere.
        channels: names or numbers of the channels to read. Default all.
        executor: a ``concurrent.futures.Executor`` that computes, of threads, processes or machines. Default the
            threads of this process: as many chunks at a time as ``get_num_threads()``, but with code of the caller's
            own one, on this thread.
        shard: "3/40", the third of forty parts, to be computed by processes that do not know each other. Default all.

    Returns:
        A :class:`Report`.

    Raises:
        ValueError: an argument is none of these, a series does not fit, the model cannot be cut over time, or the
            destination belongs to another job; the message names what changed.
        FileExistsError: there is an output of no job that is known.
        BlockingIOError: another process is at work on this destination.
        OSError: a file cannot be read, or the disk is too small for the outputs.
        RuntimeError: a function makes new variables for each chunk.
        KeyboardInterrupt: after Ctrl-C or SIGTERM; the message says how to go on.

    >>> import os, tempfile, numpy as np, nb_sepconv as tf
    >>> layer = tf.layers.SeparableConv1D(8, 5, padding="same")
    >>> x = np.random.default_rng(0).standard_normal((1, 10_000, 3)).astype(np.float32)
    >>> y, path = layer(x), os.path.join(tempfile.mkdtemp(), "y.npy")
    >>> report = apply(layer, x, path, chunk=1000)
    >>> report.chunks, np.array_equal(np.load(path), y)
    (10, True)
    """
    wanted = options.checked(
        axis, chunk, halo, memory_limit, dtype, on_error, resume, overwrite, check, channels, shard
    )
    job = Job(model, source, os.fspath(destination), wanted)
    return Run(job, destination, progress, executor).run()


def plan(
    model: Any,
    source: Any,
    destination: FilePath | None = None,
    *,
    axis: Literal["time", "batch", 1, 2] = "time",
    chunk: int | None = None,
    halo: int | tuple[int, int] | None = None,
    memory_limit: int | str = "512MB",
    dtype: DTypeLike | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    channels: Any = None,
    **unused: Any,
) -> Plan:
    """What :func:`apply` would do, without doing it.

    Args:
        destination: as in :func:`apply`. Default None: the plan says nothing of it.
        model, source, axis, chunk, halo, memory_limit, dtype, on_error, channels: as in :func:`apply`.
        unused: the other arguments of :func:`apply`, which change nothing in a plan.

    Returns:
        A :class:`Plan`; as text it is what ``nb-sepconv apply --dry-run`` prints.

    Raises:
        ValueError, OSError: as in :func:`apply`.
        TypeError: an argument that :func:`apply` has not.

    >>> import numpy as np, nb_sepconv as tf
    >>> layer = tf.layers.SeparableConv1D(8, 5, padding="same")
    >>> layer.build((None, None, 3))
    >>> found = plan(layer, np.zeros((1, 10_000, 3), np.float32), chunk=1000)
    >>> found.chunks, found.halo, found.output_bytes
    (10, (2, 2), 320000)
    """
    for name in unused.keys() - _UNUSED:
        raise TypeError(f"`plan` takes the arguments of `apply`. Received: {name}={unused[name]!r}")
    wanted = options.checked(axis, chunk, halo, memory_limit, dtype, on_error, True, False, False, channels, None)
    job = Job(model, source, None if destination is None else os.fspath(destination), wanted)
    try:
        return _plan(job, destination)
    finally:
        job.close()


def _plan(job, destination):
    longest, extra = job.longest(), job.extra_work()
    of = job.cut.field(longest.length)
    item_bytes = job.channels * job.dtype.itemsize
    return Plan(
        tuple(_planned(item, job) for item in job.items),
        job.chunk,
        job.count(),
        (of.left, of.lookahead) if job.over_time else (0, 0),
        extra,
        None if extra <= MOST_EXTRA else _why(job),
        job.memory_bytes(),
        sum(series.examples * series.length for series in job.series) * item_bytes,
        job.output_bytes(),
        None if destination is None else _free(folder_of(destination)),
    )


def _why(job):
    if job.options.chunk is not None:
        return f"more than {MOST_EXTRA:.0%} extra work, because `chunk` is {job.chunk}"
    return f"more than {MOST_EXTRA:.0%} extra work, because `memory_limit` allows no longer chunks"


def _planned(item, job):
    path = None if item.destination is None else item.destination.path
    if item.series is None:
        return PlannedFile(item.name, path, None, None, 0, item.problem)
    shapes = (item.series.shape_in(job.channels_last), item.series.shape_out(job.channels_last))
    return PlannedFile(item.name, path, *shapes, len(item), item.problem)


def _free(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free


def status(destination: FilePath) -> Status:
    """How far the job of a destination is, while it runs or afterwards.

    Args:
        destination: path, as in :func:`apply`.

    Returns:
        A :class:`Status`.

    >>> status("nowhere.npy").state
    'none'
    """
    path = ledger.journal_path(destination)
    shards = ledger.journals_of_shards(path)
    state = ledger.Progressed(record for each in (path, *shards) for record in records_of(each))
    if state.fingerprint is None:
        return Status("none", 0, 0, 0, 0, {}, path)
    names = state.totals["names"]
    skipped = {names[index]: reason for index, reason in sorted(state.skipped.items())}
    files = len(names) - len(skipped)
    chunks = sum(map(len, state.done.values()))
    running = any(map(is_open, (path, *shards)))
    word = "running" if running else "finished" if len(state.finished) == files else "stopped"
    return Status(word, chunks, state.totals["chunks"], len(state.finished), files, skipped, path)
