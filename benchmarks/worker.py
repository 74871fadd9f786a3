"""One library in a process of its own: `python -m benchmarks.worker LIBRARY THREADS TASK` answers JSON lines.

Each line on stdin is `{"do": name, ...arguments}`; each answer is one line, `{"answer": ...}` or `{"error": message}`.
"""

import gc
import json
import os
import sys
import time

import numpy as np

from benchmarks import memory
from benchmarks.peers import NotApplicableError, peer_module
from benchmarks.workloads import Workload, largest_error

ESTIMATE_SECONDS = 0.2
SHORTEST_SAMPLE_SECONDS = 2e-4


class Worker:
    def __init__(self, library, threads, task):
        started = time.perf_counter()
        self.peer = peer_module(library, task)
        self.threads = threads
        self.peer.use_threads(threads)
        self.import_seconds = time.perf_counter() - started
        self.prepared = {}

    def hello(self):
        return {
            "version": self.peer.version(),
            "python": sys.version.partition(" ")[0],
            "import_seconds": self.import_seconds,
            "candidates": list(self.peer.CANDIDATES),
        }

    def load(self, path, workload):
        """Take the numbers of a workload and forget the one before."""
        self.prepared.clear()
        with np.load(path) as numbers:
            self.workload, self.arrays = Workload(**workload), dict(numbers)
        self.expected = [self.arrays.pop(name) for name in list(self.arrays) if name.startswith("expected")]

    def prepare(self, candidate):
        """Build, compute twice, and compare: seconds and error, or why the library refuses."""
        started = time.perf_counter()
        try:
            prepared = self.peer.CANDIDATES[candidate](self.workload, self.arrays)
            built = time.perf_counter()
            result = prepared.call()
            called = time.perf_counter()
        except NotApplicableError:
            return {}
        except Exception as error:  # each library refuses in its own words; whether it may is for the caller to say
            return {"refused": f"{type(error).__name__}: {error}"[:300]}
        self.prepared[candidate] = prepared
        return {
            "build_seconds": built - started,
            "first_call_seconds": called - built,
            "error": largest_error(prepared.fetch(result), self.expected),
        }

    def estimate(self, candidate):
        return min(self.time(candidate, ESTIMATE_SECONDS))

    def keep(self, candidates):
        self.prepared = {name: prepared for name, prepared in self.prepared.items() if name in candidates}
        gc.collect()

    def time(self, candidate, seconds):
        """Seconds per call, a sample at a time, until the seconds are over."""
        call = self.prepared[candidate].call
        call()
        calls, samples, stop = calls_per_sample(call), [], time.perf_counter() + seconds
        while not samples or time.perf_counter() < stop:
            samples.append(seconds_of(call, calls) / calls)
        return samples

    def time_calls(self, candidate, seconds):
        """Seconds of every single call, until the seconds are over; a first one is not counted."""
        call = self.prepared[candidate].call
        call()
        samples, stop = [], time.perf_counter() + seconds
        while not samples or time.perf_counter() < stop:
            samples.append(seconds_of(call, 1))
        return samples

    def memory(self, candidate):
        """Bytes above what comes in and out that a new computation needs, its code being compiled."""
        build = self.peer.CANDIDATES[candidate]
        build(self.workload, self.arrays).call()
        fresh = build(self.workload, self.arrays)
        return memory.peak_of(fresh.call) - sum(4 * each.size for each in self.expected)

    def peak(self):
        from benchmarks.peak import peak_gflops

        return peak_gflops(self.threads)


def seconds_of(call, calls):
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - started


def calls_per_sample(call):
    """So many that reading the clock costs nothing beside them."""
    calls = 1
    while seconds_of(call, calls) < SHORTEST_SAMPLE_SECONDS:
        calls *= 2
    return calls


def answer(worker, request):
    """The answer to a request, as a JSON-able dictionary."""
    action = getattr(worker, request.pop("do"))
    try:
        return {"answer": action(**request)}
    except Exception as error:  # it goes to the process that asked, which raises it
        return {"error": f"{type(error).__name__}: {error}"}


def serve(make):
    """Answer by the worker that ``make()`` gives until stdin ends; whatever the library prints goes to stderr."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        worker = make()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), file=replies)
        return
    print(json.dumps({"answer": worker.hello()}), file=replies)
    for line in sys.stdin:
        print(json.dumps(answer(worker, json.loads(line))), file=replies)


if __name__ == "__main__":
    serve(lambda: Worker(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
