"""One library in a process of its own: `python -m benchmarks.jobs.worker LIBRARY THREADS` answers JSON lines."""

import json
import os
import sys
import time
from importlib import import_module

from benchmarks.jobs import MODULES, Workload, make_layers


class Worker:
    def __init__(self, library, threads):
        self.peer = import_module(f"benchmarks.jobs.{MODULES[library]}")
        self.peer.use_threads(threads)

    def hello(self):
        return {"version": self.peer.version(), "python": sys.version.partition(" ")[0]}

    def prepare(self, workload):
        self.run = self.peer.job(make_layers(Workload(*workload)))

    def time(self, source, destination):
        """The seconds of a job, from nothing to outputs that are on the disk."""
        if os.path.exists(destination):
            os.remove(destination)
        started = time.perf_counter()
        self.run(source, destination)
        return time.perf_counter() - started


def answer(worker, request):
    action = getattr(worker, request.pop("do"))
    try:
        return {"answer": action(**request)}
    except Exception as error:  # it goes to the process that asked, which raises it
        return {"error": f"{type(error).__name__}: {error}"}


def serve(library, threads):
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        worker = Worker(library, threads)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), file=replies)
        return
    print(json.dumps({"answer": worker.hello()}), file=replies)
    for line in sys.stdin:
        print(json.dumps(answer(worker, json.loads(line))), file=replies)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
