"""From measurements to docs/benchmarks.md."""

import numpy as np

from benchmarks.peers import NOT_HELD, OURS, precision_of
from benchmarks.statistics import best_peer, fifth_percentile, geometric_mean, ratio, ratios

LAYOUTS = ("channels_last", "channels_first")
OUR_CANDIDATES = tuple(f"{kind}, {layout}" for kind in ("layer", "ops") for layout in LAYOUTS)
OVERHEAD_WORKLOAD = "tiny"
STATISTICS = {"median": "medians", "least": "minima"}
REDUCTIONS = {"geometric mean": geometric_mean, "5th percentile": fifth_percentile, "minimum": min}


TITLES = {
    "forward": "# Benchmarks",
    "avx2": "# AVX2: the forward call with narrower vectors",
    "training": "# Training: the forward call and all gradients",
    "precision": "# Precision: the forward call, less exact",
    "calls": "# Calls of small layers",  # written by benchmarks.calls
    "jobs": "# Batch jobs",  # written by benchmarks.jobs
    "streams": "# Streams: the next steps of a series",
    "lengths": "# Lengths: batches that are half full",  # written by benchmarks.lengths
    "products": "# Products: dense layers and convolutions of all channels",
}
INTRODUCTIONS = {
    "forward": """\
Every library runs in a process of its own, on the same data, with all cores. The libraries alternate within one run,
and sleep while another one is timed. Each peer uses the layout and the formulation that was fastest for that workload
among all that it offers. Transposing the input for it is not counted, and its weights are constants that it may pack
beforehand. Before the timing each result is compared with float64. Times are of one forward call with bias in
float32""",
    "avx2": """\
The forward calls once more, as a stand-in for a processor without AVX-512: ours with code generated for `haswell`,
oneDNN in TensorFlow, OpenVINO and PyTorch held to AVX2 by `ONEDNN_MAX_CPU_ISA`. ONNX Runtime cannot be held back and
uses all vectors that the processor has. Everything else is as above""",
    "training": """\
A forward call with bias in float32, then the gradients of the inputs, both kernels and the bias, given those of the
outputs. Everything is as above, except that weights may change from call to call, so nothing is packed beforehand.
Before the timing each gradient is compared with float64""",
    "precision": """\
A built layer in each [precision](how-to/precision.md), compared with the other libraries in float32, and with those
that have a bfloat16 mode. Arrays are float32; those of PyTorch in bfloat16 and of our last columns are bfloat16.
Everything else is as above. Results may differ from float64 by 2e-4 of the largest number in "bf16x3", by 2e-2 in
"bf16\"""",
}
MEMORY_TITLES = {
    "forward": "Peak memory above input, weights and output",
    "training": "Peak memory above inputs, weights, outputs and gradients",
}
OPERATIONS = {
    "forward": (1, "2·N·T·C·M·(K + F) operations per call."),
    "avx2": (1, "2·N·T·C·M·(K + F) operations per call, against the peak of these vectors."),
    "training": (3, "6·N·T·C·M·(K + F) operations per call; what is computed anew is not counted."),
    "precision": (1, "2·N·T·C·M·(K + F) operations per call, against the peak in float32."),
}


def join(parts):
    """The page from the parts that `render` gave, by task."""
    return "\n".join(parts[task] for task in TITLES if task in parts)


def split(page):
    """The parts of a page that `join` made."""
    starts = {task: page.find(title + "\n") for task, title in TITLES.items()}
    starts = {task: start for task, start in starts.items() if start >= 0}
    ends = [*starts.values(), len(page)][1:]
    return {task: page[start:end].rstrip() + "\n" for (task, start), end in zip(starts.items(), ends, strict=True)}


def render(measured):
    """A task's part of the page from what `benchmarks.__main__.measure` returned."""
    sections = [
        heading(measured),
        machine_section(measured),
        *(ratio_section(*comparison) for comparison in comparisons(measured)),
        loss_section([results for _, results in comparisons(measured)]),
        *(time_section(measured["results"], statistic) for statistic in STATISTICS),
        speed_section(measured),
        overhead_section(measured),
        first_call_section(measured),
        memory_section(measured),
        favourite_section(measured["results"]),
        refusal_section(measured["results"]),
        workload_section(measured["results"]) if measured["task"] == "forward" else "",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def heading(measured):
    return f"""{TITLES[measured["task"]]}

Written by `{measured["command"]}` on {measured["date"]}; do not edit by hand.

{INTRODUCTIONS[measured["task"]]}: {measured["rounds"]} turns of {measured["seconds"]} s per library and workload."""


def table(header, rows):
    """A Markdown table; the first column is words, the others numbers."""
    marks = ["---"] + ["---:"] * (len(header) - 1)
    lines = [header, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def milliseconds(seconds):
    return significant(seconds * 1e3)


def significant(number):
    """Three significant digits, without exponent."""
    if number == 0:
        return "0"
    return f"{number:.{max(0, 2 - int(np.floor(np.log10(abs(number)))))}f}"


def mebibytes(count):
    return "not measured" if count is None else f"{count / 2**20:.1f}"


def machine_section(measured):
    rows = [[name, value] for name, value in measured["machine"].items()]
    rows += [
        ["threads", measured["threads"]],
        ["peak (float32 fused multiply-adds)", f"{measured['peak']:.0f} GFLOP/s"],
    ]
    rows += [
        [library, f"{facts['version']} on Python {facts['python']}"] for library, facts in measured["facts"].items()
    ]
    rows += [[library, f"not measured: {why}"] for library, why in measured["missing"].items()]
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "## Machine and versions\n\n" + "\n".join(lines)


def machine_rows(machine, facts):
    """The table of a machine and the libraries on it."""
    rows = [
        *machine.items(),
        *((name, f"{each['version']} on Python {each['python']}") for name, each in facts.items()),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def our_entries(results):
    return [name for library, name in results[0]["times"] if library == OURS]


def comparisons(measured):
    """Which peers each table of ratios is about, and their results: all of them, or those of a kind."""
    results = measured["results"]
    kinds = {
        "avx2": {
            "the best peer on AVX2": among(results, lambda library, name: library not in NOT_HELD),
            "the best peer, some on all vectors of the processor": results,
        },
        "precision": {
            "the best peer in float32": among(
                results, lambda library, name: library == OURS or precision_of(name) == "float32"
            ),
            "the best peer in bfloat16": among(results, lambda library, name: precision_of(name) == "bf16"),
        },
    }.get(measured["task"], {"the best peer": results})
    return [(peers, found) for peers, found in kinds.items() if libraries_of(found)]


def among(results, wanted):
    """The results with the times of the wanted (library, candidate) alone."""
    return [
        {**result, "times": {entry: times for entry, times in result["times"].items() if wanted(*entry)}}
        for result in results
    ]


def ratio_section(peers, results):
    ours, rows = our_entries(results), []
    for result in results:
        library, seconds = best_peer(result["times"])
        found = [ratio(result["times"], name) for name in ours]
        rows.append([result["workload"].name, library, milliseconds(seconds), *map(mark_loss, found)])
    for label, reduce in REDUCTIONS.items():
        for statistic in STATISTICS:
            reduced = [reduce(ratios(results, name, statistic)) for name in ours]
            rows.append([f"{label} of {STATISTICS[statistic]}", "", "", *map(mark_loss, reduced)])
    header = ["workload", "best peer", "its ms", *ours]
    return f"## How many times as fast as {peers}\n\nBest peer's time over ours, medians; a loss is bold.\n\n" + table(
        header, rows
    )


def mark_loss(value):
    return f"{value:.2f}" if value >= 1 else f"**{value:.2f}**"


def loss_section(compared):
    lost = [
        f"- {result['workload'].name}, {name}: {ratio(result['times'], name):.2f} of {best_peer(result['times'])[0]}"
        for results in compared
        for result in results
        for name in our_entries(results)
        if ratio(result["times"], name) < 1
    ]
    return "## Losses\n\n" + ("\n".join(dict.fromkeys(lost)) if lost else "None in this run.")


def libraries_of(results):
    return list(dict.fromkeys(library for library, _ in results[0]["times"] if library != OURS))


def peer_entry(times, library):
    return next((entry for (name, _), entry in times.items() if name == library), None)


def time_section(results, statistic):
    ours, peers = our_entries(results), libraries_of(results)
    rows = []
    for result in results:
        times = result["times"]
        entries = [times[OURS, name] for name in ours] + [peer_entry(times, library) for library in peers]
        rows.append([result["workload"].name, *(milliseconds(entry[statistic]) for entry in entries)])
    return f"## {STATISTICS[statistic].capitalize()} of the times per call, ms\n\n" + table(
        ["workload", *ours, *peers], rows
    )


def speed_section(measured):
    results, ours = measured["results"], our_entries(measured["results"])
    factor, formula = OPERATIONS[measured["task"]]
    rows = []
    for result in results:
        speeds = [factor * result["workload"].operations / result["times"][OURS, name]["median"] / 1e9 for name in ours]
        rows.append([result["workload"].name, *(f"{s:.0f} ({s / measured['peak']:.0%})" for s in speeds)])
    text = "## Useful GFLOP/s of ours, and the share of the measured peak\n\n"
    return text + formula + "\n\n" + table(["workload", *ours], rows)


def overhead_section(measured):
    found = [result for result in measured["results"] if result["workload"].name == OVERHEAD_WORKLOAD]
    if not found:
        return ""
    rows = [
        [library, name, significant(entry["median"] * 1e6), significant(entry["least"] * 1e6)]
        for (library, name), entry in found[0]["times"].items()
    ]
    header = ["library", "how", "median us", "least us"]
    return f"## Overhead of a call (`{OVERHEAD_WORKLOAD}`)\n\n" + table(header, rows)


FIRST_CALLS = "Ours loads code that an earlier process compiled and kept on disk."


def first_call_section(measured):
    steps = ("import_seconds", "build_seconds", "first_call_seconds")
    rows = [
        [library, name, *(f"{facts[step]:.2f}" for step in steps), f"{sum(facts[step] for step in steps):.2f}"]
        for (library, name), facts in measured.get("first_calls", {}).items()
    ]
    if not rows:
        return ""
    header = ["library", "how", "import s", "build s", "first call s", "together s"]
    text = f"## First call in a fresh process (`{measured['first_call_workload']}`)\n\n{FIRST_CALLS}\n\n"
    return text + table(header, rows)


def memory_section(measured):
    found = measured.get("memory", {})
    rows = [[name, *(mebibytes(count) for count in counts.values())] for name, counts in found.items()]
    if not rows:
        return ""
    header = ["workload", *next(iter(found.values()))]
    text = f"## {MEMORY_TITLES[measured['task']]}, MiB\n\nThe packed copy of the weights is part of it.\n\n"
    return text + table(header, rows)


def favourite_section(results):
    peers, precisions = libraries_of(results), list(dict.fromkeys(map(precision_of, our_entries(results))))
    rows = []
    for result in results:
        chosen = dict(entry for entry in result["times"] if entry[0] != OURS)
        errors = dict.fromkeys(precisions, 0.0)
        for (library, name), error in result["errors"].items():
            if library == OURS:
                errors[precision_of(name)] = max(errors[precision_of(name)], error)
        names = [result["workload"].name, *(chosen[library] for library in peers)]
        rows.append([*names, *(f"{error:.1e}" for error in errors.values())])
    header = ["workload", *peers, *(f"largest relative error of ours, {precision}" for precision in precisions)]
    return "## What each peer chose, and how exact we are\n\n" + table(header, rows)


def refusal_section(results):
    lines = [
        f"- {result['workload'].name}: {library}, {name}: {why.splitlines()[0]}"
        for result in results
        for (library, name), why in result["refusals"].items()
    ]
    return "## What a peer refused\n\n" + "\n".join(lines) if lines else ""


def workload_section(results):
    fields = ("batch", "length", "channels", "kernel_size", "strides", "dilation_rate", "depth_multiplier", "filters")
    rows = [
        [result["workload"].name, *(getattr(result["workload"], field) for field in (*fields, "padding", "model"))]
        for result in results
    ]
    return "## Workloads\n\n" + table(["workload", *fields, "padding", "model"], rows)
