"""`python -m benchmarks.dask_arrays`: what a lazy output costs to build, and what a second worker of a cluster gives.

The cluster's ratio is that of one worker's time to two workers' (one thread each, warm, the data where they are
convolved). Beside it, in the same turns, stand the ratio of one thread to two in this process, and what the machine
gives at most: the same calls on arrays in memory by one worker, and by both at the same time. The layers are those of
the compute-bound job of ``python -m benchmarks.jobs``. Chunks have 49 MB, about what Dask advises; with
``--steps 16000``, 4 MB, a task is as short as what Dask does around it.
"""

import argparse
import statistics
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import nb_sepconv as tf
from benchmarks.jobs import WORKLOADS, make_layers
from benchmarks.jobs.with_nb_sepconv import stack_of

CALLED_STEPS = 384_000  # in memory, by some calls
CHANNELS = WORKLOADS[0].layers[0][1]
UNCOUNTED = 2


def building(chunks):
    """Microseconds of building the graph for each output chunk."""
    inputs = da.ones((1, chunks * 100, 8), np.float32, chunks=(1, 100, 8))
    layer = tf.layers.SeparableConv1D(8, 9, padding="same")
    layer(inputs)
    started = time.perf_counter()
    layer(inputs)
    return (time.perf_counter() - started) / chunks * 1e6


class Workers:
    """A cluster of so many workers that hold a series of so many chunks."""

    def __init__(self, count, chunks, steps):
        self.cluster = LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
        )
        self.client = Client(self.cluster, set_as_default=False)
        rng = da.random.default_rng(0)
        self.steps = steps
        shape = 1, chunks * steps, CHANNELS
        self.inputs = self._computed(rng.random(shape, np.float32, chunks=(1, steps, CHANNELS)))
        self.client.rebalance()
        self.names = sorted(self.client.scheduler_info()["workers"])

    def _computed(self, array):
        array = self.client.persist(array)
        with self.client.as_current():
            wait(array)
        return array

    def seconds(self, model):
        """Of convolving all chunks, whose outputs stay on the workers."""
        outputs = model(self.inputs)
        started = time.perf_counter()
        outputs = self._computed(outputs)
        spent = time.perf_counter() - started
        del outputs
        time.sleep(0.15)  # until the workers have let go of them
        return spent

    def seconds_of_calls(self, model, count):
        """Of calls in memory by so many of the workers at the same time: the longest."""
        each = [
            self.client.submit(calls, model, 1, self.steps, workers=[name], pure=False) for name in self.names[:count]
        ]
        return max(self.client.gather(each))

    def close(self):
        self.client.close()
        self.cluster.close()


def calls(model, threads, steps):
    """Seconds of some calls in this process."""
    inputs = np.random.default_rng(0).random((1, steps, CHANNELS), np.float32)
    with tf.num_threads(threads):
        started = time.perf_counter()
        for _ in range(max(1, CALLED_STEPS // steps)):
            model(inputs)
        return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dask_arrays", description=__doc__)
    parser.add_argument("--chunks", type=int, default=16, help="of the cluster's series (default 16)")
    parser.add_argument("--steps", type=int, default=192_000, help="of a chunk (default 192000)")
    parser.add_argument(
        "--rounds", type=int, default=7, help=f"turns (default 7), the first {UNCOUNTED} of which do not count"
    )
    options = parser.parse_args()
    print("graph building, us for each output chunk:", [round(building(count), 1) for count in (100, 1_000, 10_000)])
    model = stack_of(make_layers(WORKLOADS[0]))
    workers = {count: Workers(count, options.chunks, options.steps) for count in (1, 2)}
    ratios = {"two workers against one": [], "two threads against one": [], "calls by both workers against one": []}
    for _ in range(options.rounds):
        one, two = (workers[count].seconds(model) for count in (1, 2))
        thread, threads = (calls(model, count, options.steps) for count in (1, 2))
        alone, both = (workers[2].seconds_of_calls(model, count) for count in (1, 2))
        for found, ratio in zip(ratios.values(), (one / two, thread / threads, 2 * alone / both), strict=True):
            found.append(ratio)
    for name, found in ratios.items():
        counted = sorted(found[UNCOUNTED:])
        print(f"{name}: median {statistics.median(counted):.2f}, {[round(each, 2) for each in counted]}")
    for each in workers.values():
        each.close()


if __name__ == "__main__":
    main()
