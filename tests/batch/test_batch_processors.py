"""Shards of one job on processors of different kinds, which Numba's code generator plays."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT = 600
SHARDS = """
import sys
import numpy as np
import nb_sepconv as tf
from nb_sepconv import batch

folder, part, count = sys.argv[1:]

def model(channels, multiplier, kernel, filters, **settings):
    random = np.random.default_rng([channels, multiplier, kernel, filters])
    layer = tf.layers.SeparableConv1D(filters, kernel, depth_multiplier=multiplier, padding="same", **settings)
    first = settings.get("data_format") == "channels_first"
    layer.build((None, channels, None) if first else (None, None, channels))
    layer.set_weights([random.standard_normal(each.shape, np.float32) for each in layer.get_weights()])
    return layer

CASES = [
    (channels, multiplier, kernel, filters, {})
    for channels, filters in ((1, 3), (3, 40), (8, 300), (20, 5), (70, 33))
    for multiplier in (1, 2, 3, 4)
    for kernel in (4, 5)
]
CASES += [
    (21, 2, 5, 40, settings)
    for settings in (
        {"strides": 2}, {"dilation_rate": 3}, {"activation": "tanh"}, {"activation": "sigmoid"},
        {"activation": tf.nn.gelu}, {"data_format": "channels_first"},
    )
]

for number, (channels, multiplier, kernel, filters, settings) in enumerate(CASES[: int(count)]):
    layer = model(channels, multiplier, kernel, filters, **settings)
    first = settings.get("data_format") == "channels_first"
    x = np.random.default_rng(number).standard_normal((1, channels, 203) if first else (1, 203, channels))
    source = f"{folder}/x{number}.npy"
    if part == "1/2":
        np.save(source, x.astype(np.float32))
        batch.apply(layer, source, f"{folder}/whole{number}.npy", chunk=70, progress=False, check=False)
    batch.apply(layer, source, f"{folder}/y{number}.npy", chunk=70, progress=False, check=False, shard=part)
print(len(CASES))
"""

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are processors of the x86 family"
)


def run_as(processor, folder, part, count=100):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NB_SEPCONV_ENGINE": "fma"}
    if processor is not None:
        environment |= {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-c", SHARDS, str(folder), part, str(count)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)


def test_shards_of_all_processors_with_fused_multiply_adds_make_one_output(tmp_path):
    for processor, part in ((None, "1/2"), ("haswell", "2/2")):
        done = run_as(processor, tmp_path, part)
        assert done.returncode == 0, done.stderr[-4000:]
    for number in range(int(done.stdout)):
        whole = (tmp_path / f"whole{number}.npy").read_bytes()
        assert (tmp_path / f"y{number}.npy").read_bytes() == whole, number


def test_a_processor_without_fused_multiply_adds_is_refused(tmp_path):
    assert run_as(None, tmp_path, "1/2", count=1).returncode == 0
    refused = run_as("nehalem", tmp_path, "2/2", count=1)
    assert refused.returncode == 1
    assert "computed by multiply-adds was 'fused', is 'rounded twice'" in refused.stderr
