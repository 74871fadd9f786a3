"""Whole TF1 programs, called again and again: ``python -m benchmarks.programs [FILE]`` times ours beside a TF1 session.

Ours are called as they are, and through ``tf.function``, which traces them once as a session's graph is built once.
FILE holds programs marked as those of `tests.programs`, which are the default. Each library has a process of its own,
and they take turns; BENCHMARKS_PYTHON_TENSORFLOW names the interpreter that has TensorFlow and tf_keras. Programs get
the first example of their inputs, and all of them with ``--whole`` or where their number is written in the program.
The medians in microseconds are printed, and how many of our calls a session's run takes.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from statistics import median

from benchmarks.processes import MissingLibraryError, WorkerError, WorkerProcess
from benchmarks.statistics import geometric_mean

LIBRARIES = ("ours", "traced", "tensorflow")


def started_workers(stack, path, threads):
    """The processes of the libraries that are installed, by name."""
    started = {}
    for library in LIBRARIES:
        python = os.environ.get(f"BENCHMARKS_PYTHON_{library.upper()}", sys.executable)
        try:
            worker = WorkerProcess(library, threads, path, python, program="benchmarks.program_worker")
        except MissingLibraryError as error:
            print(f"{library} is not measured: {error}", file=sys.stderr)
        else:
            started[library] = stack.enter_context(worker)
    return started


def prepared(started, name, whole):
    """Whether all libraries run a program: by its first example, or by all where it wants them; else why not."""
    for first in (False,) if whole else (True, False):
        try:
            for worker in started.values():
                worker.ask("prepare", name=name, first=first)
        except WorkerError as error:
            refused = str(error).splitlines()[0]
        else:
            return None
    return refused


def measured(started, rounds, seconds):
    """The median seconds of the program that is prepared, by library."""
    samples = {library: [] for library in started}
    for _ in range(rounds):
        for library, worker in started.items():
            samples[library].append(worker.ask("time", seconds=seconds))
    return {library: median(each) for library, each in samples.items()}


def row(name, seconds):
    """The line of a program."""
    times = "".join(f"{library:>12} {each * 1e6:8.0f} us" for library, each in seconds.items())
    return f"{name:24}{times}" + "".join(f"{ratio:8.2f}x" for ratio in ratios_of(seconds))


def ratios_of(seconds):
    """How many of our calls, and of the traced program's, the session's run takes; none where it was not timed."""
    own = [seconds[library] for library in LIBRARIES[:2]]
    return [seconds["tensorflow"] / each for each in own] if "tensorflow" in seconds else []


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.programs", description=__doc__)
    parser.add_argument("file", nargs="?", default="", help="the file of programs (default those of tests.programs)")
    parser.add_argument("--only", action="append", metavar="PROGRAM", help="time this one; repeatable")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each library (default 9)")
    parser.add_argument("--seconds", type=float, default=0.06, help="length of a turn (default 0.06)")
    parser.add_argument("--threads", type=int, default=1, help="per library (default 1)")
    parser.add_argument("--whole", action="store_true", help="all examples of the inputs instead of the first")
    options = parser.parse_args(arguments)
    path, ratios = os.path.abspath(options.file) if options.file else "", []
    with ExitStack() as stack:
        started = started_workers(stack, path, options.threads)
        for name in options.only or started["ours"].facts:
            refused = prepared(started, name, options.whole)
            if refused:
                print(f"{name:24} is not timed: {refused}", flush=True)
                continue
            seconds = measured(started, options.rounds, options.seconds)
            print(row(name, seconds), flush=True)
            ratios.append(ratios_of(seconds))
    for what, each in zip(LIBRARIES, zip(*filter(None, ratios), strict=True), strict=False):
        ahead = sum(ratio > 1 for ratio in each)
        print(f"{what} ahead in {ahead} of {len(each)}, geometric mean {geometric_mean(each):.2f}x")


if __name__ == "__main__":
    main()
