"""`python -m benchmarks.jobs`: time whole jobs in turns, and write their part of docs/benchmarks.md."""

import argparse
import tempfile
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.__main__ import plain, say
from benchmarks.jobs import MODULES, OURS, WORKLOADS, halo, make_layers
from benchmarks.machine import available_cores, describe_machine
from benchmarks.processes import MissingLibraryError, WorkerError, WorkerProcess
from benchmarks.report import TITLES, join, significant, split, table

LARGEST_ERROR = 1e-5  # in units of the largest number
INTRODUCTION = """\
A `.npy` file of one series (steps, channels) goes in, and one of outputs comes out: in float32, on the disk at the
end, with all cores. Each library has a process of its own and is warm; it sleeps while another one works.
nb_sepconv runs `batch.apply` with its defaults, which keeps a journal. The others run what people write: Keras
`predict` over windows, with the outputs saved by `numpy.save` and `fsync`; ONNX Runtime and PyTorch (with a
`DataLoader`) over chunks of 16384 steps that are cut by hand, with the outputs in a mapped file and `flush`. Their
answers are compared with ours, but for the two ends, where windows of Keras see a bias in place of zeros"""


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns per library (default 5)")
    parser.add_argument("--threads", type=int, default=available_cores(), help="threads per library (default all)")
    parser.add_argument("--scale", type=float, default=1.0, help="times the steps of each series (default 1)")
    parser.add_argument("--only", help="this workload alone")
    parser.add_argument("--python", action="append", default=[], metavar="LIBRARY=PATH", help="its interpreter")
    parser.add_argument("--folder", help="where the files are (default the system's temporary folder)")
    parser.add_argument("--output", type=Path, help="where to write (default standard output)")
    return parser.parse_args(arguments)


def workers(stack, options):
    """Those that started, by library, and why the others did not."""
    named = {plain(library): path for library, path in (pair.split("=", 1) for pair in options.python)}
    started, missing = {}, {}
    for library in MODULES:
        more = {"python": named[plain(library)]} if plain(library) in named else {}
        try:
            worker = WorkerProcess(library, options.threads, program="benchmarks.jobs.worker", **more)
            started[library] = stack.enter_context(worker)
        except MissingLibraryError as error:
            missing[library] = str(error)
    return started, missing


def write_series(path, steps, channels):
    values = np.random.default_rng(0)
    series = np.lib.format.open_memmap(path, "w+", np.float32, (steps, channels))
    for start in range(0, steps, 1 << 16):
        part = series[start : start + (1 << 16)]
        values.standard_normal(out=(filled := np.empty(part.shape, np.float32)), dtype=np.float32)
        part[...] = filled
    series.flush()


def measure(workload, started, options, folder):
    """Seconds of each turn by library."""
    source, steps = str(folder / "series.npy"), max(round(options.scale * workload.steps), 1000)
    write_series(source, steps, workload.layers[0][1])
    places = {library: str(folder / f"{plain(library)}.npy") for library in started}
    for library, worker in started.items():
        worker.ask("prepare", workload=list(workload))
        worker.ask("time", source=source, destination=places[library])
        check(places[OURS], places[library], halo(make_layers(workload)), library)
    seconds = {library: [] for library in started}
    for _ in range(options.rounds):
        for library, worker in started.items():
            seconds[library].append(worker.ask("time", source=source, destination=places[library]))
    say(f"{workload.name}: " + ", ".join(f"{library} {median(found):.3f} s" for library, found in seconds.items()))
    return steps, seconds


def check(ours, theirs, around, library):
    """Compare the outputs piece by piece, without the ends."""
    one, other = np.load(ours, mmap_mode="r").squeeze(0), np.load(theirs, mmap_mode="r")
    other = other.reshape(one.shape)
    for start in range(around, len(one) - around, 1 << 16):
        part = slice(start, min(start + (1 << 16), len(one) - around))
        error = np.abs(one[part] - other[part]).max() / np.abs(one[part]).max()
        if not error <= LARGEST_ERROR:
            raise WorkerError(f"{library} is wrong at step {start}: relative error {error:.1e}")


def render(options, facts, missing, results):
    header = ["job", "MB in and out", "GFLOP", *(f"{library}, s" for library in facts), "ahead of the best"]
    rows = []
    for workload, steps, seconds in results:
        times = {library: median(found) for library, found in seconds.items()}
        best = min((value for library, value in times.items() if library != OURS), default=0)
        ahead = f"{best / times[OURS]:.2f}" if best else "nobody to compare with"
        rows.append(
            [
                workload.name,
                significant(workload.bytes_per_step * steps / 1e6),
                significant(workload.operations_per_step * steps / 1e9),
                *(significant(times[library]) for library in facts),
                ahead if best >= times[OURS] or not best else f"**{ahead}**",
            ]
        )
    layers = [
        [workload.name, ", ".join(f"{k} taps, {c} → {f}" for k, c, f in workload.layers)] for workload, *_ in results
    ]
    machine = describe_machine()
    versions = [f"{library} {found['version']}" for library, found in facts.items()]
    versions += [f"{library} not measured: {why}" for library, why in missing.items()]
    command = f"python -m benchmarks.jobs --rounds {options.rounds} --scale {options.scale:g}"
    return f"""{TITLES["jobs"]}

Written by `{command}` on {datetime.now(timezone.utc):%Y-%m-%d}; do not edit by hand.

{INTRODUCTION}.
Medians of {options.rounds} turns; a loss is bold.

{table(header, rows)}

{table(["job", "layers"], layers)}

Measured on: {machine["processor"]} ({machine["vector features"]}), {options.threads} threads.
Versions: {", ".join(versions)}.
"""


def main(arguments=None):
    options = parse(arguments)
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=options.folder) as folder:
        started, missing = workers(stack, options)
        chosen = [workload for workload in WORKLOADS if options.only in (None, workload.name)]
        results = [(workload, *measure(workload, started, options, Path(folder))) for workload in chosen]
        part = render(options, {library: worker.facts for library, worker in started.items()}, missing, results)
    if options.output is None:
        print(part)
    else:
        kept = split(options.output.read_text()) if options.output.exists() else {}
        options.output.write_text(join({**kept, "jobs": part}))
        say(f"wrote {options.output}")


if __name__ == "__main__":
    main()
