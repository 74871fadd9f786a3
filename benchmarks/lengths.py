"""`python -m benchmarks.lengths`: time half-full batches beside full ones, and write that part of the page."""

import argparse
import shlex
import sys
import time
from datetime import datetime, timezone
from statistics import median

import numpy as np

from benchmarks.__main__ import PAGE, say
from benchmarks.machine import describe_machine
from benchmarks.report import LAYOUTS, TITLES, join, significant, split, table
from benchmarks.workloads import load_workloads

COMPUTING = (
    "citrinet_512",
    "quartznet_b1",
    "convtasnet",
    "xceptiontime",
    "qanet",
    "sepcnn",
    "quartznet_c1",
    "matchboxnet",
)
MOVING = ("pulse_channel", "ecg_lead")
INTRODUCTION = """\
Built layers on batches whose examples have [lengths](how-to/lengths.md) of their own, half of all steps together, drawn
at random; full batches and half-full ones take turns in one process, in float32. Half of the rows are half of the
multiply-adds, the other half of the outputs are written as zeros. What that costs depends on how many operations there
are for each byte of inputs and outputs: the last two layers have few channels and are bound by memory."""


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lengths", description=__doc__)
    parser.add_argument("--only", action="append", metavar="WORKLOAD", help="time this workload; repeatable")
    parser.add_argument("--threads", type=int, action="append", help="threads; repeatable (default 1, 2)")
    parser.add_argument("--rounds", type=int, default=60, help="turns of each batch (default 60)")
    parser.add_argument("--seconds", type=float, default=0.03, help="length of a turn (default 0.03)")
    parser.add_argument("--print", action="store_true", help="print the page's part instead of writing it")
    return parser.parse_args(arguments)


def half_full(workload, seed=1):
    """Lengths of half of all steps together, in pairs of which one lacks what the other has above a half."""
    half = workload.length // 2
    above = np.random.default_rng(seed).integers(0, half, (workload.batch + 1) // 2, endpoint=True)
    return np.stack([half - above, half + above], axis=1).ravel()[: workload.batch]


def operations_per_byte(workload):
    """Of inputs and outputs in float32; the weights stay near."""
    moved = workload.length * workload.channels + workload.output_length * workload.filters
    return workload.operations / (4 * workload.batch * moved)


def measure(workload, rounds, seconds):
    """The seconds of a full batch and the ratio of a half-full one, medians, for each layout."""
    return {layout: _measure(workload, layout, rounds, seconds) for layout in LAYOUTS}


def _measure(workload, layout, rounds, seconds):
    import nb_sepconv as tf

    w, lengths = workload, half_full(workload)
    layer = tf.layers.SeparableConv1D(
        w.filters, w.kernel_size, w.strides, w.padding, layout, w.dilation_rate, w.depth_multiplier
    )
    inputs = np.random.default_rng(0).standard_normal((w.batch, w.length, w.channels), np.float32)
    inputs = np.ascontiguousarray(inputs.swapaxes(1, 2)) if layout == "channels_first" else inputs
    calls = (lambda: layer(inputs)), (lambda: layer(inputs, lengths=lengths))
    for call in calls:
        call()
    number = max(1, int(seconds / min(_seconds(calls[0], 1) for _ in range(5))))
    turns = [[_seconds(call, number) for call in calls] for _ in range(rounds)]
    return median(full for full, _ in turns), median(half / full for full, half in turns)


def _seconds(call, number):
    started = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - started) / number


def row(workload, measured):
    """What the table says of a workload."""
    cells = []
    for seconds, ratio in measured.values():
        cells += [significant(seconds * 1e6), f"{ratio:.2f}"]
    return [workload.name, f"{operations_per_byte(workload):.0f}", *cells]


def render(rows, command):
    """The part of the page, from rows by the number of threads."""
    machine = describe_machine()
    sections = [
        TITLES["lengths"],
        f"Written by `{command}` on {datetime.now(timezone.utc):%Y-%m-%d}; do not edit by hand.",
        INTRODUCTION,
    ]
    header = ["layer", "operations per byte"]
    header += [cell for layout in LAYOUTS for cell in (f"{layout}, full", "half over full")]
    for threads, of_threads in rows.items():
        sections += [
            f"## Half-full batches, {threads} thread{'s' * (threads > 1)}",
            "Microseconds of a full batch, and the time of a half-full one over it; medians.",
            table(header, of_threads),
        ]
    sections.append(
        f"Measured on: {machine['processor']} ({machine['vector features']}), {machine['cores']} cores, "
        f"load before: {machine['load before']}."
    )
    return "\n\n".join(sections) + "\n"


def main(arguments=None):
    import nb_sepconv as tf

    options, rows = parse(arguments), {}
    for threads in options.threads or (1, 2):
        rows[threads] = []
        with tf.num_threads(threads):
            for name in options.only or (*COMPUTING, *MOVING):
                (workload,) = load_workloads([name])
                rows[threads].append(row(workload, measure(workload, options.rounds, options.seconds)))
                say(f"{threads} threads, {rows[threads][-1]}")
    words = [word for word in (sys.argv[1:] if arguments is None else arguments) if word != "--print"]
    part = render(rows, shlex.join(["python", "-m", "benchmarks.lengths", *words]))
    if options.print:
        print(part)
        return
    PAGE.write_text(join({**split(PAGE.read_text(encoding="utf-8")), "lengths": part}), encoding="utf-8")
    say(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
