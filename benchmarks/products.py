"""`python -m benchmarks.products`: time dense layers and convolutions of all channels beside other libraries, and write
their part of docs/benchmarks.md.
"""

import argparse
import os
import shlex
import sys
from datetime import datetime, timezone

from benchmarks.__main__ import PAGE, interpreters, say
from benchmarks.machine import available_cores, describe_machine
from benchmarks.peers import OURS, PRODUCTS
from benchmarks.product_workloads import CONVOLUTION, DENSE, product_workloads
from benchmarks.report import LAYOUTS, TITLES, join, machine_rows, mark_loss, significant, split, table
from benchmarks.statistics import best_peer, geometric_mean, ratio
from benchmarks.turns import measure_workload, workers

INTRODUCTION = """\
Built layers with bias in float32, called again and again. Each peer has the layout and the formulation that was fastest
for the layer: products of matrices, series, or images of height one. Every library runs in a process of its own with
all cores, they alternate within one run and sleep while another one is timed, and results are compared with float64
before."""
KINDS = {DENSE: "Dense layers", CONVOLUTION: "Convolutions of all channels"}


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.products", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="LAYER", help="time this one; repeatable")
    parser.add_argument("--rounds", type=int, default=7, help="turns per library (default 7)")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a turn (default 0.1)")
    parser.add_argument("--threads", type=int, default=available_cores(), help="per library (default all cores)")
    parser.add_argument(
        "--python", action="append", default=[], metavar="LIBRARY=PATH", help="as in `python -m benchmarks`"
    )
    parser.add_argument("--print", action="store_true", help="print the page's part instead of writing it")
    return parser.parse_args(arguments)


def measure(options):
    """The results, and what the libraries say of themselves."""
    with workers(list(PRODUCTS), options.threads, interpreters(options.python), "products") as (started, missing):
        for library, why in missing.items():
            say(f"{library} is not measured: {why}")
        results = []
        for workload in product_workloads(options.only):
            results.append(measure_workload(workload, started, options.rounds, options.seconds, "products"))
            say(", ".join(map(str, row(results[-1]))))
        return results, {library: worker.facts for library, worker in started.items()}


def row(result):
    """What a table says of a layer: the best peer, and ours in the layouts that it has."""
    times, workload = result["times"], result["workload"]
    peer, _ = best_peer(times)
    ours = [name for name in layouts_of(workload) if (OURS, name) in times]
    mine = [f"{significant(times[OURS, name]['median'] * 1e6)} ({mark_loss(ratio(times, name))})" for name in ours]
    others = {library: (name, entry) for (library, name), entry in times.items() if library != OURS}
    theirs = [
        f"{significant(others[library][1]['median'] * 1e6)} ({others[library][0]})" if library in others else ""
        for library in PRODUCTS
        if library != OURS
    ]
    return [workload.name, sizes_of(workload), *mine, peer, *theirs]


def layouts_of(workload):
    return [f"layer, {layout}" for layout in LAYOUTS[: 1 if workload.model == DENSE else 2]]


def sizes_of(workload):
    w = workload
    if w.model == DENSE:
        return f"{w.batch * w.length}x{w.channels} to {w.filters}"
    moved = f"/{w.strides}" * (w.strides > 1) + f", {w.dilation_rate} apart" * (w.dilation_rate > 1)
    return f"{w.batch}x{w.length}x{w.channels} to {w.filters}, {w.kernel_size} taps{moved}"


def render(measured, command):
    """The part of the page."""
    results, facts = measured
    sections = [
        TITLES["products"],
        f"Written by `{command}` on {datetime.now(timezone.utc):%Y-%m-%d}; do not edit by hand.",
        INTRODUCTION,
        "## Machine and versions of products\n\n" + machine_rows(describe_machine(), facts),
    ]
    for kind, title in KINDS.items():
        of_kind = [result for result in results if result["workload"].model == kind]
        if of_kind:
            ours = layouts_of(of_kind[0]["workload"])
            means = ", ".join(
                f"{name} {geometric_mean([ratio(each['times'], name) for each in of_kind]):.2f}" for name in ours
            )
            header = ["layer", "sizes", *ours, "best peer", *(library for library in PRODUCTS if library != OURS)]
            sections += [
                f"## {title}",
                "Microseconds, medians; in brackets the best peer's time over ours, a loss is bold. "
                f"Geometric means: {means}.",
                table(header, [row(result) for result in of_kind]),
            ]
    return "\n\n".join(sections) + "\n"


def main(arguments=None):
    options = parse(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    words = [word for word in given if word != "--print" and not word.startswith("--python") and os.sep not in word]
    part = render(measure(options), shlex.join(["python", "-m", "benchmarks.products", *words]))
    if options.print:
        print(part)
        return
    page = split(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(join({**page, "products": part}), encoding="utf-8")
    say(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
