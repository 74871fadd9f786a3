"""Beside other programs: ``python -m benchmarks.busy [workload ...]`` times calls next to processes that never pause.

Each library gets all cores and takes its turns, first alone, then beside one busy process, then beside one for every
core. Mean and 90th percentile of single calls are printed, and the best peer's over ours.
"""

import argparse
import subprocess
import sys
from contextlib import contextmanager

import numpy as np

from benchmarks.__main__ import chosen_libraries, interpreters, say, say_missing, taking_part
from benchmarks.machine import available_cores
from benchmarks.peers import OURS
from benchmarks.turns import favourite, numbers_on_disk, prepare, workers
from benchmarks.workloads import load_workloads

WORKLOADS = ("piper", "single_ts", "qanet", "quartznet_c1")
CANDIDATES = ("layer, channels_last", "layer, channels_first")
STATISTICS = {"mean": np.mean, "90th percentile": lambda samples: np.percentile(samples, 90)}


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.busy", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, help=f"default {', '.join(WORKLOADS)}")
    parser.add_argument("--rounds", type=int, default=6, help="turns per library (default 6)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn (default 0.5)")
    parser.add_argument("--threads", type=int, default=available_cores(), help="per library (default all cores)")
    parser.add_argument("--library", action="append", metavar="NAME", help="time these alone; repeatable")
    options = parser.parse_args(arguments)
    options.libraries = taking_part("forward", chosen_libraries(parser, options.library))
    return options


@contextmanager
def busy_processes(count):
    """So many processes that take all the time that the system gives them."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def chosen(library, worker, workload, path):
    """The candidates of a library that are timed: of ours the layers, of a peer its favourite while nobody is busy."""
    usable, _ = prepare(library, worker, workload, path)
    return CANDIDATES if library == OURS else [favourite(worker, usable)]


def measure_workload(workload, started, loads, rounds, seconds):
    """Seconds of single calls by busy processes, library and candidate."""
    with numbers_on_disk(workload) as path:
        entries = [
            (library, name) for library, worker in started.items() for name in chosen(library, worker, workload, path)
        ]
    samples = {}
    for count in loads:
        samples[count] = {entry: [] for entry in entries}
        with busy_processes(count):
            for turn in range(rounds):
                for library, name in entries[turn % len(entries) :] + entries[: turn % len(entries)]:
                    samples[count][library, name] += started[library].ask("time_calls", candidate=name, seconds=seconds)
    return samples


def rows(workload, samples):
    """A line of a table for each number of busy processes, candidate and statistic."""
    for count, of_entries in samples.items():
        for statistic, compute in STATISTICS.items():
            values = {entry: 1e3 * compute(times) for entry, times in of_entries.items()}
            peers = {library: value for (library, _), value in values.items() if library != OURS}
            best = min(peers, key=peers.get, default=None)
            for name in CANDIDATES:
                ours = values[OURS, name]
                beside = f"{best} {peers[best]:.3f} | {peers[best] / ours:.2f}" if best else "- | -"
                yield f"| {workload.name} | {count} | {statistic} | {name} | {ours:.3f} | {beside} |"


def main(arguments=None):
    options = parse(arguments)
    loads = sorted({0, 1, available_cores()})
    print("| workload | busy | ms per call | ours | | best peer | best peer / ours |")
    print("|---|---|---|---|---|---|---|")
    with workers(options.libraries, options.threads, interpreters([]), "forward") as (started, missing):
        say_missing(missing)
        for workload in load_workloads(options.workloads):
            say(f"{workload.name} ...")
            measured = measure_workload(workload, started, loads, options.rounds, options.seconds)
            print("\n".join(rows(workload, measured)), flush=True)


if __name__ == "__main__":
    main()
