"""`python -m benchmarks.jobs.large`: a job over a file of gigabytes, against its own compute and its own copy.

Prints seconds, in turns, of the job, of the same calls on one chunk in memory, and of a copy of the same bytes with
``fsync``; and of a fresh process the peak of its memory (VmHWM) after a short job and after the whole one.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.jobs import WORKLOADS, make_layers
from benchmarks.jobs.__main__ import write_series

COPIED_BYTES = 1 << 22
MEMORY_LIMIT = "512MB"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs.large", description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=4.0, help="of the input (default 4)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the files are")
    parser.add_argument("--make", action="store_true", help="make the input, and do no more")
    parser.add_argument("--memory", action="store_true", help="measure the memory alone")
    parser.add_argument("--child", nargs=2, metavar=("SHORT", "LONG"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def stack():
    from benchmarks.jobs.with_nb_sepconv import stack_of

    return stack_of(make_layers(WORKLOADS[0]))


def job(model, source, destination):
    from nb_sepconv import batch

    started = time.perf_counter()
    report = batch.apply(model, source, destination, overwrite=True, progress=False, memory_limit=MEMORY_LIMIT)
    seconds = time.perf_counter() - started
    for path in (destination, destination + ".journal"):
        os.remove(path)
    return seconds, report


def computed(model, steps):
    """Seconds of the calls of a job, as many beside one another, all on the same numbers in memory."""
    from nb_sepconv import num_threads
    from nb_sepconv.batch import options
    from nb_sepconv.batch.job import Job

    series = np.lib.stride_tricks.as_strided(np.float32(1), (1, steps, WORKLOADS[0].layers[0][1]), (0, 0, 0))
    wanted = options.checked("time", None, None, MEMORY_LIMIT, None, "raise", True, True, False, None, None)
    planned = Job(model, series, None, wanted)
    (item,) = planned.items
    units = [item.grid.unit(number) for number in range(len(item))]
    read = [planned.cut.reads(steps, unit.start, unit.stop) for unit in units]
    longest = max(stop - start for start, stop in read)
    inputs = np.random.default_rng(0).standard_normal((1, longest, series.shape[2]), np.float32)
    left = zip(units, read, strict=True)

    def calls(_):
        out = np.empty((1, planned.chunk, planned.trial.filters), np.float32)
        with num_threads(None if planned.at_once == 1 else 1):
            for unit, (start, stop) in left:
                of = out[:, : unit.stop - unit.start]
                planned.cut.compute(inputs[:, : stop - start], steps, unit.start, unit.stop, of)

    started = time.perf_counter()
    with ThreadPoolExecutor(planned.at_once) as threads:
        list(threads.map(calls, range(planned.at_once)))
    return time.perf_counter() - started


def copied(source, destination):
    """Seconds of a copy of the input, which has as many bytes as the output."""
    if os.path.exists(destination):
        os.remove(destination)
    started = time.perf_counter()
    with open(source, "rb", buffering=0) as read, open(destination, "wb", buffering=0) as written:
        memory = memoryview(bytearray(COPIED_BYTES))
        while count := read.readinto(memory):
            written.write(memory[:count])
        os.fsync(written.fileno())
    seconds = time.perf_counter() - started
    os.remove(destination)
    return seconds


def peak_bytes():
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024


def child(short, long):
    """A fresh process: its peak after a short job, and after the long one."""
    model = stack()
    job(model, short, short + ".out.npy")
    before = peak_bytes()
    job(model, long, long + ".out.npy")
    print(f"VmHWM: {before / 2**20:.0f} MiB warm, {peak_bytes() / 2**20:.0f} MiB after the job", flush=True)


def main(arguments=None):
    options = parse(arguments)
    if options.child:
        child(*options.child)
        return
    channels = WORKLOADS[0].layers[0][1]
    steps = round(options.gigabytes * 2**30 / 4 / channels)
    source, destination = f"{options.folder}/large.npy", f"{options.folder}/outputs.npy"
    if not os.path.exists(source):
        write_series(source, steps, channels)
    if options.make:
        return
    if options.memory:
        write_series(f"{options.folder}/short.npy", 100_000, channels)
        command = [sys.executable, "-m", "benchmarks.jobs.large", "--child", f"{options.folder}/short.npy", source]
        subprocess.run(command, check=True)
        return
    model, found = stack(), []
    for _ in range(options.rounds):
        seconds, report = job(model, source, destination)
        found.append((seconds, computed(model, steps), copied(source, destination)))
        print(f"job {found[-1][0]:.2f} s, compute {found[-1][1]:.2f} s, copy {found[-1][2]:.2f} s", flush=True)
    ours, computing, copying = (median(column) for column in zip(*found, strict=True))
    print(f"{report.chunks} chunks, job / max(compute, copy) = {ours / max(computing, copying):.3f}")


if __name__ == "__main__":
    main()
