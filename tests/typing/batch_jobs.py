"""Batch jobs over arrays and files."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import nb_sepconv as tf

layer = tf.layers.SeparableConv1D(4, 5, padding="same")
series = np.random.default_rng(0).standard_normal((1, 1000, 3), dtype=np.float32)
outputs = layer(series)


def told(progress: tf.batch.Progress) -> None:
    print(progress.chunks, progress.all_chunks, progress.samples_per_second, progress.seconds_left)


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "outputs.npy"
    planned: tf.batch.Plan = tf.batch.plan(layer, series, path, chunk=100)
    print(planned.chunks, planned.halo, planned.extra_work, [file.name for file in planned.files])
    report: tf.batch.Report = tf.batch.apply(layer, series, path, chunk=100, progress=told)
    print(report.finished, report.files, report.skipped, report.seconds)
    found: tf.batch.Status = tf.batch.status(path)
    print(found.state, found.chunks, found.all_chunks)
    with ThreadPoolExecutor(2) as executor:
        tf.batch.apply([layer, tf.nn.relu], [series, series], folder, memory_limit="100MB", executor=executor)
    try:
        tf.batch.apply(layer, Path(folder) / "missing.npy", path, overwrite=True, channels=[0, 1, 2], progress=False)
    except (tf.batch.SourceError, FileNotFoundError) as error:
        print(error)
