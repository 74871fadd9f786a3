"""`python -m benchmarks`: measure, and write docs/benchmarks.md."""

import argparse
import os
import shlex
import sys
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.machine import available_cores, describe_machine
from benchmarks.peers import IN_BFLOAT16, LIBRARIES, MODULES, OURS, TASKS
from benchmarks.processes import ROOT
from benchmarks.random_workloads import random_workloads
from benchmarks.report import OUR_CANDIDATES, join, render, split
from benchmarks.statistics import best_peer, ratio
from benchmarks.turns import first_calls, measure_memory, measure_workload, workers
from benchmarks.workloads import QUICK, load_workloads, of_names

PAGE = ROOT / "docs" / "benchmarks.md"
FIRST_CALL_WORKLOAD = "quartznet_b1"


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORKLOAD", help="time this workload; repeatable"
    )
    parser.add_argument(
        "--random", nargs=2, type=int, metavar=("SEED", "COUNT"), help="time so many layers drawn by the seed instead"
    )
    parser.add_argument(
        "--quick", action="store_true", help="two small workloads and short turns, to see that it works"
    )
    parser.add_argument(
        "--task", action="append", choices=TASKS, help="measure this alone and keep the rest of the page; repeatable"
    )
    parser.add_argument("--rounds", type=int, help="turns per library (default 7)")
    parser.add_argument("--seconds", type=float, help="length of a turn (default 0.3)")
    parser.add_argument(
        "--threads", type=int, default=available_cores(), help="threads per library (default all cores)"
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="LIBRARY=PATH",
        help="the interpreter that has the library (default this one, or BENCHMARKS_PYTHON_<LIBRARY>); repeatable",
    )
    parser.add_argument(
        "--library", action="append", metavar="NAME", help=f"time these alone, of {', '.join(LIBRARIES)}"
    )
    parser.add_argument("--torch-compile", action="store_true", help="let PyTorch try torch.compile as well")
    parser.add_argument("--output", type=Path, help="where to write (default docs/benchmarks.md for a full run)")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 7)
    options.seconds = options.seconds or (0.02 if options.quick else 0.3)
    options.libraries = chosen_libraries(parser, options.library)
    options.task = [task for task in options.task or TASKS if len(taking_part(task, options.libraries)) > 1]
    if not options.task:
        parser.error("none of these libraries takes part in any of these tasks")
    return options


def chosen_libraries(parser, names):
    wanted = {plain(name) for name in names or LIBRARIES}
    unknown = wanted - {plain(library) for library in LIBRARIES}
    if unknown:
        parser.error(f"unknown libraries {sorted(unknown)}; there are {', '.join(LIBRARIES)}")
    return [library for library in LIBRARIES if plain(library) in wanted | {OURS}]


def taking_part(task, libraries):
    """Which libraries of a task are among the chosen ones, in whatever mode."""
    return [library for library in MODULES[task] if library.removesuffix(IN_BFLOAT16) in libraries]


def plain(library):
    return library.lower().replace(" ", "")


def interpreters(given):
    """Arguments of a `WorkerProcess` by library, from the command line, then from the environment."""
    pairs = dict(pair.split("=", 1) for pair in given)
    named = {plain(library): path for library, path in pairs.items()}
    found = {}
    for library in LIBRARIES:
        path = named.get(plain(library)) or os.environ.get(f"BENCHMARKS_PYTHON_{plain(library).upper()}")
        if path:
            found[library] = found[library + IN_BFLOAT16] = {"python": path}
    return found


def chosen_workloads(options):
    if options.random:
        return of_names(random_workloads(*options.random), options.only)
    return load_workloads(options.only or (QUICK if options.quick else ()))


def measure(task, options):
    pythons = interpreters(options.python)
    workloads = chosen_workloads(options)
    machine = describe_machine()
    with workers(taking_part(task, options.libraries), options.threads, pythons, task) as (started, missing):
        say_missing(missing)
        peaks = [started[OURS].ask("peak")]
        results = []
        for workload in workloads:
            results.append(measure_workload(workload, started, options.rounds, options.seconds, task))
            say_result(results[-1])
        peaks.append(started[OURS].ask("peak"))
        facts = {library: worker.facts for library, worker in started.items()}
    return {
        "task": task,
        "command": shlex.join(["python", "-m", "benchmarks", *portable(sys.argv[1:])]),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "threads": options.threads,
        "machine": machine,
        "peak": max(peaks),
        "facts": facts,
        "missing": missing,
        "results": results,
        **(
            {}
            if options.random or task in ("avx2", "precision")
            else measure_processes(task, options.threads, pythons, results)
        ),
    }


def measure_processes(task, threads, pythons, results):
    """What is measured of processes of their own: their first call, and the memory they take."""
    workloads = [result["workload"] for result in results]
    first = next((result for result in results if result["workload"].name == FIRST_CALL_WORKLOAD), results[0])
    return {
        "first_call_workload": first["workload"].name,
        "first_calls": first_calls(first["workload"], list(first["times"]), threads, pythons, task),
        "memory": measure_memory(workloads, OUR_CANDIDATES, threads, pythons, task),
    }


def portable(arguments):
    """The arguments without the places of this machine's interpreters."""
    skipped = {index + 1 for index, argument in enumerate(arguments) if argument == "--python"}
    return [
        argument
        for index, argument in enumerate(arguments)
        if index not in skipped and not argument.startswith("--python")
    ]


def say(line):
    print(line, file=sys.stderr, flush=True)


def say_missing(missing):
    for library, why in missing.items():
        say(f"{library} is not measured: {why}")


def say_result(result):
    library, seconds = best_peer(result["times"])
    ours = ", ".join(f"{name} {ratio(result['times'], name):.2f}x" for (who, name) in result["times"] if who == OURS)
    say(f"{result['workload'].name}: best peer {library} {seconds * 1e3:.3f} ms; {ours}")


def main(arguments=None):
    options = parse(arguments)
    if options.torch_compile:
        os.environ["BENCHMARKS_TORCH_COMPILE"] = "1"
    parts = {task: render(measure(task, options)) for task in options.task}
    complete = not (options.only or options.random or options.quick or options.library)
    output = options.output or (PAGE if complete else None)
    if output:
        kept = split(output.read_text()) if output.exists() else {}
        output.write_text(join({**kept, **parts}))
        say(f"wrote {output}")
    else:
        print(join(parts))


if __name__ == "__main__":
    main()
