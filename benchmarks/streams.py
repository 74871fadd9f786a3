"""`python -m benchmarks.streams`: time pushes beside other libraries, and write their part of docs/benchmarks.md."""

import argparse
import os
import shlex
import sys
import time
from datetime import datetime, timezone
from functools import partial
from statistics import median

import numpy as np

from benchmarks.__main__ import PAGE, interpreters, say
from benchmarks.machine import describe_machine
from benchmarks.peers import OURS, STREAMS
from benchmarks.report import TITLES, join, machine_rows, mark_loss, significant, split, table
from benchmarks.statistics import best_peer, geometric_mean, ratio
from benchmarks.stream_workloads import CHUNKS, stream_workloads
from benchmarks.turns import measure_workload, workers

STEPS = (("tiny", 8, 16, 3, 1), ("citrinet_512", 512, 512, 39, 1), ("convtasnet", 512, 128, 3, 128))
WITHOUT_DILATION = "causal-conv1d"
INTRODUCTION = """\
One series comes some steps at a time, causal, in float32. Ours are pushes of a
[stream](how-to/streams.md); PyTorch keeps the last steps by hand, in the layout and the formulation that was fastest of
four, in inference mode; causal-conv1d is the update of that library as its reference in plain PyTorch computes it,
which has no dilation. Both multiply by a linear layer or a convolution of one tap. Every library runs in a process of
its own, they alternate within one run, and results are compared with float64 before."""
OVERHEAD = """\
Microseconds of a push of one step, and of a call of the layer on as many steps as its kernel spans, in turns in one
process; then 1000 pushes after 100,000 (10,000 of wide layers) over the first 1000 of another stream, in turns;
medians."""


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns per library (default 7)")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a turn (default 0.2)")
    parser.add_argument("--threads", type=int, action="append", help="threads per library; repeatable (default 1, 2)")
    parser.add_argument("--chunk", type=int, action="append", help="steps of a push; repeatable (default 1, 16, 160)")
    parser.add_argument(
        "--python", action="append", default=[], metavar="LIBRARY=PATH", help="as in `python -m benchmarks`"
    )
    parser.add_argument("--print", action="store_true", help="print the page's part instead of writing it")
    return parser.parse_args(arguments)


def measure(options):
    """Results by the number of threads."""
    pythons, found = interpreters(options.python), {}
    if "PyTorch" in pythons:
        pythons[WITHOUT_DILATION] = pythons["PyTorch"]
    for threads in options.threads or (1, 2):
        with workers(list(STREAMS), threads, pythons, "streams") as (started, missing):
            for library, why in missing.items():
                say(f"{library} is not measured: {why}")
            results = []
            for workload in stream_workloads(options.chunk or CHUNKS):
                taking_part = {
                    library: worker
                    for library, worker in started.items()
                    if library != WITHOUT_DILATION or workload.dilation_rate == 1
                }
                results.append(measure_workload(workload, taking_part, options.rounds, options.seconds, "streams"))
                say(f"{threads} threads, {row(results[-1])}")
            found[threads] = results, {library: worker.facts for library, worker in started.items()}
    return found


def row(result):
    """What the table says of a workload: ours in both layouts, then each peer."""
    times, workload = result["times"], result["workload"]
    ours = [name for library, name in times if library == OURS]
    peer, seconds = best_peer(times)
    mine = [f"{significant(times[OURS, name]['median'] * 1e6)} ({mark_loss(ratio(times, name))})" for name in ours]
    return [workload.name, workload.length, peer, significant(seconds * 1e6), *mine]


def peers_row(result):
    entries = {library: (name, entry) for (library, name), entry in result["times"].items() if library != OURS}
    cells = []
    for library in STREAMS:
        if library != OURS:
            name, entry = entries.get(library, ("", None))
            cells.append("" if entry is None else f"{significant(entry['median'] * 1e6)} ({name})")
    return [result["workload"].name, result["workload"].length, *cells]


def overheads(pushes=100_000, rounds=30, number=200, layers=STEPS):
    """Rows of pushes of one step beside calls of the layer."""
    import nb_sepconv as tf

    rows = []
    with tf.num_threads(1):
        for name, channels, filters, taps, dilation in layers:
            layer = tf.layers.SeparableConv1D(filters, taps, dilation_rate=dilation)
            span = (taps - 1) * dilation + 1
            inputs = np.random.default_rng(0).standard_normal((1, span, channels), np.float32)
            layer(inputs)
            stream, step = layer.stream(), np.ascontiguousarray(inputs[:, :1])
            stream.push(inputs)
            calls = partial(stream.push, step), partial(layer, inputs)
            count = pushes if channels * filters < 1000 else pushes // 10
            rows.append([name, *in_turns(calls, rounds, number), growth(layer.stream(), layer.stream(), step, count)])
    return rows


def in_turns(calls, rounds, number):
    samples = [[] for _ in calls]
    for _ in range(rounds):
        for call, seconds in zip(calls, samples, strict=True):
            call()
            started = time.perf_counter()
            for _ in range(number):
                call()
            seconds.append((time.perf_counter() - started) / number * 1e6)
    return [f"{median(seconds):.2f}" for seconds in samples]


def growth(old, new, step, pushes):
    """The median time of 1000 pushes to the ``old`` stream, after so many, over that of the first 1000 to the ``new``
    one, in turns, so that a processor that changes its pace meanwhile does so for both.
    """
    for _ in range(pushes):
        old.push(step)
    for _ in range(100):  # makes the buffer
        new.push(step)
    new.reset()
    seconds = [], []
    for _ in range(1000):
        for stream, samples in zip((old, new), seconds, strict=True):
            started = time.perf_counter()
            stream.push(step)
            samples.append(time.perf_counter() - started)
    return f"{median(seconds[0]) / median(seconds[1]):.2f}"


def render(measured, overhead, command):
    """The part of the page."""
    facts = next(iter(measured.values()))[1]
    sections = [
        TITLES["streams"],
        f"Written by `{command}` on {datetime.now(timezone.utc):%Y-%m-%d}; do not edit by hand.",
        INTRODUCTION,
        "## Machine and versions of streams\n\n" + machine_rows(describe_machine(), facts),
    ]
    for threads, (results, _) in measured.items():
        ours = [name for library, name in results[0]["times"] if library == OURS]
        means = ", ".join(
            f"{name} {geometric_mean([ratio(each['times'], name) for each in results]):.2f}" for name in ours
        )
        sections += [
            f"## A push, {threads} thread{'s' * (threads > 1)}",
            "Microseconds, medians; in brackets the best peer's time over ours, a loss is bold. "
            f"Geometric means: {means}.",
            table(["layer", "steps", "best peer", "its us", *ours], [row(result) for result in results]),
            table(["layer", "steps", *(name for name in STREAMS if name != OURS)], [*map(peers_row, results)]),
        ]
    header = ["layer", "push", "call", "late over first"]
    sections += ["## A push of one step beside a call", OVERHEAD, table(header, overhead)]
    return "\n\n".join(sections) + "\n"


def main(arguments=None):
    options = parse(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    words = [word for word in given if word != "--print" and not word.startswith("--python")]
    words = [word for word in words if os.sep not in word]
    part = render(measure(options), overheads(), shlex.join(["python", "-m", "benchmarks.streams", *words]))
    if options.print:
        print(part)
        return
    page = split(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(join({**page, "streams": part}), encoding="utf-8")
    say(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
