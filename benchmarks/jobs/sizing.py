"""`python -m benchmarks.jobs.sizing`: what a step of a model costs, for the table in docs/how-to/batch.md."""

import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

import nb_sepconv as tf
from benchmarks.jobs import Workload, make_layers
from benchmarks.jobs.with_nb_sepconv import stack_of
from benchmarks.machine import processor_name
from benchmarks.report import significant, table

START, END = "<!-- figures: python -m benchmarks.jobs.sizing docs/how-to/batch.md -->", "<!-- end of figures -->"
STEPS, TURNS = 20_000, 5
MODELS = [
    Workload("two layers, 3 → 16 → 4 channels, 9 taps", [(9, 3, 16), (9, 16, 4)], STEPS),
    Workload("three layers of 64 channels, 13 taps", [(13, 64, 64)] * 3, STEPS),
    Workload("three layers, 64 → 128 → 256 → 64, 33 to 51 taps", [(33, 64, 128), (39, 128, 256), (51, 256, 64)], STEPS),
    Workload("five layers of 512 channels, 63 taps", [(63, 512, 512)] * 5, STEPS),
]


def steps_per_second(model):
    """Of a stack in memory, on one core."""
    stack = stack_of(make_layers(model))
    series = np.random.default_rng(0).standard_normal((1, model.steps, model.layers[0][1]), np.float32)
    seconds = []
    with tf.num_threads(1):
        stack(series)
        for _ in range(TURNS):
            started = time.perf_counter()
            stack(series)
            seconds.append(time.perf_counter() - started)
    return model.steps / median(seconds)


def rows():
    for model in MODELS:
        rate = steps_per_second(model)
        yield [
            model.name,
            model.bytes_per_step,
            significant(model.operations_per_step / 1e3),
            significant(rate / 1e3),
            significant(rate * model.bytes_per_step / 1e6),
        ]


def main():
    header = ["model, float32", "bytes a step", "thousand operations a step", "thousand steps/s a core", "MB/s a core"]
    made = f"{table(header, rows())}\n\nMeasured on: {processor_name()}.\n"
    if len(sys.argv) == 1:
        print(made)
        return
    page = Path(sys.argv[1])
    before, _, rest = page.read_text().partition(START + "\n")
    page.write_text(f"{before}{START}\n{made}{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
