"""`python -m benchmarks.gpu`: measure on a GPU, and write docs/cuda-benchmarks.md. Without a GPU it fails."""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.gpu_peers import CUBLAS, LAYOUTS, ONE_TF32, OURS, OURS_TOO, libraries
from benchmarks.processes import ROOT
from benchmarks.report import significant, table
from benchmarks.statistics import geometric_mean
from benchmarks.workloads import load_workloads, make_arrays, relative_error

PAGE = ROOT / "docs" / "cuda-benchmarks.md"
TRAFFIC_BYTES = 2**29  # inputs and outputs of a call: ten times the caches of the largest GPUs
WARM_CALLS, TIMED_CALLS, HOST_CALLS = 5, 30, 300
LARGEST_ERROR, LARGEST_ERROR_IN_TF32 = 1e-5, 2e-3


def require_gpu():
    """PyTorch, whose events take the times and whose tensors hold the data; SystemExit where it finds no GPU."""
    try:
        import torch
    except ImportError:
        sys.exit("The benchmarks on a GPU need PyTorch: pip install 'nb_sepconv[benchgpu,cuda13]'")
    if not torch.cuda.is_available():
        sys.exit("The benchmarks on a GPU need a GPU, and PyTorch finds none")
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # as exact as ours
    return torch


def scaled(workload, traffic_bytes=TRAFFIC_BYTES):
    """The workload with as many examples as move so many bytes."""
    each = 4 * (workload.length * workload.channels + workload.output_length * workload.filters)
    return replace(workload, batch=max(workload.batch, -(-traffic_bytes // each)))


def traffic(workload, what):
    """The bytes that a call cannot but move."""
    columns = workload.channels * workload.depth_multiplier if what == "depthwise" else workload.filters
    return 4 * workload.batch * (workload.length * workload.channels + workload.output_length * columns)


def seconds_on_gpu(torch, call):
    """The median time of a call by the GPU's events."""
    for _ in range(WARM_CALLS):
        call()
    pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(TIMED_CALLS)]
    for start, stop in pairs:
        start.record()
        call()
        stop.record()
    torch.cuda.synchronize()
    return statistics.median(start.elapsed_time(stop) for start, stop in pairs) / 1e3


def seconds_on_host(torch, call):
    """The median time until a warmed call returns."""
    for _ in range(WARM_CALLS):
        call()
    torch.cuda.synchronize()
    samples = []
    for _ in range(HOST_CALLS):
        started = time.perf_counter()
        call()
        samples.append(time.perf_counter() - started)
    torch.cuda.synchronize()
    return statistics.median(samples)


def copied_bytes_per_second(torch):
    """The speed of a copy inside of the GPU's memory, its reads and its writes counted."""
    source = torch.empty(TRAFFIC_BYTES // 4, dtype=torch.float32, device="cuda").normal_()
    target = torch.empty_like(source)
    return 2 * TRAFFIC_BYTES / seconds_on_gpu(torch, lambda: target.copy_(source))


def measure_workload(torch, workload):
    """Seconds by (library, layout, what), and what could not be measured."""
    arrays, times, refused = make_arrays(scaled(workload)), {}, {}
    expected = arrays.pop("expected")[:1]
    for library, calls in libraries().items():
        try:
            for layout, by_name in calls(scaled(workload), arrays):
                check(library, layout, by_name["forward"](), expected)
                for what, call in by_name.items():
                    times[library, layout, what] = seconds_on_gpu(torch, call)
        except Exception as error:  # each peer refuses in its own words, and the page shows them; ours may not
            if library in (OURS, *OURS_TOO):
                raise
            refused[library] = f"{type(error).__name__}: {error}".splitlines()[0]
    return times, refused


def check(library, layout, outputs, expected):
    """Refuse to time what computes something else."""
    first = outputs[:1]
    first = first.cpu().numpy() if hasattr(first, "cpu") else first.__array__()
    error = relative_error(first if layout == "channels_last" else first.transpose(0, 2, 1), expected)
    if not error <= (LARGEST_ERROR_IN_TF32 if library == ONE_TF32 else LARGEST_ERROR):
        raise ArithmeticError(f"{library}, {layout}: a relative error of {error:.1e}")


def best(times, what, ours):
    """The least time of this library, or of all others; None where none was measured."""
    wanted = {OURS} if ours else {name for name, *_ in times} - {OURS, *OURS_TOO}
    return least(times, what, wanted)


def least(times, what, names, layouts=LAYOUTS):
    """The least time of libraries with these names; None where none was measured."""
    found = [times[key] for key in times if key[0] in names and key[1] in layouts and key[2] == what]
    return min(found, default=None)


def other_ways(results):
    """A row for each workload: the forward call in channels_last, and what it takes in other ways of ours."""
    for workload, times, _ in results:
        found = (least(times, "forward", {name}, LAYOUTS[:1]) for name in (OURS, *OURS_TOO))
        columns = ("" if seconds is None else significant(seconds * 1e3) for seconds in found)
        yield [workload.name, f"{workload.channels * workload.depth_multiplier}", f"{workload.filters}", *columns]


def filters_for_cublas(results):
    """The fewest filters from which on cuBLAS was the faster in every workload, or None."""
    gains = {}
    for workload, times, _ in results:
        mine, cublas = (least(times, "forward", {name}, LAYOUTS[:1]) for name in (OURS, CUBLAS))
        if mine is not None and cublas is not None:
            gains[workload.filters] = gains.get(workload.filters, True) and cublas < mine
    chosen = None
    for filters in sorted(gains, reverse=True):
        if not gains[filters]:
            break
        chosen = filters
    return chosen


def render(measured):
    """The page from what :func:`measure` returned."""
    bandwidth, rows, ratios = measured["bandwidth"], [], {"forward": [], "backward": []}
    for workload, times, refused in measured["results"]:
        for what in ("depthwise", "forward", "backward"):
            mine, other = best(times, what, True), best(times, what, False)
            share = "" if what == "backward" else f"{traffic(workload, what) / mine / bandwidth:.0%}"
            if other is not None:
                ratios[what].append(other / mine)
            compared = "" if other is None else f"{other / mine:.2f}"
            rows.append([f"{workload.name}, {what}", significant(mine * 1e3), share, compared, "; ".join(refused)])
    means = [f"{what}: {geometric_mean(each):.2f}" for what, each in ratios.items() if each]
    heads = ["workload", "ours, ms", "of the copy's speed", "best peer / ours", "not measured"]
    ways = ["workload", "channels into the product", "filters", "float32, ms", "tf32x3", "tf32", "cuBLAS, float32"]
    filters = filters_for_cublas(measured["results"])
    advice = "by no number of filters" if filters is None else f"from {filters} filters on"
    return f"""# Benchmarks on a GPU

Written by `make bench-gpu` on {measured["date"]}; do not edit by hand.

{measured["gpu"]}; {measured["versions"]}. A copy inside of its memory moves {bandwidth / 1e12:.2f} TB/s. Medians of
{TIMED_CALLS} calls by CUDA events, float32 without TF32, with as many examples as fill the memory beyond all caches;
"of the copy's speed" counts inputs and outputs alone. A warmed call with `out=` returns after
{measured["host"] * 1e6:.1f} microseconds.

Geometric mean of best peer / ours: {", ".join(means) or "no peer was measured"}.

{table(heads, rows)}

## Other ways to compute the same

The forward call in channels_last; "tf32" is less exact than float32, "tf32x3" is not. cuBLAS was the faster {advice},
which `NB_SEPCONV_CUBLAS_FILTERS` should say.

{table(ways, list(other_ways(measured["results"])))}
"""


def measure(torch, names):
    """Everything that the page says."""
    results = []
    for workload in load_workloads(names):
        times, refused = measure_workload(torch, workload)
        results.append((scaled(workload), times, refused))
        print(f"{workload.name}: {times}", file=sys.stderr, flush=True)
    tiny = load_workloads(["tiny"])[0]
    call = dict(libraries()[OURS](tiny, make_arrays(tiny)))["channels_last"]["forward"]
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "gpu": torch.cuda.get_device_name(),
        "versions": f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}",
        "bandwidth": copied_bytes_per_second(torch),
        "host": seconds_on_host(torch, call),
        "results": results,
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="WORKLOAD", help="time this one; repeatable")
    parser.add_argument("--output", type=Path, default=PAGE, help="where to write")
    options = parser.parse_args(arguments)
    options.output.write_text(render(measure(require_gpu(), options.only)), encoding="utf-8")
    print(f"wrote {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
