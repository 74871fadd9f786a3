"""A job that is killed 25 times, in processes that are forked from this one; run as a script with a folder.

With a second argument its outputs count as large ones, which are written past the system's memory.

It prints how many kills found the job unfinished, and whether the last run's file has the bytes of an undisturbed one.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

import nb_sepconv as tf
from nb_sepconv import batch
from nb_sepconv.batch.destinations import file_destination
from nb_sepconv.files import direct

KILLS = 25


def slowly(progress):
    time.sleep(0.004)


def run(stack, folder, name, progress=False):
    return batch.apply(stack, str(folder / "x.npy"), str(folder / name), chunk=500, progress=progress)


def killed(stack, folder, seconds):
    child = os.fork()
    if not child:
        try:
            run(stack, folder, "y.npy", progress=slowly)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(folder):
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.standard_normal((2, 60_000, 3)).astype(np.float32))
    stack = tf.Stack(
        tf.layers.SeparableConv1D(8, 5, padding="same", activation="relu"),
        tf.layers.SeparableConv1D(4, 9, strides=2, padding="same"),
    )
    stack(np.zeros((1, 64, 3), np.float32))
    run(stack, folder, "undisturbed.npy")
    random.seed(0)
    unfinished = 0
    for _ in range(KILLS):
        killed(stack, folder, random.uniform(0.02, 0.1))
        unfinished += not (folder / "y.npy").exists()
    before = batch.status(folder / "y.npy")
    report = run(stack, folder, "y.npy")
    same = (folder / "y.npy").read_bytes() == (folder / "undisturbed.npy").read_bytes()
    right = np.array_equal(np.load(folder / "y.npy"), stack(np.load(folder / "x.npy")))
    print(unfinished, before.state, before.chunks + report.chunks >= report.chunks_before, report.finished, same, right)
    print(before, report, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[2:]:
        file_destination.LARGE_BYTES = 1
        direct.LEAST_BYTES = direct.BLOCK_BYTES
    main(Path(sys.argv[1]))
