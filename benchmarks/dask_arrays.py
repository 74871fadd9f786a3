"""`python -m benchmarks.dask_arrays`: what a lazy output costs to build, and what a second worker of a cluster gives.

The cluster's ratio is that of one worker's time to two workers' (one thread each, warm, the data where they are
convolved), beside the ratio of one thread to two in this process in the same turns.
"""

import argparse
import statistics
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import nb_sepconv as tf

CHANNELS, TAPS, STEPS = 512, 9, 4_000


def building(chunks):
    """Microseconds of building the graph for each output chunk."""
    inputs = da.ones((1, chunks * 100, 8), np.float32, chunks=(1, 100, 8))
    layer = tf.layers.SeparableConv1D(8, TAPS, padding="same")
    layer(inputs)
    started = time.perf_counter()
    layer(inputs)
    return (time.perf_counter() - started) / chunks * 1e6


class Workers:
    """A cluster of so many workers that hold a series of so many chunks."""

    def __init__(self, count, chunks):
        self.cluster = LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
        )
        self.client = Client(self.cluster, set_as_default=False)
        rng = da.random.default_rng(0)
        shape = 1, chunks * STEPS, CHANNELS
        self.inputs = self._computed(rng.random(shape, np.float32, chunks=(1, STEPS, CHANNELS)))
        self.client.rebalance()

    def _computed(self, array):
        array = self.client.persist(array)
        with self.client.as_current():
            wait(array)
        return array

    def seconds(self, layer):
        """Of convolving all chunks, whose outputs stay on the workers."""
        outputs = layer(self.inputs)
        started = time.perf_counter()
        outputs = self._computed(outputs)
        spent = time.perf_counter() - started
        del outputs
        time.sleep(0.15)  # until the workers have let go of them
        return spent

    def close(self):
        self.client.close()
        self.cluster.close()


def in_threads(layer, inputs, count):
    """Seconds of ten calls in this process."""
    with tf.num_threads(count):
        started = time.perf_counter()
        for _ in range(10):
            layer(inputs)
        return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dask_arrays", description=__doc__)
    parser.add_argument("--chunks", type=int, default=40, help="of the cluster's series (default 40)")
    parser.add_argument(
        "--rounds", type=int, default=11, help="turns (default 11), the first two of which do not count"
    )
    options = parser.parse_args()
    print("graph building, us for each output chunk:", [round(building(count), 1) for count in (100, 1_000, 10_000)])
    layer = tf.layers.SeparableConv1D(CHANNELS, TAPS, padding="same", activation="relu")
    inputs = np.random.default_rng(0).random((1, STEPS, CHANNELS), np.float32)
    layer(inputs)
    workers = {count: Workers(count, options.chunks) for count in (1, 2)}
    ratios = {"workers": [], "threads": []}
    for _ in range(options.rounds):
        seconds = [workers[count].seconds(layer) for count in (1, 2)]
        threads = [in_threads(layer, inputs, count) for count in (1, 2)]
        for name, (one, two) in (("workers", seconds), ("threads", threads)):
            ratios[name].append(one / two)
    for name, found in ratios.items():
        counted = sorted(found[2:])
        print(
            f"two {name} against one: median {statistics.median(counted):.2f}, {[round(each, 2) for each in counted]}"
        )
    for each in workers.values():
        each.close()


if __name__ == "__main__":
    main()
